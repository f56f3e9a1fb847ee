package plan

// calls lists the operations that a lab makes, by the lab's id.
type labCalls struct {
	id, title string
	ops       map[string]bool
}

// rehearsals names the labs that rehearse each resource: those that make one of its calls. A resource without one says
// so.
func rehearsals(drafts []*draft) []Lab {
	out := []Lab{}
	known := labs()
	for _, d := range drafts {
		found := false
		for _, l := range known {
			if op := l.first(d.resource.Ops); op != "" {
				found = true
				out = append(out, Lab{ID: l.id, Resource: d.resource.ID, Title: l.title,
					Why:     "it brings " + d.resource.Name + " back from a recovery point and proves the data (" + op + " is one of its calls)",
					Command: "lifeboat lab run " + l.id})
			}
		}
		if !found {
			out = append(out, Lab{Resource: d.resource.ID, Title: d.resource.Lab,
				Why: "there is no lab for " + d.resource.Name + " in this version yet: rehearse the restore by hand, and write the time down"})
		}
	}
	return out
}

func (l labCalls) first(ops []string) string {
	for _, op := range ops {
		if l.ops[op] {
			return op
		}
	}
	return ""
}

func labs() []labCalls { return nil }
