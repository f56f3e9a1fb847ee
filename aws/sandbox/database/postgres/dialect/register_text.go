package dialect

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"database/sql/driver"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// textFunctions are those of texts, bytes and JSON that SQLite lacks or computes otherwise.
var textFunctions = map[string]body{
	"pg_upper":   func(a []driver.Value) (driver.Value, error) { return strings.ToUpper(str(a[0])), nil },
	"pg_lower":   func(a []driver.Value) (driver.Value, error) { return strings.ToLower(str(a[0])), nil },
	"pg_initcap": func(a []driver.Value) (driver.Value, error) { return initcap(str(a[0])), nil },
	"pg_reverse": func(a []driver.Value) (driver.Value, error) {
		r := []rune(str(a[0]))
		slices.Reverse(r)
		return string(r), nil
	},
	"pg_left": func(a []driver.Value) (driver.Value, error) {
		r := []rune(str(a[0]))
		return string(r[:cutAt(len(r), whole(a[1]))]), nil
	},
	"pg_right": func(a []driver.Value) (driver.Value, error) {
		r := []rune(str(a[0]))
		return string(r[len(r)-cutAt(len(r), whole(a[1])):]), nil
	},
	"pg_pad": func(a []driver.Value) (driver.Value, error) {
		return pad(str(a[0]), whole(a[1]), str(a[2]), whole(a[3]) != 0), nil
	},
	"pg_repeat":    repeat,
	"pg_substring": substring,
	"pg_split_part": func(a []driver.Value) (driver.Value, error) {
		return splitPart(str(a[0]), str(a[1]), whole(a[2]))
	},
	"pg_like": func(a []driver.Value) (driver.Value, error) { return likeMatch(str(a[0]), str(a[1]), str(a[2])) },
	"pg_ilike": func(a []driver.Value) (driver.Value, error) {
		return likeMatch(strings.ToLower(str(a[0])), strings.ToLower(str(a[1])), str(a[2]))
	},
	"pg_regexp": func(a []driver.Value) (driver.Value, error) {
		re, err := pattern(str(a[1]), whole(a[2]) != 0)
		if err != nil {
			return nil, err
		}
		return int64(bit(re.MatchString(str(a[0])))), nil
	},
	"pg_regexp_replace": regexpReplace,
	"pg_quote_ident":    func(a []driver.Value) (driver.Value, error) { return shownIdent(str(a[0])), nil },
	"pg_quote_literal":  func(a []driver.Value) (driver.Value, error) { return quote(str(a[0])), nil },
	"pg_md5":            func(a []driver.Value) (driver.Value, error) { return fmt.Sprintf("%x", md5.Sum(bytesOf(a[0]))), nil },
	"pg_sha256":         func(a []driver.Value) (driver.Value, error) { s := sha256.Sum256(bytesOf(a[0])); return s[:], nil },
	"pg_sha512":         func(a []driver.Value) (driver.Value, error) { s := sha512.Sum512(bytesOf(a[0])); return s[:], nil },
	"pg_encode":         encode,
	"pg_decode":         decode,
	"pg_join": func(a []driver.Value) (driver.Value, error) {
		items, err := Items(Text, str(a[0]))
		if err != nil {
			return nil, raised(err)
		}
		var out []string
		for _, v := range items {
			if v != nil {
				out = append(out, plain(v))
			} else if len(a) > 2 {
				out = append(out, str(a[2]))
			}
		}
		return strings.Join(out, str(a[1])), nil
	},
	"pg_json_get":  jsonGet,
	"pg_json_type": jsonType,
	"pg_json_list": func(a []driver.Value) (driver.Value, error) {
		if a[0] == nil || str(a[0]) == "[]" {
			return nil, nil
		}
		var items []json.RawMessage
		if err := json.Unmarshal([]byte(str(a[0])), &items); err != nil {
			return nil, err
		}
		parts := make([]string, len(items))
		for i, it := range items {
			parts[i] = string(it)
		}
		return "[" + strings.Join(parts, ", ") + "]", nil
	},
}

func initcap(s string) string {
	inside := false
	return strings.Map(func(r rune) rune {
		defer func() { inside = unicode.IsLetter(r) || unicode.IsDigit(r) }()
		if inside {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}

// cutAt is how many of n characters the first or last k are; a negative k is all but so many.
func cutAt(n int, k int64) int {
	if k < 0 {
		return max(0, n+int(max(k, int64(-n))))
	}
	return int(min(int64(n), k))
}

const longest = 1 << 28 // characters that a text made by a function may have

func pad(s string, n int64, with string, left bool) string {
	r := []rune(s)
	if n <= int64(len(r)) || with == "" {
		return string(r[:max(0, min(n, int64(len(r))))])
	}
	fill := []rune(strings.Repeat(with, int(min(n, longest))/len([]rune(with))+1))[:min(n, longest)-int64(len(r))]
	if left {
		return string(fill) + s
	}
	return s + string(fill)
}

func repeat(a []driver.Value) (driver.Value, error) {
	s, n := str(a[0]), max(0, whole(a[1]))
	if int64(len(s))*n > longest {
		return nil, raise("54000", "requested length too large")
	}
	return strings.Repeat(s, int(n)), nil
}

// substring counts from 1; a start before the text uses up length.
func substring(a []driver.Value) (driver.Value, error) {
	from, to := whole(a[1]), int64(1)<<40
	if len(a) > 2 {
		if whole(a[2]) < 0 {
			return nil, raise("22011", "negative substring length not allowed")
		}
		to = from + whole(a[2])
	}
	if b, ok := a[0].([]byte); ok {
		n := int64(len(b)) + 1
		from, to = max(1, min(from, n)), max(1, min(to, n))
		return b[from-1 : max(from, to)-1], nil
	}
	r := []rune(str(a[0]))
	n := int64(len(r)) + 1
	from, to = max(1, min(from, n)), max(1, min(to, n))
	return string(r[from-1 : max(from, to)-1]), nil
}

func splitPart(s, by string, n int64) (driver.Value, error) {
	if n == 0 {
		return nil, raise("22023", "field position must not be zero")
	}
	parts := []string{s}
	if by != "" {
		parts = strings.Split(s, by)
	}
	if n < 0 {
		n = int64(len(parts)) + n + 1
	}
	if n < 1 || n > int64(len(parts)) {
		return "", nil
	}
	return parts[n-1], nil
}

// likeMatch is LIKE: % is any characters, _ is one, the escape makes the next one plain.
func likeMatch(s, p, escape string) (driver.Value, error) {
	text, form := []rune(s), []rune(p)
	esc := rune(-1)
	if r := []rune(escape); len(r) == 1 {
		esc = r[0]
	} else if len(r) > 1 {
		return nil, raise("22025", "invalid escape string")
	}
	star, mark := -1, 0
	i, j := 0, 0
	for i < len(text) {
		switch {
		case j < len(form) && form[j] == esc && esc >= 0:
			if j+1 >= len(form) {
				return nil, raise("22025", "LIKE pattern must not end with escape character")
			}
			if text[i] == form[j+1] {
				i, j = i+1, j+2
				continue
			}
		case j < len(form) && form[j] == '%':
			star, mark = j, i
			j++
			continue
		case j < len(form) && (form[j] == '_' || form[j] == text[i]):
			i, j = i+1, j+1
			continue
		}
		if star < 0 {
			return int64(0), nil
		}
		mark++
		i, j = mark, star+1
	}
	for j < len(form) && form[j] == '%' {
		j++
	}
	return int64(bit(j == len(form))), nil
}

// pattern compiles a regular expression of Postgres.
func pattern(p string, fold bool) (*regexp.Regexp, error) {
	if fold {
		p = "(?i)" + p
	}
	re, err := regexp.Compile("(?s)" + p)
	if err != nil {
		return nil, raise("2201B", "invalid regular expression, or one the sandbox does not know: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return re, nil
}

var backReference = regexp.MustCompile(`\\([0-9&\\])`)

func regexpReplace(a []driver.Value) (driver.Value, error) {
	flags := str(a[3])
	re, err := pattern(str(a[1]), strings.Contains(flags, "i"))
	if err != nil {
		return nil, err
	}
	with := backReference.ReplaceAllStringFunc(strings.ReplaceAll(str(a[2]), "$", "$$"), func(m string) string {
		if m[1] == '&' {
			return "${0}"
		}
		return "${" + m[1:] + "}"
	})
	s := str(a[0])
	if strings.Contains(flags, "g") {
		return re.ReplaceAllString(s, with), nil
	}
	at := re.FindStringSubmatchIndex(s)
	if at == nil {
		return s, nil
	}
	return s[:at[0]] + string(re.ExpandString(nil, with, s, at)) + s[at[1]:], nil
}

func encode(a []driver.Value) (driver.Value, error) {
	b := bytesOf(a[0])
	switch str(a[1]) {
	case "hex":
		return hex.EncodeToString(b), nil
	case "base64":
		return base64Lines(b), nil
	}
	return nil, raise("22023", "unrecognized encoding: %q", str(a[1]))
}

func decode(a []driver.Value) (driver.Value, error) {
	s := strings.Join(strings.Fields(str(a[0])), "")
	var b []byte
	var err error
	switch str(a[1]) {
	case "hex":
		b, err = hex.DecodeString(s)
	case "base64":
		b, err = base64.StdEncoding.DecodeString(s)
	default:
		return nil, raise("22023", "unrecognized encoding: %q", str(a[1]))
	}
	if err != nil {
		return nil, raise("22023", "invalid %s data", str(a[1]))
	}
	return b, nil
}
