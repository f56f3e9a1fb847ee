package expr

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var scope = map[string]any{
	"run": "r1", "step": "first-snapshot", "home": "us-east-2", "now": "2026-11-23T21:00:00Z",
	"volume": map[string]any{"VolumeId": "vol-1", "Size": 1.0, "Tags": []any{map[string]any{"Key": "a", "Value": "b"}}},
	"list":   []any{map[string]any{"id": "x", "n": 1.0}, map[string]any{"id": "y", "n": 2.0}},
	"inputs": map[string]any{"zone": "us-east-2a"},
}

func TestEval(t *testing.T) {
	for source, want := range map[string]string{
		"volume.VolumeId":                   `"vol-1"`,
		"volume.Size == `1`":                `true`,
		"list[?id == 'y'].n | [0]":          `2`,
		"list[?id != $.run] | length(@)":    `2`,
		"max_by(list, &n).id":               `"y"`,
		"missing.thing":                     `null`,
		"tags('volume')[0].ResourceType":    `"volume"`,
		"tags('volume')[0].Tags[1]":         `{"Key":"lifeboat:step","Value":"r1/first-snapshot"}`,
		"tag_list()[2].Value":               `"lifeboat first-snapshot"`,
		`tag_map()."lifeboat:run"`:          `"r1"`,
		"tag_pairs('TagKey','TagValue')[0]": `{"TagKey":"lifeboat:run","TagValue":"r1"}`,
		"plus(now, '1d1h')":                 `"2026-11-24T22:00:00Z"`,
		"minus(now, '1s')":                  `"2026-11-23T20:59:59Z"`,
		"between(now, plus(now, '24h'))":    `86400`,
		"json({b: `1`, a: 'x'})":            `"{\"a\":\"x\",\"b\":1}"`,
		"sha256('')":                        `"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`,
		"now[11:16]":                        `"21:00"`,

		"differing({a: `1`, b: [`1`, `2`], c: 'x'}, {a: `1`, b: [`2`, `1`], d: `null`})": `[{"is":[2,1],"key":"b","was":[1,2]},{"is":null,"key":"c","was":"x"}]`,
		"differing(volume, volume)":            `[]`,
		"differing(volume, {Size: `1`})[].key": `["Tags","VolumeId"]`,
		"length(differing({a: `null`}, `{}`))": `0`,

		"let $v = volume in $v.VolumeId":     `"vol-1"`,
		"{id: volume.VolumeId, at: now}":     `{"at":"2026-11-23T21:00:00Z","id":"vol-1"}`,
		"volume.Size + `1` > `1` && !absent": `true`,
	} {
		got, err := Eval(source, scope)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if raw, _ := json.Marshal(got); string(raw) != want {
			t.Errorf("%s = %s, want %s", source, raw, want)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	for source, want := range map[string]string{
		"":                      "0: empty expression",
		"a.":                    "2: expected identifier, lbracket, or lbrace",
		"a[?b == 'c'":           "11: expected ], received: the end",
		"State = 'available'":   "0: = binds a $name inside let, write == to compare",
		"lenght(a)":             "0: there is no function lenght",
		"a && tags()":           "5: tags takes 1 argument, not 0",
		"join(',')":             "0: join takes 2 arguments, not 1",
		"a-b.c-":                "6: incomplete expression",
		"volume.VolumeId extra": "16: unexpected token at the end of the expression: a name",
	} {
		_, err := Compile(source)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%q: %v, want a syntax error", source, err)
			continue
		}
		if got := fmt.Sprintf("%d: %s", syntax.Offset, syntax.Text); got != want {
			t.Errorf("%q:\n got %s\nwant %s", source, got, want)
		}
	}
}

func TestRefs(t *testing.T) {
	for source, want := range map[string]string{
		"volume.VolumeId":                            "volume.VolumeId@0",
		"'volume.VolumeId'":                          "",
		"list[?id == $.run].n":                       "list.id@0 run@14 list.n@0",
		"a.b[0].c || d":                              "a.b.c@0 d@12",
		"max_by(points, &at).id":                     "points@7",
		"{a: x.y, b: x.z}":                           "x.y@4 x.z@12",
		"list | [0].id":                              "list.id@0",
		"let $v = volume in $v.VolumeId":             "volume@9",
		"json(`{\"volume\": 1}`) == volume.Tags[].a": "volume.Tags.a@25",
	} {
		e, err := Compile(source)
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		var got []string
		for _, r := range e.Refs() {
			got = append(got, fmt.Sprintf("%s@%d", r, r.Offset))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", source, got, want)
		}
	}
}

func TestRewrite(t *testing.T) {
	replace := func(name, field string) (string, bool) {
		switch {
		case name == "with" && field == "id":
			return "volume.VolumeId", true
		case name == "with" && field == "either":
			return "a.x || b", true
		case name == "inner":
			return "outer_inner", false
		}
		return "", false
	}
	for source, want := range map[string]string{
		"with.id":                      "volume.VolumeId",
		"with.either.Name":             "(a.x || b).Name",
		"list[?id == $.with.either]":   "list[?id == ($.a.x || $.b)]",
		"inner.Size == `1` && 'inner'": "outer_inner.Size == `1` && 'inner'",
		"list[?inner == $.inner.x]":    "list[?inner == $.outer_inner.x]",
		"with[0].id":                   "with[0].id",
	} {
		e, err := Compile(source)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Rewrite(replace); got != want {
			t.Errorf("%s: %s, want %s", source, got, want)
		}
		if _, err := Compile(e.Rewrite(replace)); err != nil {
			t.Errorf("%s: %v", source, err)
		}
	}
}

func str(s string) Value { return Value{Kind: Scalar, Scalar: s} }

func TestFill(t *testing.T) {
	v := Value{Kind: Mapping, Map: []KeyValue{
		{Name: "Size", Value: str("${{ volume.Size }}")},
		{Name: "Tags", Value: str("${{ volume.Tags }}")},
		{Name: "Text", Value: str("of ${{ run }}: ${{ volume.Size }} ${{ {a: {b: run}} }}")},
		{Name: "NotGiven", Value: Value{Kind: Scalar}},
		{Name: "List", Value: Value{Kind: Sequence, List: []Value{{Kind: Scalar, Scalar: int64(7)}, {Kind: Scalar, Scalar: true}, str("")}}},
	}}
	if err := v.Compile(); err != nil {
		t.Fatal(err)
	}
	got, err := Fill(v, scope)
	want := map[string]any{"Size": 1.0, "Tags": scope["volume"].(map[string]any)["Tags"], "Text": `of r1: 1 {"a":{"b":"r1"}}`, "List": []any{7.0, true, ""}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v\nwant %v", got, err, want)
	}
	if _, err := Fill(str("${{ gone.Id }}"), scope); err == nil || err.Error() != "gone.Id is null" {
		t.Errorf("a hole: %v", err)
	}
	if got := Preview(str("x ${{ gone.Id }}"), scope); got != "x <gone.Id>" {
		t.Errorf("preview: %v", got)
	}
}

func TestTextErrors(t *testing.T) {
	for s, want := range map[string]string{
		"a ${{ b ":         "2: ${{ is not closed, write }}",
		"a ${{ b. }} c":    "8: expected identifier, lbracket, or lbrace",
		"${{ }}":           "3: empty expression",
		"${{ '}}' }} ok":   "",
		"$ {{ not ours }}": "",
	} {
		_, err := ParseText(s)
		got := ""
		var syntax *SyntaxError
		if errors.As(err, &syntax) {
			got = fmt.Sprintf("%d: %s", syntax.Offset, syntax.Text)
		}
		if got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for s, want := range map[string]time.Duration{"90s": 90 * time.Second, "35d": 35 * 24 * time.Hour, "1d12h": 36 * time.Hour, "0.5d": 12 * time.Hour, "24h": 24 * time.Hour} {
		if got, err := Duration(s); err != nil || got != want {
			t.Errorf("%s = %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "d", "1w", "xd", "0d", "5"} {
		if d, err := Duration(s); err == nil {
			t.Errorf("%q = %v, want an error", s, d)
		}
	}
}

// No text makes the compiler, the evaluation or the templates panic, and what compiles has places inside the source.
func TestNothingPanics(t *testing.T) {
	token := rapid.SampledFrom([]string{"a", "b.c", "[", "]", "[?", "[*]", "[]", "{", "}", "(", ")", "&", "&&", "|", "||", "==", "=", "<", "'x'", "`1`", "`", "'",
		"\"q\"", "$", "$.", "@", ".", ",", ":", "*", "!", "-", "1", "0", "let", "$v", "in", "length", "tags(", "sort_by(", " ", "é", "${{", "}}"})
	rapid.Check(t, func(t *rapid.T) {
		source := strings.Join(rapid.SliceOfN(token, 0, 12).Draw(t, "tokens"), "")
		if rapid.Bool().Draw(t, "bytes") {
			source = rapid.String().Draw(t, "source")
		}
		if text, err := ParseText(source); err == nil {
			_, _ = text.Eval(scope)
		}
		e, err := Compile(source)
		if err != nil {
			return
		}
		_, _ = e.Eval(scope)
		for _, r := range e.Refs() {
			if r.Offset < 0 || r.Offset >= len(source) {
				t.Fatalf("%q: reference %s at %d", source, r, r.Offset)
			}
		}
		e.Rewrite(func(string, string) (string, bool) { return "x", false })
	})
}

func BenchmarkEval(b *testing.B) {
	e, _ := Compile("volume.Size == `1` && list[?id == 'y'].n | [0] == `2`")
	for b.Loop() {
		if _, err := e.Eval(scope); err != nil {
			b.Fatal(err)
		}
	}
}
