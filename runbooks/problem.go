package runbooks

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"lifeboat/aws/spelling"
)

// Problem is one mistake in a file: where, what is wrong, and what to write instead.
type Problem struct {
	Pos     Pos
	Text    string
	Instead string
}

// String is the problem's one line: file:line:column: what is wrong; what to write instead. What is not known of the place
// is left out.
func (p Problem) String() string {
	line := p.Text
	if p.Pos.File != "" {
		line = p.Pos.String() + ": " + line
	}
	if p.Instead != "" {
		line += "; " + p.Instead
	}
	return line
}

// Error is the problem's line.
func (p Problem) Error() string { return p.String() }

// Problems are all mistakes of a file, as one error with a line each.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// sorted puts problems in the order of the file, each once.
func sorted(ps []Problem) []Problem {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		if a.Pos.Line != b.Pos.Line {
			return a.Pos.Line - b.Pos.Line
		}
		return a.Pos.Column - b.Pos.Column
	})
	return slices.Compact(ps)
}

// within gives the place of a byte offset in the text of the scalar that starts at p: past the quote, past escapes, on the
// right line of a block. Where the file does not have the text as it is (it was folded, or put in place of something else),
// that is the scalar's own place.
func within(lines []string, p Pos, scalar string, offset int) Pos {
	if p.Line < 1 || p.Line > len(lines) || p.Column < 1 || offset < 0 || offset > len(scalar) {
		return p
	}
	line := []rune(lines[p.Line-1])
	if p.Column > len(line) {
		return p
	}
	rest := scalar[offset:]
	if i := strings.IndexByte(rest, '\n'); i >= 0 {
		rest = rest[:i]
	}
	switch first := line[p.Column-1]; first {
	case '|', '>':
		row := p.Line + 1 + strings.Count(scalar[:offset], "\n")
		if row > len(lines) {
			return p
		}
		if at := strings.Index(lines[row-1], rest); at >= 0 && rest != "" {
			return Pos{File: p.File, Line: row, Column: utf8.RuneCountInString(lines[row-1][:at]) + 1}
		}
		return p
	case '\'', '"':
		escaped := strings.Count(scalar[:offset], string(first))
		if first == '"' {
			escaped += strings.Count(scalar[:offset], `\`)
		}
		at := p.Column + utf8.RuneCountInString(scalar[:offset]) + escaped
		return there(line, p, at, rest)
	}
	return there(line, p, p.Column-1+utf8.RuneCountInString(scalar[:offset]), rest)
}

// there is the place on p's line after `at` runes, if the file has the word there.
func there(line []rune, p Pos, at int, rest string) Pos {
	word := rest
	if i := strings.IndexFunc(rest, func(r rune) bool { return strings.ContainsRune(" '\"\\", r) }); i >= 0 {
		word = rest[:i]
	}
	if at > len(line) || !strings.HasPrefix(string(line[at:]), word) {
		return p
	}
	return Pos{File: p.File, Line: p.Line, Column: at + 1}
}

// write suggests the nearest right name, or lists them while they are few.
func write(wrong string, right []string) string {
	if n := spelling.Nearest(wrong, right); n != "" {
		return "write " + n
	}
	if len(right) == 0 {
		return "leave it out"
	}
	if len(right) > 12 {
		return fmt.Sprintf("write one of %s, ...", strings.Join(right[:12], ", "))
	}
	if len(right) == 1 {
		return "write " + right[0]
	}
	return "write one of " + strings.Join(right, ", ")
}
