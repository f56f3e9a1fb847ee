package tsql

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind uint8

const (
	end         kind = iota
	word             // a name or keyword
	quoted           // [name] or "name"
	text             // 'text' or N'text'
	number           // 12, 1.5, 1e3
	hexadecimal      // 0x12AB
	variable         // @name
	global           // @@NAME
	operator         // everything else
)

// token is one word of a batch.
type token struct {
	kind  kind
	text  string // as it stands; of quoted and text what it means
	line  int
	upper string // of words
	wide  bool   // N'text'

	double bool // "name"
}

// is tells whether t is the keyword or operator s, in upper case.
func (t token) is(s string) bool {
	return t.kind == word && t.upper == s || t.kind == operator && t.text == s
}

// shown is t as an error quotes it.
func (t token) shown() string {
	if t.kind == end {
		return "end of batch"
	}
	return t.text
}

// operators of two characters come first: the longest fits.
var operators = []string{"<>", "!=", "<=", ">=", "!<", "!>", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "::",
	"(", ")", ",", ";", ".", "=", "<", ">", "+", "-", "*", "/", "%", "&", "|", "^", "~", ":"}

// lex cuts a batch into tokens, the last of which has kind end. Comments and space are left out.
func lex(batch string) ([]token, error) {
	var tokens []token
	line := 1
	for rest := batch; ; {
		trimmed, err := skipSpace(rest)
		if err != nil {
			return nil, err
		}
		line += strings.Count(rest[:len(rest)-len(trimmed)], "\n")
		rest = trimmed
		if rest == "" {
			return append(tokens, token{kind: end, line: line}), nil
		}
		t, n, err := next(rest)
		if err != nil {
			return nil, err
		}
		t.line = line
		if t.kind == word {
			t.upper = strings.ToUpper(t.text)
		}
		line += strings.Count(rest[:n], "\n")
		tokens, rest = append(tokens, t), rest[n:]
	}
}

// skipSpace leaves out space and comments; those between /* and */ nest.
func skipSpace(s string) (string, error) {
	for {
		s = strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '\uFEFF' })
		switch {
		case strings.HasPrefix(s, "--"):
			_, s, _ = strings.Cut(s, "\n")
		case strings.HasPrefix(s, "/*"):
			depth, i := 1, 2
			for ; depth > 0 && i < len(s); i++ {
				switch {
				case strings.HasPrefix(s[i:], "/*"):
					depth, i = depth+1, i+1
				case strings.HasPrefix(s[i:], "*/"):
					depth, i = depth-1, i+1
				}
			}
			if depth > 0 {
				return "", fault(113, "Missing end comment mark '*/'.")
			}
			s = s[i:]
		default:
			return s, nil
		}
	}
}

// next reads the token that s begins with and tells its length.
func next(s string) (token, int, error) {
	c := s[0]
	switch {
	case c == '\'':
		return delimited(s, 0, '\'', text)
	case (c == 'N' || c == 'n') && len(s) > 1 && s[1] == '\'':
		t, n, err := delimited(s, 1, '\'', text)
		t.wide = true
		return t, n, err
	case c == '[':
		return delimited(s, 0, ']', quoted)
	case c == '"':
		t, n, err := delimited(s, 0, '"', quoted)
		t.double = true
		return t, n, err
	case strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X"):
		n := 2 + span(s[2:], func(r rune) bool { return unicode.Is(unicode.ASCII_Hex_Digit, r) })
		return token{kind: hexadecimal, text: s[:n]}, n, nil
	case isDigit(rune(c)) || c == '.' && len(s) > 1 && isDigit(rune(s[1])):
		n := numberLength(s)
		return token{kind: number, text: s[:n]}, n, nil
	case strings.HasPrefix(s, "@@"):
		n := 2 + span(s[2:], isNamePart)
		return token{kind: global, text: s[:n]}, n, nil
	case c == '@':
		n := 1 + span(s[1:], isNamePart)
		return token{kind: variable, text: s[:n]}, n, nil
	}
	if r, _ := utf8.DecodeRuneInString(s); unicode.IsLetter(r) || r == '_' || r == '#' {
		n := span(s, isNamePart)
		return token{kind: word, text: s[:n]}, n, nil
	}
	for _, o := range operators {
		if strings.HasPrefix(s, o) {
			return token{kind: operator, text: o}, len(o), nil
		}
	}
	r, _ := utf8.DecodeRuneInString(s)
	return token{}, 0, near(string(r))
}

// delimited reads what stands from s[at] to the closing mark, which is doubled where it is meant itself.
func delimited(s string, at int, mark byte, k kind) (token, int, error) {
	var b strings.Builder
	for i := at + 1; i < len(s); i++ {
		if s[i] != mark {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == mark {
			b.WriteByte(mark)
			i++
			continue
		}
		return token{kind: k, text: b.String()}, i + 1, nil
	}
	return token{}, 0, fault(105, "Unclosed quotation mark after the character string '%s'.", b.String())
}

func numberLength(s string) int {
	n := span(s, isDigit)
	if n < len(s) && s[n] == '.' {
		n++
		n += span(s[n:], isDigit)
	}
	if n < len(s) && (s[n] == 'e' || s[n] == 'E') {
		sign := n + 1
		if sign < len(s) && (s[sign] == '+' || s[sign] == '-') {
			sign++
		}
		if digits := span(s[sign:], isDigit); digits > 0 {
			n = sign + digits
		}
	}
	return n
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isNamePart(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '$' || r == '#' || r == '@'
}

// span is the length of the longest beginning of s whose characters all are ok.
func span(s string, ok func(rune) bool) int {
	if i := strings.IndexFunc(s, func(r rune) bool { return !ok(r) }); i >= 0 {
		return i
	}
	return len(s)
}
