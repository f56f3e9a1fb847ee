package parts

import (
	tea "charm.land/bubbletea/v2"

	"lifeboat/tui/theme"
)

// Help is the table of keys over a screen: longer than a low terminal, so it scrolls; every other key closes it.
type Help struct {
	on bool
	Scroll
}

// Open shows the help from its top; On reports that it is shown.
func (h *Help) Open() { h.on, h.Scroll = true, Scroll{} }

// On reports that it is shown.
func (h *Help) On() bool { return h.on }

// Takes reports whether a key was for the help, and does it.
func (h *Help) Takes(key string) bool {
	if !h.on {
		return false
	}
	switch key {
	case "down", "j":
		h.By(1)
	case "up", "k":
		h.By(-1)
	case "pgdown", "space":
		h.Page(1)
	case "pgup":
		h.Page(-1)
	default:
		h.on = false
	}
	return true
}

// Draw gives the help as at most rows lines of w cells.
func (h *Help) Draw(t *theme.Theme, table []Key, w, rows int) []string {
	head := []string{"", t.Strong.Render("Keys"), ""}
	return append(head, h.Marked(t, KeyHelp(t, table, w), max(1, rows-len(head)))...)
}

// Foot says under the help how it is left.
func (h *Help) Foot(t *theme.Theme, w int) string {
	key := func(k, words string) string { return t.Key.Render(k) + " " + t.Muted.Render(words) + "   " }
	return Ends(" "+key("down, up, space", "scroll")+key("any other key", "back"), "", w)
}

// Board is the keys of a screen with what comes of pressing them: the help, and the sentence that was said last.
type Board struct {
	Table []Key
	Help  Help
	said  string
}

// Say shows a sentence in place of the footer until the next key.
func (b *Board) Say(s string) { b.said = s }

// Saved says how saving a file went.
func (b *Board) Saved(path string, err error) {
	if err != nil {
		b.Say("could not be saved: " + err.Error())
		return
	}
	b.Say("saved " + path)
}

// Press does a key, or says why it does nothing now.
func (b *Board) Press(name string) tea.Cmd {
	if b.Help.Takes(name) {
		return nil
	}
	b.said = ""
	cmd, why, _ := Press(b.Table, name)
	if why != "" {
		b.said = "not now: " + why
	}
	return cmd
}

// Foot is the rule and what stands below it: the keys, or the sentence that was said, which is whole however long it is.
func (b *Board) Foot(t *theme.Theme, w int) []string {
	line := Footer(t, b.Table, "?", w)
	switch {
	case b.Help.On():
		line = b.Help.Foot(t, w)
	case b.said != "":
		out := []string{Rule(t, w)}
		for i, l := range Wrap(Plain(b.said), max(1, w-4)) {
			sign := t.Accent.Render(t.Sym.Cursor)
			if i > 0 {
				sign = " "
			}
			out = append(out, " "+sign+" "+l)
		}
		return out
	}
	return []string{Rule(t, w), line}
}

// Said is a sentence in place of the footer, behind a sign.
func Said(t *theme.Theme, sign, words string, w int) string {
	return Ends(" "+t.Accent.Render(sign)+" "+Plain(words), "", w)
}
