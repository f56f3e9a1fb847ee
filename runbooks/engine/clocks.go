package engine

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"lifeboat/runbooks"
	"lifeboat/runbooks/expr"
	"lifeboat/runbooks/journal"
)

// points tells which recovery points are known after a step, and which of them it has used.
func (r *run) points(s *runbooks.Step, frames []*frame) error {
	var news []journal.Point
	for _, f := range frames {
		if s.Points != "" {
			m, _ := f.output.(map[string]any)
			scope := maps.Clone(f.scope)
			scope[expr.Name(s.ID)] = f.whole() // as later steps see it, what it waited for included
			v, err := expr.Eval(s.Points, expr.Overlay(scope, m))
			if err != nil {
				return fmt.Errorf("points of %s: %w", s.ID, err)
			}
			news = append(news, points(v)...)
		}
		news = append(news, r.used(s, f)...)
	}
	return r.learn(s.ID, news)
}

// used gives the known points that a step of the recovery has restored from: those whose id its call was given.
func (r *run) used(s *runbooks.Step, f *frame) []journal.Point {
	c, ok := r.prior(f.id)
	if s.Phase != "recover" || !ok || !c.OK {
		return nil
	}
	var out []journal.Point
	for _, id := range identifiers(c.Op, c.Params) {
		if slices.ContainsFunc(r.state.Points, func(p journal.Point) bool { return p.ID == id && !p.Used }) {
			out = append(out, journal.Point{ID: id, Used: true})
		}
	}
	return out
}

// learn puts newer knowledge of recovery points over older, and tells it when it is any.
func (r *run) learn(step string, news []journal.Point) error {
	all := merge(r.state.Points, news)
	if len(news) == 0 || slices.Equal(all, r.state.Points) {
		return nil
	}
	return r.emit(journal.Event{Kind: journal.Points, Step: step, Points: all})
}

// points reads a list of {id, at, holds, where, bad, gone, used}; elements without an id are nothing.
func points(v any) []journal.Point {
	elements, _ := v.([]any)
	var out []journal.Point
	for _, e := range elements {
		m, _ := e.(map[string]any)
		text := func(k string) string { s, _ := m[k].(string); return s }
		truth := func(k string) bool { b, _ := m[k].(bool); return b }
		if text("id") == "" {
			continue
		}
		p := journal.Point{ID: text("id"), Holds: text("holds"), Where: text("where"), Bad: truth("bad"), Gone: truth("gone"), Used: truth("used")}
		p.At, _ = asTime(m["at"])
		out = append(out, p)
	}
	return out
}

// clocks starts the RTO clock at the disaster and stops it at the proof.
func (r *run) clocks(s *runbooks.Step, frames []*frame) error {
	c := r.state.Clock
	c.TargetRPO, c.TargetRTO = r.book.Targets.RPO, r.book.Targets.RTO
	switch s.Clock {
	case "disaster":
		c.Disaster = r.state.Step(s.ID).Started
		if len(frames) > 0 && !frames[0].sent.IsZero() {
			c.Disaster = frames[0].sent
		}
		c.Disaster = stamp(c.Disaster)
	case "proved":
		c.Proved = stamp(r.o.Target.Clock.Now())
		if err := r.recovered(s, frames, &c); err != nil {
			return err
		}
		if !c.Disaster.IsZero() {
			c.RTO = c.Proved.Sub(c.Disaster)
		}
	default:
		return nil
	}
	return r.emit(journal.Event{Kind: journal.Clocks, Step: s.ID, Clocks: &c})
}

// recovered finds the time of the newest data that came back: what the author's expression says, else the newest recovery point
// that was used.
func (r *run) recovered(s *runbooks.Step, frames []*frame, c *journal.Clock) error {
	if s.Newest != "" && len(frames) > 0 {
		m, _ := frames[0].output.(map[string]any)
		v, err := expr.Eval(s.Newest, expr.Overlay(frames[0].scope, m))
		if err != nil {
			return fmt.Errorf("newest of %s: %w", s.ID, err)
		}
		at, ok := asTime(v)
		if !ok {
			return fmt.Errorf("newest of %s: %s gives no time but %s", s.ID, s.Newest, short(v))
		}
		c.NewestOut = at
	} else {
		for _, p := range r.state.Points {
			if p.Used && p.At.After(c.NewestOut) {
				c.NewestOut = p.At
			}
		}
	}
	if !c.Disaster.IsZero() && !c.NewestOut.IsZero() {
		c.RPO = max(0, c.Disaster.Sub(c.NewestOut))
	}
	return nil
}

// asTime reads a time of an answer.
func asTime(v any) (time.Time, bool) {
	s, _ := v.(string)
	t, err := time.Parse(time.RFC3339Nano, s)
	return t.UTC(), err == nil
}
