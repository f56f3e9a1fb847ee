package dialect

import (
	"strings"
	"unicode/utf8"
)

type kind uint8

const (
	end     kind = iota
	word         // an identifier or a keyword, folded to lower case
	quoted       // "Identifier"
	literal      // 'string', E'string', $$string$$: text is the value
	bits         // B'..' and X'..'
	number
	param  // $1: text is the number
	symbol // operators and punctuation
)

type token struct {
	kind kind
	text string
	pos  int // byte offset in the source
	end  int
}

// Source is one statement: its text and its tokens.
type Source struct {
	Text   string
	tokens []token
}

// Split reads a string of statements into its statements; empty ones fall out, as in Postgres.
func Split(text string) ([]Source, error) {
	all, err := lex(text)
	if err != nil {
		return nil, err
	}
	var out []Source
	first := 0
	for i, t := range all {
		if t.kind != end && !(t.kind == symbol && t.text == ";") {
			continue
		}
		if i > first {
			from := all[first].pos
			part := make([]token, 0, i-first+1)
			for _, t := range all[first:i] {
				t.pos, t.end = t.pos-from, t.end-from
				part = append(part, t)
			}
			part = append(part, token{text: t.text, pos: t.pos - from, end: t.pos - from})
			out = append(out, Source{Text: text[from:all[i-1].end], tokens: part})
		}
		first = i + 1
	}
	return out, nil
}

type lexer struct {
	src string
	at  int
	out []token
}

// lex cuts a text into tokens by the rules of "SQL Syntax: Lexical Structure" in Postgres's manual.
func lex(src string) ([]token, error) {
	l := &lexer{src: src}
	for {
		if err := l.space(); err != nil {
			return nil, err
		}
		if l.at >= len(src) {
			l.out = append(l.out, token{pos: len(src), end: len(src)})
			return l.out, nil
		}
		if err := l.next(); err != nil {
			return nil, err
		}
	}
}

func (l *lexer) space() error {
	for l.at < len(l.src) {
		switch rest := l.src[l.at:]; {
		case strings.IndexByte(" \t\r\n\f\v", rest[0]) >= 0:
			l.at++
		case strings.HasPrefix(rest, "--"):
			if i := strings.IndexByte(rest, '\n'); i >= 0 {
				l.at += i + 1
			} else {
				l.at = len(l.src)
			}
		case strings.HasPrefix(rest, "/*"):
			n := commentLength(rest)
			if n < 0 {
				return Errorf("42601", "unterminated /* comment at or near %q", rest)
			}
			l.at += n
		default:
			return nil
		}
	}
	return nil
}

// commentLength is the length of the comment at the beginning of s, -1 where it never ends. Comments nest in Postgres.
func commentLength(s string) int {
	depth := 0
	for i := 0; i+1 < len(s); i++ {
		switch s[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

func (l *lexer) next() error {
	start, c := l.at, l.src[l.at]
	following := byte(0)
	if l.at+1 < len(l.src) {
		following = l.src[l.at+1]
	}
	switch {
	case c == '\'':
		return l.text(start, start, false)
	case (c == 'e' || c == 'E') && following == '\'':
		return l.text(start, start+1, true)
	case strings.IndexByte("bBxX", c) >= 0 && following == '\'':
		if err := l.text(start, start+1, false); err != nil {
			return err
		}
		last := &l.out[len(l.out)-1]
		last.kind, last.text = bits, strings.ToLower(string(c))+last.text
		return nil
	case (c == 'u' || c == 'U') && strings.HasPrefix(l.src[l.at+1:], "&'"):
		return Unsupported("a string of the form U&'...'").at(token{pos: start})
	case c == '"':
		return l.quoted()
	case c == '$':
		return l.dollar(following)
	case c >= '0' && c <= '9', c == '.' && following >= '0' && following <= '9':
		l.number()
	case letter(c):
		for l.at < len(l.src) && (letter(l.src[l.at]) || l.src[l.at] >= '0' && l.src[l.at] <= '9' || l.src[l.at] == '$') {
			l.at++
		}
		l.emit(word, strings.ToLower(l.src[start:l.at]), start)
	default:
		return l.symbol()
	}
	return nil
}

func letter(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

func (l *lexer) emit(k kind, text string, start int) {
	l.out = append(l.out, token{kind: k, text: text, pos: start, end: l.at})
}

func (l *lexer) number() {
	start := l.at
	digits := func() {
		for l.at < len(l.src) && (l.src[l.at] >= '0' && l.src[l.at] <= '9' || l.src[l.at] == '_') {
			l.at++
		}
	}
	digits()
	if l.at < len(l.src) && l.src[l.at] == '.' && !strings.HasPrefix(l.src[l.at:], "..") {
		l.at++
		digits()
	}
	if l.at < len(l.src) && (l.src[l.at] == 'e' || l.src[l.at] == 'E') {
		n := l.at + 1
		if n < len(l.src) && (l.src[n] == '+' || l.src[n] == '-') {
			n++
		}
		if n < len(l.src) && l.src[n] >= '0' && l.src[n] <= '9' {
			l.at = n
			digits()
		}
	}
	l.emit(number, strings.ReplaceAll(l.src[start:l.at], "_", ""), start)
}

const operators = "+-*/<>=~!@#%^&|`?"

func (l *lexer) symbol() error {
	start := l.at
	rest := l.src[start:]
	if strings.HasPrefix(rest, "::") || strings.HasPrefix(rest, ":=") || strings.HasPrefix(rest, "..") {
		l.at += 2
		l.emit(symbol, rest[:2], start)
		return nil
	}
	n := 0
	for n < len(rest) && strings.IndexByte(operators, rest[n]) >= 0 && !strings.HasPrefix(rest[n:], "--") && !strings.HasPrefix(rest[n:], "/*") {
		n++
	}
	// an operator of more than one character ends in + or - only where it also holds one of ~!@#%^&|`?
	for n > 1 && (rest[n-1] == '+' || rest[n-1] == '-') && !strings.ContainsAny(rest[:n], "~!@#%^&|`?") {
		n--
	}
	if n == 0 {
		if strings.IndexByte("(),;.[]:", rest[0]) < 0 {
			r, size := utf8.DecodeRuneInString(rest)
			_ = size
			return Errorf("42601", "syntax error at or near %q", string(r)).at(token{pos: start})
		}
		n = 1
	}
	l.at += n
	text := rest[:n]
	if text == "!=" {
		text = "<>"
	}
	l.emit(symbol, text, start)
	return nil
}

// Ends tells whether a statement can end a transaction that has failed: nothing else is read then.
func (s Source) Ends() bool {
	first := s.tokens[0]
	return first.kind == word && (first.text == "commit" || first.text == "rollback" || first.text == "end" || first.text == "abort")
}
