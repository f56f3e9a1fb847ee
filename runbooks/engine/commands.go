package engine

import (
	"context"
	"errors"
	"strings"
	"time"

	"lifeboat/runbooks"
	"lifeboat/runbooks/journal"
)

// interrupt is a command that ends what is going on.
type interrupt struct{ Command }

func (i *interrupt) Error() string { return string(i.Kind) }

// errEnd ends a run that is where it should be: nothing more is to be done.
var errEnd = errors.New("the run ends here")

// failure is a step that failed; its text says what, on which thing, and the next thing to do.
type failure struct {
	text  string
	redo  bool // trying again must first undo what is there: it will never get better
	cause error
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.cause }

// stopping reports whether an error is a stop: asked for, or the end of the context.
func stopping(ctx context.Context, err error) bool {
	var i *interrupt
	if errors.As(err, &i) && (i.Kind == Stop) {
		return true
	}
	return err != nil && ctx.Err() != nil
}

// Send see Session.
func (r *run) Send(c Command) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue = append(r.queue, c)
	if r.wake != nil {
		r.wake()
	}
	select {
	case r.bell <- struct{}{}:
	default:
	}
}

// take gives the next command that is meant for where the run stands.
func (r *run) take() (Command, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.queue) > 0 {
		c := r.queue[0]
		r.queue = r.queue[1:]
		switch c.Kind {
		case Do, Mine, Done, Skip, Reply, Hint:
			if c.Step != r.state.Current {
				continue // late: it was meant for another step
			}
		case Stop, Clean, Abandon, Auto, Manual:
			if c.Step != "" && c.Step != r.state.Current {
				continue
			}
		default:
			continue
		}
		return c, true
	}
	return Command{}, false
}

// next waits for a command.
func (r *run) next(ctx context.Context) (Command, error) {
	for {
		if c, ok := r.take(); ok {
			return c, nil
		}
		select {
		case <-r.bell:
		case <-ctx.Done():
			return Command{}, ctx.Err()
		}
	}
}

// heed looks at what was said meanwhile, at a point where it is safe to leave. The commands that end what is going on come back as
// an *interrupt; the others are done, or mean nothing now.
func (r *run) heed(ctx context.Context, f *frame, also ...CommandKind) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		c, ok := r.take()
		if !ok {
			return nil
		}
		if err := r.minor(f, c); err != nil {
			return err
		}
		switch c.Kind {
		case Stop, Clean, Abandon:
			return &interrupt{c}
		case Skip:
			if strings.TrimSpace(c.Text) != "" && f != nil {
				return &interrupt{c}
			}
		}
		for _, kind := range also {
			if c.Kind == kind {
				return &interrupt{c}
			}
		}
	}
}

// minor does a command that ends nothing.
func (r *run) minor(f *frame, c Command) error {
	switch c.Kind {
	case Auto:
		r.auto = true
	case Manual:
		r.auto = r.o.Unattended
	case Hint:
		if f != nil {
			return r.hint(f)
		}
	}
	return nil
}

// hint shows the next hint; the last one is the solution.
func (r *run) hint(f *frame) error {
	hints := hints(f.step, r.state.Step(f.step.ID).Preview)
	shown := len(r.state.Step(f.step.ID).Hints)
	if shown >= len(hints) {
		return nil
	}
	return r.emit(journal.Event{Kind: journal.Hinted, Step: f.step.ID, Level: shown + 1, Text: hints[shown]})
}

// hints of a step; where an author gave none the command is the only one.
func hints(s *runbooks.Step, p *journal.Preview) []string {
	if len(s.Hints) > 0 || p == nil {
		return s.Hints
	}
	for _, c := range p.Calls {
		if c.Role == "call" && c.CLI != "" {
			return []string{c.CLI}
		}
	}
	return nil
}

// solved reports whether the solution of a step was shown.
func (r *run) solved(s *runbooks.Step) bool {
	t := r.state.Step(s.ID)
	return len(t.Hints) > 0 && len(t.Hints) >= len(hints(s, t.Preview))
}

// sleep lets d of the target's time pass. A command cuts it short and is heeded.
func (r *run) sleep(ctx context.Context, f *frame, d time.Duration, also ...CommandKind) error {
	return r.rest(ctx, f, d, r.o.Target.Clock.Wait, also...)
}

func (r *run) rest(ctx context.Context, f *frame, d time.Duration, wait func(context.Context, time.Duration) error, also ...CommandKind) error {
	if err := r.heed(ctx, f, also...); err != nil {
		return err
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	r.mu.Lock()
	if len(r.queue) > 0 {
		cancel()
	}
	r.wake = cancel
	r.mu.Unlock()
	err := wait(inner, d)
	r.mu.Lock()
	r.wake = nil
	r.mu.Unlock()
	if err != nil && inner.Err() == nil {
		return err // the clock itself failed
	}
	return r.heed(ctx, f, also...)
}
