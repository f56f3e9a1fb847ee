package theme

import (
	"reflect"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestUTF8(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want bool
	}{
		{nil, true},
		{map[string]string{"LANG": "de_DE.UTF-8"}, true},
		{map[string]string{"LANG": "C.utf8"}, true},
		{map[string]string{"LANG": "C"}, false},
		{map[string]string{"LANG": "en_US.UTF-8", "LC_ALL": "POSIX"}, false},
		{map[string]string{"LANG": "en_US.UTF-8", "TERM": "linux"}, false},
	} {
		if got := UTF8(func(n string) string { return c.env[n] }); got != c.want {
			t.Errorf("%v: got %v", c.env, got)
		}
	}
}

// TestSymbols holds every sign to one cell, none of them braille or an emoji, and the ASCII ones to ASCII.
func TestSymbols(t *testing.T) {
	for name, s := range map[string]Symbols{"unicode": unicode, "ascii": ascii} {
		v := reflect.ValueOf(s)
		for i := range v.NumField() {
			signs := []string{}
			if f := v.Field(i); f.Kind() == reflect.String {
				signs = append(signs, f.String())
			} else {
				signs = append(signs, f.Interface().([]string)...)
			}
			for _, sign := range signs {
				r := []rune(sign)
				if ansi.StringWidth(sign) != len(r) || len(r) == 0 || r[0] >= 0x2800 || name == "ascii" && r[0] > 126 {
					t.Errorf("%s %s is %q", name, v.Type().Field(i).Name, sign)
				}
			}
		}
	}
}

func TestDark(t *testing.T) {
	for value, dark := range map[string]bool{"": true, "15;0": true, "0;15": false, "0;default;15": false, "0;7": false, "7;8": true, "nonsense": true} {
		if got := Dark(func(string) string { return value }); got != dark {
			t.Errorf("COLORFGBG=%q: dark is %v", value, got)
		}
	}
}
