// Package theme holds the colours and the symbols of the terminal program, and nothing else.
//
// A theme is a value: it never asks the terminal anything and writes nothing. Colours only repeat what a word or a
// symbol already says, so the screen reads the same with NO_COLOR; every symbol is one cell wide, none is braille or
// an emoji, and each has an ASCII twin.
package theme

import (
	"image/color"
	"strings"

	"charm.land/huh/v2"
	"charm.land/lipgloss/v2"

	"lifeboat/runbooks/journal"
)

// Theme is one look of the program.
type Theme struct {
	Dark  bool
	ASCII bool

	Text   lipgloss.Style // what is read
	Strong lipgloss.Style // what is read first
	Muted  lipgloss.Style // what is there when looked for
	Faint  lipgloss.Style // rules and axes
	Accent lipgloss.Style // where one is
	Good   lipgloss.Style
	Warn   lipgloss.Style
	Bad    lipgloss.Style
	Point  lipgloss.Style   // recovery points
	Code   lipgloss.Style   // what can be pasted
	Curves []lipgloss.Style // eight, one for each curve of a drawing

	Sandbox lipgloss.Style // the badge of the sandbox
	Real    lipgloss.Style // the badge of an AWS account: it must never be mistaken for the other one
	Key     lipgloss.Style // a key in the footer

	Sym Symbols
}

// Symbols are the single-width signs of the program.
type Symbols struct {
	Passed, Failed, Running, Waiting, Pending, Skipped, ByHand, Assisted string

	Point, Several, Gone, Used, Spoilt, Disaster, Proved, Now string

	Line, Heavy, Dash, Bar, Left, Right, Arrow    string
	TopLeft, TopRight, BottomLeft, BottomRight    string
	Cursor, Bullet, Dot, Ellipsis, Up, Down, Less string
	Spin                                          []string
}

// unicode keeps, but for the tick and the cross, to the signs of WGL4, which every terminal font has.
var unicode = Symbols{
	Passed: "✓", Failed: "✗", Running: "►", Waiting: "◦", Pending: "·", Skipped: "»", ByHand: "◊", Assisted: "≈",
	Point: "●", Several: "■", Gone: "○", Used: "▲", Spoilt: "ø", Disaster: "×", Proved: "✓", Now: "▼",
	Line: "─", Heavy: "═", Dash: "·", Bar: "│", Left: "├", Right: "┤", Arrow: "►",
	TopLeft: "┌", TopRight: "┐", BottomLeft: "└", BottomRight: "┘",
	Cursor: "›", Bullet: "•", Dot: "·", Ellipsis: "…", Up: "↑", Down: "↓", Less: "≤",
	Spin: []string{"|", "/", "─", "\\"},
}

var ascii = Symbols{
	Passed: "+", Failed: "x", Running: ">", Waiting: "~", Pending: ".", Skipped: "/", ByHand: "h", Assisted: "a",
	Point: "o", Several: "8", Gone: ".", Used: "@", Spoilt: "!", Disaster: "X", Proved: "P", Now: "v",
	Line: "-", Heavy: "=", Dash: ".", Bar: "|", Left: "|", Right: "|", Arrow: ">",
	TopLeft: "+", TopRight: "+", BottomLeft: "+", BottomRight: "+",
	Cursor: ">", Bullet: "*", Dot: "-", Ellipsis: "~", Up: "^", Down: "v", Less: "<=",
	Spin: []string{"|", "/", "-", "\\"},
}

// New makes the look for a dark or a light terminal; plain gives the ASCII symbols, for a locale that is not UTF-8.
func New(dark, plain bool) *Theme {
	pick := func(light, night string) color.Color {
		if dark {
			return lipgloss.Color(night)
		}
		return lipgloss.Color(light)
	}
	fg := func(light, night string) lipgloss.Style { return lipgloss.NewStyle().Foreground(pick(light, night)) }
	t := &Theme{
		Dark: dark, ASCII: plain,
		Text:   lipgloss.NewStyle(),
		Strong: lipgloss.NewStyle().Bold(true),
		Muted:  fg("#5F6671", "#8E97A4"),
		Faint:  fg("#A7AEB8", "#4C535E"),
		Accent: fg("#0A6C96", "#67B7DC"),
		Good:   fg("#1F7A3A", "#7CC98A"),
		Warn:   fg("#8F5B00", "#E8B864"),
		Bad:    fg("#B4231A", "#F2766E"),
		Point:  fg("#00776C", "#5CD0C0"),
		Code:   fg("#5A4A8A", "#B9B2E3"),
		Sandbox: lipgloss.NewStyle().Bold(true).Reverse(true).
			Foreground(pick("#00776C", "#5CD0C0")),
		Real: lipgloss.NewStyle().Bold(true).Reverse(true).
			Foreground(pick("#B4231A", "#F2766E")),
		Key: lipgloss.NewStyle().Bold(true).Foreground(pick("#0A6C96", "#67B7DC")),
		Sym: unicode,
	}
	for _, c := range [][2]string{{"#0A6C96", "#67B7DC"}, {"#8F5B00", "#E8B864"}, {"#1F7A3A", "#7CC98A"}, {"#5A4A8A", "#B9B2E3"},
		{"#A0336E", "#E48BBE"}, {"#00776C", "#5CD0C0"}, {"#B4501A", "#F2A06E"}, {"#3B4A9E", "#8FA6F2"}} {
		t.Curves = append(t.Curves, fg(c[0], c[1]))
	}
	if plain {
		t.Sym = ascii
	}
	return t
}

// State gives the sign, the word and the style of a step's state.
func (t *Theme) State(s journal.State) (sign, word string, style lipgloss.Style) {
	switch s {
	case journal.Running:
		return t.Sym.Running, "running", t.Accent
	case journal.Waiting:
		return t.Sym.Waiting, "waiting", t.Warn
	case journal.Passed:
		return t.Sym.Passed, "passed", t.Good
	case journal.Failed:
		return t.Sym.Failed, "failed", t.Bad
	case journal.Skipped:
		return t.Sym.Skipped, "skipped", t.Warn
	case journal.ByHand:
		return t.Sym.ByHand, "by hand", t.Good
	case journal.Assisted:
		return t.Sym.Assisted, "assisted", t.Good
	}
	return t.Sym.Pending, "to do", t.Muted
}

// Effect gives the style of an operation's effect: what cannot be taken back is red, what changes something is amber.
func (t *Theme) Effect(effect string) lipgloss.Style {
	switch effect {
	case "delete", "irreversible":
		return t.Bad
	case "create", "change":
		return t.Warn
	}
	return t.Muted
}

// Dark reports whether the background is dark, as far as an environment tells: COLORFGBG, which some terminals set to
// "foreground;background" in the numbers of the 16 colours. Without it a terminal is taken for dark.
func Dark(env func(string) string) bool {
	value := env("COLORFGBG")
	switch value[strings.LastIndexByte(value, ';')+1:] {
	case "7", "9", "10", "11", "12", "13", "14", "15":
		return false
	}
	return true
}

// UTF8 reports whether the locale in an environment can show the Unicode symbols: the first of LC_ALL, LC_CTYPE and
// LANG that is set decides, and with none set it is taken for UTF-8. The Linux console never can: its font has 512 signs.
func UTF8(env func(string) string) bool {
	if env("TERM") == "linux" {
		return false
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(env(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return true
}

// Form gives the look of the wizard's forms.
func (t *Theme) Form() huh.ThemeFunc {
	return func(bool) *huh.Styles {
		s := huh.ThemeBase(t.Dark)
		f := &s.Focused
		f.Base = lipgloss.NewStyle()
		f.Title = t.Strong
		f.Description = t.Muted
		f.ErrorIndicator = t.Bad.SetString(" !")
		f.ErrorMessage = t.Bad.SetString("")
		f.SelectSelector = t.Accent.SetString(t.Sym.Cursor + " ")
		f.MultiSelectSelector = t.Accent.SetString(t.Sym.Cursor + " ")
		f.Option = t.Text
		f.SelectedOption = t.Strong
		f.UnselectedOption = t.Text
		f.SelectedPrefix = t.Good.SetString("[x] ")
		f.UnselectedPrefix = t.Muted.SetString("[ ] ")
		f.NextIndicator = t.Muted.SetString(t.Sym.Down)
		f.PrevIndicator = t.Muted.SetString(t.Sym.Up)
		f.TextInput.Prompt = t.Accent
		f.TextInput.Placeholder = t.Muted
		f.TextInput.Cursor = t.Accent
		s.Blurred = *f
		return s
	}
}
