package tui

import (
	tea "charm.land/bubbletea/v2"

	"lifeboat/runbooks/plan"
	"lifeboat/runbooks/plan/classes"
	classview "lifeboat/tui/classes"
	planview "lifeboat/tui/plan"
	"lifeboat/tui/wizard"
)

// inquiry is a list of questions, and what becomes of the answers. An error is about the answers: it is shown with them.
type inquiry struct {
	purpose   wizard.Purpose
	questions []plan.Question
	before    plan.Answers
	answered  func(plan.Answers) (tea.Cmd, error)
}

// ask opens the wizard.
func (a *App) ask(q inquiry) tea.Cmd {
	a.asks = q
	w := wizard.New(a.t, q.purpose, q.questions, q.before)
	a.push(w)
	return tea.Batch(w.Init(), w.Update(tea.WindowSizeMsg{Width: a.w, Height: a.h}))
}

// answered goes on with what was asked for, unless something is wrong with the answers as a whole.
func (a *App) answered(answers plan.Answers) tea.Cmd {
	cmd, err := a.asks.answered(answers)
	if w, ok := a.top().(*wizard.Model); ok && err != nil {
		w.Wrong(err)
	}
	return cmd
}

func (a *App) askPlan() tea.Cmd {
	answers := a.d.Answers
	if a.res.Answers != nil {
		answers = a.res.Answers
	}
	return a.ask(inquiry{
		purpose:   wizard.Purpose{Title: "A plan for your data", Make: "make the plan"},
		questions: plan.Questions(), before: answers, answered: a.planned,
	})
}

// planned makes the plan of the answers; answers are kept before anything else.
func (a *App) planned(answers plan.Answers) (tea.Cmd, error) {
	a.res.Answers = answers
	if a.first.Answers {
		return tea.Quit, nil
	}
	p, err := plan.Make(answers)
	if err != nil {
		return nil, err
	}
	a.res.Plan = p
	a.stack[len(a.stack)-1] = planview.New(a.t, p)
	return keep(a, "the answers", a.d.SaveAnswers, answers), nil
}

func (a *App) askClasses() tea.Cmd {
	answers := a.d.ClassAnswers
	if a.res.ClassAnswers != nil {
		answers = a.res.ClassAnswers
	}
	return a.ask(inquiry{
		purpose:   wizard.Purpose{Title: "A storage class for your data", Make: "compare the classes"},
		questions: classes.Questions(), before: answers, answered: a.compared,
	})
}

// compared shows what the answers lead to; they are kept before anything else.
func (a *App) compared(answers plan.Answers) (tea.Cmd, error) {
	c, err := classes.Compare(answers)
	if err != nil {
		return nil, err
	}
	a.res.ClassAnswers = answers
	a.stack[len(a.stack)-1] = classview.New(a.t, c)
	return keep(a, "the answers", a.d.SaveClassAnswers, answers), nil
}

// keep writes something beside the program; nil when the outside world cannot.
func keep[T any](a *App, what string, save func(T) (string, error), v T) tea.Cmd {
	if save == nil {
		return nil
	}
	return a.guard("saving "+what, func() tea.Msg {
		path, err := save(v)
		return savedMsg{path, err}
	})
}
