package plan

import (
	"slices"
	"sync"

	"lifeboat/runbooks"
)

// rehearsals names the labs that rehearse each resource: those that make one of its calls. A resource without one says
// so. Nothing here knows a lab by its id.
func rehearsals(drafts []*draft) []Lab {
	out := []Lab{}
	known := labs()
	for _, d := range drafts {
		found := false
		for _, book := range known {
			op := rehearses(book, d.resource.Ops)
			if op == "" {
				continue
			}
			found = true
			out = append(out, Lab{ID: book.ID, Resource: d.resource.ID, Title: book.Title,
				Why:     "it brings " + d.resource.Name + " back from a recovery point and proves the data (one of its calls is " + op + ")",
				Command: "lifeboat lab run " + book.ID})
		}
		if !found {
			out = append(out, Lab{Resource: d.resource.ID, Title: d.resource.Lab,
				Why: "there is no lab for " + d.resource.Name + " in this version yet; rehearse the restore by hand, and write the time down"})
		}
	}
	return out
}

// labs are all labs of the program, opened once. One that is wrong cannot be run, so no plan names it; a test of the
// format opens them all.
var labs = sync.OnceValue(func() []*runbooks.Runbook {
	var out []*runbooks.Runbook
	for _, l := range runbooks.Labs() {
		if book, err := runbooks.Open(l.ID); err == nil {
			out = append(out, book)
		}
	}
	return out
})

// rehearses gives the first of the operations that a step of the lab calls, "" when none does.
func rehearses(book *runbooks.Runbook, ops []string) string {
	for _, op := range ops {
		if slices.ContainsFunc(book.Steps, func(s runbooks.Step) bool { return s.Call == op }) {
			return op
		}
	}
	return ""
}
