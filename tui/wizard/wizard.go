// Package wizard asks a list of questions, one small form at a time.
//
// It owns the way back and forth: each question gets a fresh form with a copy of its value, so that going back never
// meets a validation and an answer is only kept when it was given. What is asked comes as data; nothing about a question
// is known here by its id.
package wizard

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"charm.land/bubbles/v2/cursor"
	tea "charm.land/bubbletea/v2"
	"charm.land/huh/v2"
	"github.com/charmbracelet/x/ansi"

	"lifeboat/runbooks/plan"
	"lifeboat/tui/parts"
	"lifeboat/tui/theme"
)

// Done says that every question is answered and looked over; Cancel that the person went back past the first one.
type (
	Done   struct{ Answers plan.Answers }
	Cancel struct{}
)

// given is a form's own word that it was filled in; n keeps a late one from answering another question.
type given struct{ n int }

// other is the value of the option that lets a person type one of their own.
const other = "\x00other"

// Purpose is what the questions are asked for, in the words of the screen.
type Purpose struct {
	Title string // above the questions
	Make  string // what is made of the answers: "make the plan"
}

// Model is the screen.
type Model struct {
	t       *theme.Theme
	purpose Purpose
	qs      []plan.Question
	answers plan.Answers
	at      int // question that is asked; len(qs) is the review
	form    *huh.Form
	n       int               // counts the forms
	typing  bool              // a Select is answered with a value that is not among its options
	tried   bool              // enter was the last key: only then is anything wrong with an answer
	leaving bool              // the answer was given, and the form has yet to say so
	ahead   []tea.KeyPressMsg // keys pressed meanwhile: they are for the next question
	hovered func() (string, bool)
	one     string // scratch copy of the value
	many    []string
	cursor  int  // of the review
	back    bool // to the review after this question
	wrong   string
	help    parts.Help
	w, h    int
	table   []parts.Key
}

// New makes the wizard, begun with answers given before, or with the defaults.
func New(t *theme.Theme, p Purpose, qs []plan.Question, before plan.Answers) *Model {
	m := &Model{t: t, purpose: p, qs: qs, answers: plan.Answers{}, w: 80, h: 24}
	for _, q := range qs {
		if len(q.Default) > 0 {
			m.answers[q.ID] = slices.Clone(q.Default)
		}
	}
	maps.Copy(m.answers, before)
	m.table = m.keys()
	return m
}

// Init asks the first question.
func (m *Model) Init() tea.Cmd { return m.ask(0) }

// SetTheme changes the look.
func (m *Model) SetTheme(t *theme.Theme) {
	m.t = t
	if m.form != nil {
		m.form.WithTheme(t.Form())
	}
}

// Wrong shows what is wrong with the answers as a whole.
func (m *Model) Wrong(err error) { m.wrong = err.Error() }

// Keys is the table of this screen's keys, for the documents.
func Keys() []parts.Key { return New(nil, Purpose{}, nil, nil).table }

// Table is the table as it stands now.
func (m *Model) Table() []parts.Key { return m.table }

func (m *Model) keys() []parts.Key {
	multi := func() string {
		if m.at < len(m.qs) && m.qs[m.at].Kind == plan.Multi {
			return ""
		}
		return "one answer is enough here"
	}
	list := func() string {
		if m.typing || m.at < len(m.qs) && (m.qs[m.at].Kind == plan.Number || m.qs[m.at].Kind == plan.Text) {
			return "type the value"
		}
		return ""
	}
	enter := func() string {
		switch {
		case m.at < len(m.qs) || len(m.qs) == 0:
			return ""
		case m.cursor < len(m.qs):
			return "change"
		}
		return m.purpose.Make
	}
	return []parts.Key{
		{Keys: []string{"enter"}, Words: "next", Now: enter, Help: "Take this answer and go on; on the last page, go on with all of them or change the chosen one"},
		{Keys: []string{"space"}, Words: "choose", Help: "Choose or unchoose, where several answers are fine", Off: multi},
		{Keys: []string{"esc", "shift+tab"}, Words: "back", Help: "The question before; before the first one, leave"},
		{Keys: []string{"down", "up"}, Words: "move", Help: "The next answer, the one before", Quiet: true, Off: list},
		{Keys: []string{"f1"}, Words: "keys", Help: "All keys", Quiet: true},
		{Keys: []string{"ctrl+c"}, Words: "leave", Help: "Leave the program; nothing is written", Quiet: true},
	}
}

// ask opens the form of question n, or the review.
func (m *Model) ask(n int) tea.Cmd {
	m.at, m.wrong, m.typing, m.tried, m.leaving, m.form, m.hovered = n, "", false, false, false, nil, nil
	if n >= len(m.qs) {
		m.at, m.cursor, m.back = len(m.qs), len(m.qs), false
		return nil
	}
	q := m.qs[n]
	m.many = slices.Clone(m.answers[q.ID])
	m.one = ""
	if len(m.many) > 0 {
		m.one = m.many[0]
	}
	return m.open(m.field(q))
}

func (m *Model) open(f huh.Field) tea.Cmd {
	km := huh.NewDefaultKeyMap()
	km.Quit.SetEnabled(false)
	km.Select.Filter.SetEnabled(false)
	km.MultiSelect.Filter.SetEnabled(false)
	km.Input.Prev.SetEnabled(false)
	m.n++
	n := m.n
	m.form = huh.NewForm(huh.NewGroup(f)).WithShowHelp(false).WithShowErrors(true).WithKeyMap(km).WithTheme(m.t.Form()).WithWidth(m.width())
	m.form.SubmitCmd = func() tea.Msg { return given{n} }
	return m.form.Init()
}

// width of the forms; they are as wide as a line is good to read.
func (m *Model) width() int { return max(20, min(m.w-6, 96)) }

// field is the form's field for a question. Its words stand above it, so it has none of its own.
func (m *Model) field(q plan.Question) huh.Field {
	switch {
	case q.Kind == plan.Multi:
		var options []huh.Option[string]
		for _, o := range q.Options {
			options = append(options, huh.NewOption(m.label(q, o), o.Value).Selected(slices.Contains(m.many, o.Value)))
		}
		in := huh.NewMultiSelect[string]().Options(options...).Filterable(false).Value(&m.many).Validate(func(v []string) error {
			if m.tried && len(v) == 0 && !q.Optional {
				return errors.New("choose at least one, with the space key")
			}
			return nil
		})
		m.hovered = in.Hovered
		return in
	case q.Kind == plan.Select && !m.typing:
		var options []huh.Option[string]
		for _, o := range q.Options {
			options = append(options, huh.NewOption(m.label(q, o), o.Value))
		}
		if own := m.own(q); own != "" {
			options = append(options, huh.NewOption(parts.Cut(own, m.width()-2), own))
		}
		if q.Validate != nil {
			options = append(options, huh.NewOption("another value "+m.t.Sym.Ellipsis, other))
		}
		in := huh.NewSelect[string]().Options(options...).Value(&m.one)
		m.hovered = in.Hovered
		return in
	}
	in := huh.NewInput().Prompt(m.t.Sym.Cursor + " ").CharLimit(200).Placeholder(m.like(q)).Value(&m.one)
	return in.Validate(func(v string) error {
		v = strings.TrimSpace(v)
		if !m.tried || v == "" && q.Optional {
			return nil
		}
		if v == "" {
			return errors.New("this one needs an answer")
		}
		if q.Validate != nil {
			return q.Validate(v)
		}
		return nil
	})
}

// own is the answer a person once typed instead of taking one of the options.
func (m *Model) own(q plan.Question) string {
	given := m.answers[q.ID]
	if len(given) == 0 || slices.ContainsFunc(q.Options, func(o plan.Option) bool { return o.Value == given[0] }) {
		return ""
	}
	return given[0]
}

// like says how a value is written, by the example of the options.
func (m *Model) like(q plan.Question) string {
	var out []string
	for _, o := range q.Options {
		out = append(out, o.Value)
	}
	if len(out) == 0 {
		return ""
	}
	return "written like " + strings.Join(out, ", ")
}

// note is that of the option under the cursor, when the list had no room for it.
func (m *Model) note(q plan.Question) string {
	if m.hovered == nil {
		return ""
	}
	at, _ := m.hovered()
	for _, o := range q.Options {
		if o.Value == at && o.Note != "" && !strings.HasSuffix(m.label(q, o), o.Note) {
			return o.Note
		}
	}
	return ""
}

// label is an option with its note, the notes of one question aligned.
func (m *Model) label(q plan.Question, o plan.Option) string {
	w := m.width() - 2 // the cursor's
	if q.Kind == plan.Multi {
		w -= 4 // the box's
	}
	wide := 0
	for _, x := range q.Options {
		wide = max(wide, ansi.StringWidth(x.Label))
	}
	if o.Note == "" || wide+8 > w {
		return parts.Cut(o.Label, w)
	}
	return parts.Cut(parts.Pad(o.Label, wide)+"   "+o.Note, w)
}

// Update takes one message.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
		if m.form != nil {
			m.form.WithWidth(m.width())
		}
		return nil
	case given:
		if msg.n == m.n && m.form != nil {
			return tea.Batch(m.take(), m.catchUp())
		}
		return nil
	case tea.KeyPressMsg:
		return m.press(msg)
	}
	return m.pass(msg)
}

func (m *Model) press(msg tea.KeyPressMsg) tea.Cmd {
	key := msg.String()
	if m.help.Takes(key) {
		return nil
	}
	switch {
	case key == "f1":
		m.help.Open()
		return nil
	case key == "esc" || key == "shift+tab":
		return m.before()
	case m.form == nil:
		return m.review(key)
	}
	if m.leaving {
		m.ahead = append(m.ahead, msg)
		return nil
	}
	m.tried = key == "enter"
	cmd := m.pass(msg)
	m.leaving = m.tried && m.form.GetFocusedField().Error() == nil
	return cmd
}

// catchUp does the keys that were pressed before the question they are for was there.
func (m *Model) catchUp() tea.Cmd {
	var cmds []tea.Cmd
	keys := m.ahead
	m.ahead = nil
	for _, k := range keys {
		cmds = append(cmds, m.press(k))
	}
	return tea.Batch(cmds...)
}

// pass gives a message to the form.
func (m *Model) pass(msg tea.Msg) tea.Cmd {
	if _, blink := msg.(cursor.BlinkMsg); blink || m.form == nil {
		return nil // a cursor that stands still costs nothing while nobody types
	}
	f, cmd := m.form.Update(msg)
	m.form = f.(*huh.Form)
	return cmd
}

// take keeps the answer and goes on.
func (m *Model) take() tea.Cmd {
	q := m.qs[m.at]
	if q.Kind == plan.Select && !m.typing && m.one == other {
		m.typing, m.tried, m.leaving, m.one, m.hovered = true, false, false, m.own(q), nil
		return m.open(m.field(q))
	}
	values := []string{strings.TrimSpace(m.one)}
	if q.Kind == plan.Multi {
		values = nil
		for _, o := range q.Options {
			if slices.Contains(m.many, o.Value) {
				values = append(values, o.Value)
			}
		}
	}
	delete(m.answers, q.ID)
	if len(values) > 0 && values[0] != "" {
		m.answers[q.ID] = values
	}
	if m.back {
		return m.ask(len(m.qs))
	}
	return m.ask(m.at + 1)
}

// before drops the form and goes back.
func (m *Model) before() tea.Cmd {
	m.ahead = nil
	switch {
	case m.typing:
		return m.ask(m.at)
	case m.back:
		return m.ask(len(m.qs))
	case m.at == 0:
		return func() tea.Msg { return Cancel{} }
	}
	return m.ask(m.at - 1)
}

func (m *Model) review(key string) tea.Cmd {
	switch n := len(m.qs) + 1; key {
	case "down", "j", "tab":
		m.cursor = (m.cursor + 1) % n
	case "up", "k":
		m.cursor = (m.cursor + n - 1) % n
	case "enter":
		if m.cursor == len(m.qs) {
			answers := maps.Clone(m.answers)
			return func() tea.Msg { return Done{answers} }
		}
		cmd := m.ask(m.cursor)
		m.back = true
		return cmd
	}
	return nil
}

// View draws exactly h lines of at most w cells.
func (m *Model) View(w, h int) []string {
	t := m.t
	inner := min(w-4, 100)
	side := strings.Repeat(" ", max(2, (w-inner)/2))
	left := t.Accent.Bold(true).Render(m.purpose.Title)
	right := t.Muted.Render("look it over")
	if m.at < len(m.qs) {
		right = t.Muted.Render(fmt.Sprintf("question %d of %d", m.at+1, len(m.qs)))
	}
	out := []string{}
	if h >= 18 {
		out = append(out, "")
	}
	out = append(out, parts.Ends(left, right, inner), m.progress(inner))
	if h >= 16 {
		out = append(out, "")
	}
	switch {
	case m.help.On():
		out = m.help.Draw(t, m.table, inner, h-2)
	case m.form == nil:
		out = append(out, m.overview(inner)...)
	default:
		out = append(out, m.question(inner, h-len(out)-2)...)
	}
	out = parts.Fit(parts.Indent(out, side), w, h-2)
	return parts.Fit(append(out, parts.Rule(t, w), m.foot(w)), w, h)
}

func (m *Model) foot(w int) string {
	if m.help.On() {
		return m.help.Foot(m.t, w)
	}
	return parts.Footer(m.t, m.table, "f1", w)
}

func (m *Model) progress(w int) string {
	if len(m.qs) == 0 {
		return ""
	}
	return parts.Gauge(m.t, float64(m.at)/float64(len(m.qs)), w)
}

// question is the words of a question and its form, cut at the help when the screen is low.
func (m *Model) question(w, h int) []string {
	q := m.qs[m.at]
	out := parts.Wrap(m.t.Strong.Render(parts.Plain(q.Text)), w)
	help := parts.Prose(m.t, q.Help, w)
	form := strings.Split(strings.TrimRight(m.form.View(), "\n "), "\n")
	if len(out)+len(help)+len(form)+2 <= h {
		for i := range help {
			help[i] = m.t.Muted.Render(help[i])
		}
		out = append(append(out, help...), "")
	} else if len(out)+len(form)+1 <= h {
		out = append(out, "")
	}
	out = append(out, form...)
	if note := parts.Prose(m.t, m.note(q), w-2); m.note(q) != "" && len(out)+1+len(note) <= h {
		out = append(out, "")
		for _, l := range note {
			out = append(out, "  "+m.t.Muted.Render(l))
		}
	}
	return out
}

// overview lists every answer, to be changed or taken.
func (m *Model) overview(w int) []string {
	t := m.t
	var out []string
	if m.wrong != "" {
		out = append(append(out, parts.Wrap(t.Bad.Render(t.Sym.Failed)+" "+m.wrong, w)...), "")
	}
	for i, q := range m.qs {
		mark, style := "  ", t.Text
		if i == m.cursor {
			mark, style = t.Accent.Render(t.Sym.Cursor)+" ", t.Strong
		}
		value := parts.Cut(m.said(q), max(8, w/2))
		text := parts.Cut(parts.Plain(q.Text), max(8, w-ansi.StringWidth(value)-4))
		out = append(out, parts.Ends(mark+style.Render(text), t.Accent.Render(value), w))
	}
	mark, style := "  ", t.Text
	if m.cursor == len(m.qs) {
		mark, style = t.Accent.Render(t.Sym.Cursor)+" ", t.Strong
	}
	last := m.purpose.Make
	if last != "" {
		last = strings.ToUpper(last[:1]) + last[1:]
	}
	return append(out, "", mark+style.Render(last))
}

// said is an answer in the words of its options.
func (m *Model) said(q plan.Question) string {
	var out []string
	for _, v := range m.answers[q.ID] {
		words := v
		for _, o := range q.Options {
			if o.Value == v {
				words = o.Label
			}
		}
		out = append(out, words)
	}
	if len(out) == 0 {
		return "not said"
	}
	return strings.Join(out, ", ")
}
