package tsql

import (
	"database/sql/driver"
	"strings"
	"testing"
	"time"

	"lifeboat/aws/sandbox/database/sqlserver/tds"

	"pgregory.net/rapid"
)

// TestGarbage: no text breaks the parser, and what it cannot read is an error with a number.
func TestGarbage(t *testing.T) {
	vocabulary := strings.Fields(`SELECT FROM WHERE ( ) , ; = < + * . @a @@ROWCOUNT 'text' N'x' [name] "n" 12 1.5 0x1F name t AS ON JOIN LEFT INSERT INTO VALUES UPDATE SET DELETE CREATE TABLE int IDENTITY PRIMARY KEY
		BEGIN END IF ELSE WHILE DECLARE EXEC TRY CATCH TRAN CASE WHEN THEN NULL NOT IN EXISTS BETWEEN AND OR LIKE IS UNION ALL ORDER BY GROUP HAVING TOP WITH OVER PARTITION CAST CONVERT COUNT ALTER DROP DATABASE GO`)
	rapid.Check(t, func(t *rapid.T) {
		batch := strings.Join(rapid.SliceOfN(rapid.SampledFrom(vocabulary), 0, 30).Draw(t, "words"), " ")
		if rapid.Bool().Draw(t, "raw") {
			batch = rapid.String().Draw(t, "text")
		}
		if _, err := Parse(batch, true); err != nil {
			if f, ok := err.(tds.Fault); !ok || f.Number == 0 || f.Message == "" {
				t.Fatalf("%q: %v is no error of SQL Server", batch, err)
			}
		}
	})
}

func TestDepth(t *testing.T) {
	for _, deep := range []string{strings.Repeat("(", 100_000), "SELECT " + strings.Repeat("(", 100_000) + "1", strings.Repeat("BEGIN ", 100_000), "SELECT " + strings.Repeat("-", 1) + strings.Repeat("~", 100_000) + "1", "IF " + strings.Repeat("NOT ", 100_000) + "1 = 1 SELECT 1",
		"SELECT * FROM " + strings.Repeat("(SELECT * FROM ", 100_000), strings.Repeat("IF 1 = 1 ", 100_000), "SELECT " + strings.Repeat("CASE WHEN 1 = ", 100_000)} {
		if _, err := Parse(deep, true); err == nil {
			t.Errorf("%.40s... was read", deep)
		}
	}
}

func TestErrorLines(t *testing.T) {
	_, err := Parse("SELECT 1\n-- note\nSELECT 'two\nlines'\nSELECT )", true)
	if f, ok := err.(tds.Fault); !ok || f.Line != 5 || f.Number != 102 || f.Message != "Incorrect syntax near ')'." {
		t.Errorf("got %+v", err)
	}
}

func TestConvert(t *testing.T) {
	text, wide := tds.Type{Name: "varchar", Length: 30}, tds.Type{Name: "nvarchar", Length: 5}
	at := "2026-05-06 07:08:09.1234567"
	for _, c := range []struct {
		v        any
		from, to tds.Type
		style    int
		want     any
		number   int32
	}{
		{"  42 ", text, intType, 0, int64(42), 0},
		{"", text, intType, 0, int64(0), 0},
		{"4x", text, intType, 0, nil, 245},
		{"2147483648", text, intType, 0, nil, 248},
		{int64(300), intType, tds.Type{Name: "tinyint"}, 0, nil, 8115},
		{-1.9, floatType, intType, 0, int64(-1), 0},
		{"true", text, bitType, 0, int64(1), 0},
		{"1.005", text, tds.Type{Name: "decimal", Precision: 5, Scale: 2}, 0, 1.01, 0},
		{"1000", text, tds.Type{Name: "decimal", Precision: 4, Scale: 2}, 0, nil, 8115},
		{"abc", text, floatType, 0, nil, 8114},
		{"abcdefgh", text, wide, 0, "abcde", 0},
		{int64(123456), intType, wide, 0, nil, 8115},
		{"😀😀😀", wide, wide, 0, "😀😀", 0},
		{"ab", text, tds.Type{Name: "char", Length: 4}, 0, "ab  ", 0},
		{at, latestType, text, 0, at, 0},
		{at, latestType, text, 120, "2026-05-06 07:08:09", 0},
		{at, latestType, text, 127, "2026-05-06T07:08:09.1234567Z", 0},
		{at, latestType, text, 999, nil, NotUnderstood},
		{at, latestType, tds.Type{Name: "datetime"}, 0, "2026-05-06 07:08:09.1230000", 0},
		{at, latestType, tds.Type{Name: "date"}, 0, "2026-05-06", 0},
		{"2026-05-06T07:08:09Z", text, latestType, 0, "2026-05-06 07:08:09.0000000", 0},
		{"20260506", text, latestType, 0, "2026-05-06 00:00:00.0000000", 0},
		{"06/31/2026", text, latestType, 0, nil, 241},
		{"0001-01-01", text, tds.Type{Name: "datetime"}, 0, nil, 242},
		{"{6f9619ff-8b86-d011-b42d-00c04fc964ff}", text, tds.Type{Name: "uniqueidentifier"}, 0, "6F9619FF-8B86-D011-B42D-00C04FC964FF", 0},
		{"6f9619ff", text, tds.Type{Name: "uniqueidentifier"}, 0, nil, 8169},
		{int64(1), intType, tds.Type{Name: "uniqueidentifier"}, 0, nil, 529},
		{nil, text, intType, 0, nil, 0},
	} {
		got, err := Convert(c.v, c.from, c.to, c.style)
		f, _ := err.(tds.Fault)
		if f.Number != c.number || err == nil && got != c.want {
			t.Errorf("%v of %s to %s: got %v, %v; want %v, error %d", c.v, c.from, c.to, got, err, c.want, c.number)
		}
	}
}

func TestLike(t *testing.T) {
	for _, c := range []struct {
		s, pattern, escape string
		want               bool
	}{
		{"Hello", "h%o", "", true}, {"hello", "h_llo", "", true}, {"hello", "h_lo", "", false}, {"abc", "[a-c]b[^x]", "", true}, {"abx", "[a-c]b[^x]", "", false},
		{"50%", "50!%", "!", true}, {"50x", "50!%", "!", false}, {"a]b", "a]b", "", true}, {"[x", "[[]x", "", true}, {"abc  ", "abc", "", true}, {"", "%", "", true}, {"", "_", "", false},
		{strings.Repeat("a", 5000), strings.Repeat("a%", 50) + "b", "", false},
	} {
		got, err := likeArgs([]driver.Value{c.s, c.pattern, c.escape})
		if err != nil || got != isTrue(c.want) {
			t.Errorf("%.20q LIKE %.20q: got %v, %v", c.s, c.pattern, got, err)
		}
	}
}

// TestCompare: the collation is an order, and equal texts are those that differ in case and spaces at the end only.
func TestCompare(t *testing.T) {
	word := rapid.StringMatching(`[aAbBäÄß ]{0,4}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := word.Draw(t, "a"), word.Draw(t, "b"), word.Draw(t, "c")
		sign := func(n int) int { return min(max(n, -1), 1) }
		if sign(Compare(a, b)) != -sign(Compare(b, a)) {
			t.Fatalf("%q and %q", a, b)
		}
		if Compare(a, b) <= 0 && Compare(b, c) <= 0 && Compare(a, c) > 0 {
			t.Fatalf("%q, %q, %q are in no order", a, b, c)
		}
		same := strings.EqualFold(strings.TrimRight(a, " "), strings.TrimRight(b, " "))
		if (Compare(a, b) == 0) != same {
			t.Fatalf("%q and %q: %d", a, b, Compare(a, b))
		}
	})
}

// TestMoments: a moment is the same after it was kept and shown.
func TestMoments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-2_000_000_000, 4_000_000_000).Draw(t, "second"), 100*rapid.Int64Range(0, 9_999_999).Draw(t, "fraction")).UTC()
		kept := keepMoment(at, latestType)
		back, err := parseMoment(kept, latestType)
		if err != nil || !back.Equal(at) {
			t.Fatalf("%s became %s: %v", at, back, err)
		}
		once := keepMoment(at, tds.Type{Name: "datetime"})
		again, _ := parseMoment(once, latestType)
		if twice := keepMoment(again, tds.Type{Name: "datetime"}); once != twice {
			t.Fatalf("datetime %s is rounded to %s, then to %s", at, once, twice)
		}
	})
}
