package dialect

import (
	"strconv"
	"strings"
)

// text reads a string whose first quote is at open. Two strings with a line break between them are one.
func (l *lexer) text(start, open int, escapes bool) error {
	var b strings.Builder
	l.at = open + 1
	for {
		if l.at >= len(l.src) {
			return Errorf("42601", "unterminated quoted string at or near %q", l.src[start:]).at(token{pos: start})
		}
		switch c := l.src[l.at]; {
		case c == '\'' && strings.HasPrefix(l.src[l.at:], "''"):
			b.WriteByte('\'')
			l.at += 2
		case c == '\'':
			l.at++
			l.emit(literal, b.String(), start)
			return l.continued()
		case c == '\\' && escapes && l.at+1 < len(l.src):
			l.escape(&b)
		default:
			b.WriteByte(c)
			l.at++
		}
	}
}

func (l *lexer) continued() error {
	mine := len(l.out) - 1
	after := l.at
	for l.at < len(l.src) && strings.IndexByte(" \t\r\n", l.src[l.at]) >= 0 {
		l.at++
	}
	if l.at >= len(l.src) || l.src[l.at] != '\'' || !strings.ContainsAny(l.src[after:l.at], "\r\n") {
		l.at = after
		return nil
	}
	if err := l.text(l.at, l.at, false); err != nil {
		return err
	}
	l.out[mine].text += l.out[mine+1].text
	l.out[mine].end = l.at
	l.out = l.out[:mine+1]
	return nil
}

// escape reads one backslash escape of an E” string.
func (l *lexer) escape(b *strings.Builder) {
	c := l.src[l.at+1]
	l.at += 2
	digits := func(base, most int, start int) {
		n := start
		for n < len(l.src) && n-start < most && strings.IndexByte("0123456789abcdefABCDEF"[:map[int]int{8: 8, 16: 22}[base]], l.src[n]) >= 0 {
			n++
		}
		v, err := strconv.ParseUint(l.src[start:n], base, 32)
		if err != nil {
			b.WriteByte(c)
			return
		}
		l.at = n
		if c == 'u' || c == 'U' {
			b.WriteRune(rune(v))
		} else {
			b.WriteByte(byte(v))
		}
	}
	switch c {
	case 'n':
		b.WriteByte('\n')
	case 't':
		b.WriteByte('\t')
	case 'r':
		b.WriteByte('\r')
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case 'x':
		digits(16, 2, l.at)
	case 'u':
		digits(16, 4, l.at)
	case 'U':
		digits(16, 8, l.at)
	case '0', '1', '2', '3', '4', '5', '6', '7':
		digits(8, 3, l.at-1)
	default:
		b.WriteByte(c)
	}
}

func (l *lexer) quoted() error {
	start := l.at
	var b strings.Builder
	for l.at++; l.at < len(l.src); l.at++ {
		if l.src[l.at] != '"' {
			b.WriteByte(l.src[l.at])
			continue
		}
		if !strings.HasPrefix(l.src[l.at:], `""`) {
			l.at++
			if b.Len() == 0 {
				return Errorf("42601", `zero-length delimited identifier at or near """"`).at(token{pos: start})
			}
			l.emit(quoted, b.String(), start)
			return nil
		}
		l.at++
		b.WriteByte('"')
	}
	return Errorf("42601", "unterminated quoted identifier at or near %q", l.src[start:]).at(token{pos: start})
}

// dollar reads $1 and $tag$text$tag$.
func (l *lexer) dollar(following byte) error {
	start := l.at
	if following >= '0' && following <= '9' {
		for l.at++; l.at < len(l.src) && l.src[l.at] >= '0' && l.src[l.at] <= '9'; {
			l.at++
		}
		l.emit(param, l.src[start+1:l.at], start)
		return nil
	}
	n := start + 1
	for n < len(l.src) && (letter(l.src[n]) || n > start+1 && l.src[n] >= '0' && l.src[n] <= '9') {
		n++
	}
	if n >= len(l.src) || l.src[n] != '$' {
		return Errorf("42601", `syntax error at or near "$"`).at(token{pos: start})
	}
	tag := l.src[start : n+1]
	i := strings.Index(l.src[n+1:], tag)
	if i < 0 {
		return Errorf("42601", "unterminated dollar-quoted string at or near %q", l.src[start:]).at(token{pos: start})
	}
	l.at = n + 1 + i + len(tag)
	l.emit(literal, l.src[n+1:n+1+i], start)
	return nil
}
