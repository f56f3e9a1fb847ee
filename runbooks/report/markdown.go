package report

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Markdown writes the report for people.
func (r *Report) Markdown(w io.Writer) error {
	b := &strings.Builder{}
	p := func(format string, a ...any) { fmt.Fprintf(b, format+"\n", a...) }
	p("# %s\n", plainText(r.Run.Title))
	p("Run `%s`, %s on %s: **%s**.\n", r.Run.ID, r.Run.Mode, r.Run.Target, r.State)
	p("| | |\n|---|---|")
	p("| account | %s %s |", r.Run.Account, plainText(r.Run.Alias))
	p("| identity | `%s` |", r.Run.Caller)
	p("| Regions | %s, %s |", r.Run.Regions["home"], r.Run.Regions["away"])
	p("| began | %s |", clock(r.Started))
	p("| ended | %s |", clock(r.Ended))
	p("| resumed | %d |", r.Resumes)
	p("| runbook | %s, SHA-256 `%s` |", r.Run.Runbook, r.Run.Digest)
	r.recovery(p)
	r.proofs(p)
	r.steps(p)
	r.calls(p)
	r.leftovers(p)
	p("\n## Evidence\n\nThe journal has %d lines; each carries the hash of the one before, and the last one's is", r.Lines)
	p("`%s`.", r.Hash)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) recovery(p func(string, ...any)) {
	p("\n## Recovery\n")
	if r.Clock == nil {
		p("No disaster has happened in this run, so nothing was measured.")
		return
	}
	p("```\n%s```\n", Timeline(r))
	p("| | achieved | target | |\n|---|---|---|---|")
	row := func(name string, got, target float64, known bool) {
		if !known {
			p("| %s | not measured | %s | |", name, duration(target))
			return
		}
		verdict := ""
		if target > 0 {
			if verdict = "met"; got > target {
				verdict = "missed"
			}
		}
		p("| %s | %s | %s | %s |", name, duration(got), duration(target), verdict)
	}
	row("RPO, data lost", r.Clock.RPO, r.Clock.TargetRPO, !r.Clock.Newest.IsZero())
	row("RTO, outage", r.Clock.RTO, r.Clock.TargetRTO, !r.Clock.Proved.IsZero())
}

func (r *Report) proofs(p func(string, ...any)) {
	p("\n## Proof\n")
	if len(r.Proofs) == 0 {
		p("No data was compared.")
		return
	}
	p("| data | equal | fingerprint read | fingerprint written | |\n|---|---|---|---|---|")
	for _, proof := range r.Proofs {
		verdict := "proved"
		switch {
		case proof.Differs && !proof.OK:
			verdict = "damaged, as expected"
		case proof.OK == proof.Differs:
			verdict = "**not proved**: " + plainText(strings.Join(proof.Different, "; "))
		}
		p("| %s | %d of %d %s | `%.16s` | `%.16s` | %s |", proof.Data, proof.Equal, proof.Total, proof.Unit, proof.Fingerprint, proof.Expected, verdict)
	}
}

func (r *Report) steps(p func(string, ...any)) {
	p("\n## Steps\n\n| step | phase | state | took | checks | |\n|---|---|---|---|---|---|")
	for _, s := range r.Steps {
		held := 0
		for _, c := range s.Checks {
			if c.OK {
				held++
			}
		}
		checks := ""
		if len(s.Checks) > 0 {
			checks = fmt.Sprintf("%d of %d", held, len(s.Checks))
		}
		took := ""
		if !s.Ended.IsZero() {
			took = duration(s.Ended.Sub(s.Started).Seconds())
		}
		p("| %s | %s | %s | %s | %s | %s |", s.ID, s.Phase, s.State, took, checks, plainText(s.Reason))
	}
}

// calls lists what changed something or failed; the reads are in the JSON.
func (r *Report) calls(p func(string, ...any)) {
	p("\n## Calls\n\nEvery call that changes something, and every one that failed.\n\n| time | step | call | Region | as | result | request id |\n|---|---|---|---|---|---|---|")
	for _, s := range r.Steps {
		for _, c := range s.Calls {
			if c.Effect == "read" && c.OK {
				continue
			}
			result := "done"
			switch {
			case c.Found && c.Code == "":
				result = "found done"
			case c.OK && c.Code != "":
				result = "gone before: " + c.Code
			case !c.OK:
				result = c.Code
			}
			p("| %s | %s | %s | %s | %s | %s | `%s` |", clock(c.At), s.ID, c.Op, c.Region, c.As, result, c.RequestID)
		}
	}
}

func (r *Report) leftovers(p func(string, ...any)) {
	p("\n## What is left\n")
	switch {
	case !r.Cleaned:
		p("The run was not cleaned up: what it made is still there.")
	case len(r.Left) == 0:
		p("Nothing: every step is undone, and no Region that was used lists anything with the run's tag.")
	default:
		p("| what | Region | step | why |\n|---|---|---|---|")
		for _, l := range r.Left {
			p("| %s | %s | %s | %s |", plainText(l.What), l.Region, l.Step, plainText(l.Reason))
		}
	}
	for _, n := range r.Notes {
		p("\nNote: %s", plainText(n))
	}
}

// plainText keeps a text on its line and in its cell.
func plainText(s string) string {
	return strings.NewReplacer("\n", " ", "|", "\\|").Replace(s)
}

func clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// duration writes seconds for people; nothing is set as a dash.
func duration(seconds float64) string {
	if seconds == 0 {
		return "-"
	}
	d := time.Duration(seconds * float64(time.Second))
	if d < time.Minute {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
