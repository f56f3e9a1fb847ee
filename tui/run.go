package tui

import (
	"context"
	"errors"
	"io"

	tea "charm.land/bubbletea/v2"
)

// fps is how often what changed is written to the terminal: at 60 a key alone would wait up to 17 ms for its turn.
const fps = 120

// Run shows the program on a terminal until the person leaves or ctx ends. The error says that the terminal could not
// be used; how the run went is in the result. A run that still goes when the terminal does is asked to stop by the end
// of ctx, or by whoever opened its session.
func Run(ctx context.Context, d Deps, first First, in io.Reader, out io.Writer, more ...tea.ProgramOption) (Result, error) {
	a := New(d, first)
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	a.ctx = inner
	options := append([]tea.ProgramOption{
		tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out), tea.WithoutSignalHandler(), tea.WithFPS(fps),
	}, more...)
	if d.Env != nil {
		options = append(options, tea.WithEnvironment(d.Env))
	}
	p := tea.NewProgram(a, options...)
	a.send = p.Send
	_, err := p.Run()
	if ctx.Err() != nil || errors.Is(err, tea.ErrInterrupted) {
		err = ctx.Err()
	}
	return a.Result(), err
}
