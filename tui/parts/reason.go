package parts

import (
	"lifeboat/runbooks/plan"
	"lifeboat/tui/theme"
)

// Reason is a sentence with why it is so and where that is written. Sign is one cell before it.
type Reason struct {
	Sign, What, Why, Source string
	Mark                    plan.Mark // how well it is known
}

// Draw wraps it, what follows the first line set under its words.
func (r Reason) Draw(t *theme.Theme, w int) []string {
	var out []string
	sign, w := r.Sign, max(1, w-2)
	for _, l := range Prose(t, r.What, w) {
		out = append(out, sign+" "+l)
		sign = " "
	}
	if r.Why != "" {
		out = append(out, Indent(Prose(t, r.Why, w), "  ")...)
	}
	if r.Source == "" {
		return out
	}
	for _, l := range Wrap("source: "+Plain(r.Source)+known(r.Mark), w) {
		out = append(out, "  "+t.Muted.Render(l))
	}
	return out
}

// known says how well a statement is known.
func known(mark plan.Mark) string {
	switch mark {
	case "P":
		return " (AWS price list)"
	case "S":
		return " (a third party quoting AWS)"
	case "D":
		return " (worked out from AWS pages)"
	case "M":
		return " (not verified)"
	}
	return ""
}
