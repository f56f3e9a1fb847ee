package report

import (
	"fmt"
	"strings"
	"time"
)

// axis is how many characters the time between the first and the last moment takes.
const axis = 72

// Timeline draws the recovery as text: the recovery points on one axis of time, the disaster, what is lost and how long it took.
// o is a point, @ the one that was used, ! one that holds the damage, . one that is gone; x is the disaster, # the proof.
func Timeline(r *Report) string {
	if r.Clock == nil {
		return ""
	}
	c := r.Clock
	moments := []time.Time{c.Disaster}
	for _, p := range r.Points {
		if !p.At.IsZero() {
			moments = append(moments, p.At)
		}
	}
	if !c.Proved.IsZero() {
		moments = append(moments, c.Proved)
	}
	first, last := moments[0], moments[0]
	for _, m := range moments {
		if m.Before(first) {
			first = m
		}
		if m.After(last) {
			last = m
		}
	}
	span := max(last.Sub(first), time.Second)
	at := func(t time.Time) int { return int(t.Sub(first) * (axis - 1) / span) }

	points := []byte(strings.Repeat("-", axis))
	for _, p := range r.Points {
		if p.At.IsZero() {
			continue
		}
		sign := byte('o')
		switch {
		case p.Used:
			sign = '@'
		case p.Bad:
			sign = '!'
		case p.Gone:
			sign = '.'
		}
		// The one that matters more stays where two fall on one place.
		if i := at(p.At); rank(sign) >= rank(points[i]) {
			points[i] = sign
		}
	}
	events := []byte(strings.Repeat(" ", axis))
	if !c.Newest.IsZero() && !c.Newest.Before(first) && c.Newest.Before(c.Disaster) {
		for i := at(c.Newest); i < at(c.Disaster); i++ {
			events[i] = '-'
		}
		events[at(c.Newest)] = '|'
	}
	if !c.Proved.IsZero() {
		for i := at(c.Disaster); i < at(c.Proved); i++ {
			events[i] = '='
		}
		events[at(c.Proved)] = '#'
	}
	events[at(c.Disaster)] = 'x'

	b := &strings.Builder{}
	fmt.Fprintf(b, "points    %s\n", points)
	fmt.Fprintf(b, "events    %s\n", strings.TrimRight(string(events), " "))
	left, right := first.UTC().Format("2006-01-02 15:04"), last.UTC().Format("15:04")
	fmt.Fprintf(b, "          %s%s%s\n\n", left, strings.Repeat(" ", axis-len(left)-len(right)), right)
	fmt.Fprintf(b, "x disaster  %s\n", clock(c.Disaster))
	if !c.Newest.IsZero() {
		fmt.Fprintf(b, "@ newest    %s   lost %s\n", clock(c.Newest), duration(c.RPO))
	}
	if !c.Proved.IsZero() {
		fmt.Fprintf(b, "# proved    %s   took %s\n", clock(c.Proved), duration(c.RTO))
	}
	return b.String()
}

func rank(sign byte) int { return strings.IndexByte("-.!o@", sign) }
