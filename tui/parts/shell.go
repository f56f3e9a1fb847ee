package parts

import (
	"regexp"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Shell breaks bash commands into lines of at most w cells that are still the same commands: between words with a backslash,
// before an option where that is enough, and inside a quoted document after its commas, where JSON and the aws
// CLI's shorthand may both have a space. A single word that has no such place stays whole, however long.
func Shell(commands string, w int) []string {
	var out []string
	for _, command := range split(commands, '\n') {
		l := &shellLines{w: max(w, 12)}
		for i, option := range options(split(command, ' ')) {
			if i > 0 && !l.room(" "+strings.Join(option, " ")) {
				l.next(" \\", "  ")
			}
			for _, word := range option {
				l.word(word)
			}
		}
		out = append(append(out, l.done...), l.line)
	}
	return out
}

// shellLines are the lines of a command in the making.
type shellLines struct {
	done []string
	line string
	w    int
}

func (l *shellLines) room(s string) bool {
	return ansi.StringWidth(l.line)+ansi.StringWidth(s) <= l.w-2 // a backslash may follow
}

func (l *shellLines) next(end, indent string) {
	l.done, l.line = append(l.done, l.line+end), indent
}

func (l *shellLines) blank() bool { return strings.TrimSpace(l.line) == "" }

func (l *shellLines) word(word string) {
	if !l.blank() {
		if l.room(" " + word) {
			l.line += " " + word
			return
		}
		l.next(" \\", "    ")
	}
	for n, line := range strings.Split(word, "\n") { // of a text in quotes, SQL for one
		if n > 0 {
			l.next("", "")
		}
		for _, piece := range loose(line) {
			if !l.blank() && !l.room(piece) {
				l.next("", "    ")
			}
			l.line += piece
		}
	}
}

// options puts every option together with its values.
func options(words []string) [][]string {
	var out [][]string
	for _, word := range words {
		if len(out) == 0 || strings.HasPrefix(word, "--") {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], word)
	}
	return out
}

// split cuts a command at every separator that bash would see as one: outside of quotes.
func split(s string, at byte) []string {
	var out []string
	var quote byte
	start := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote == 0 && c == '\\', quote == '"' && c == '\\':
			i++
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case c == quote:
			quote = 0
		case quote == 0 && c == at:
			if i > start {
				out = append(out, s[start:i])
			}
			start = i + 1
		}
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

var document = regexp.MustCompile(`^'([\[{]|[A-Za-z]+=)`)

// loose cuts a word where a space or a line's end may be put in without a change of what it means.
func loose(word string) []string {
	if !document.MatchString(word) {
		return []string{word}
	}
	var out []string
	start, text := 0, false
	for i := 0; i < len(word); i++ {
		switch c := word[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case !text && c == ',':
			out, start = append(out, word[start:i+1]), i+1
		}
	}
	return append(out, word[start:])
}
