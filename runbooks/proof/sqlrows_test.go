package proof

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lifeboat/aws/endpoint"
	"lifeboat/aws/endpoint/try"
)

// bank is a job's database, and what its seed steps gave.
type bank struct {
	*try.Server
	seeds map[string]map[string]any
}

func newBank(t testing.TB) *bank {
	b := &bank{try.New("p"), map[string]map[string]any{}}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func (b *bank) job(with map[string]any) Job {
	all := map[string]any{"instance": "db", "database": "app", "table": "ledger"}
	for k, v := range with {
		all[k] = v
	}
	return Job{Run: "run-1", With: all, Seeded: func(step string) (map[string]any, bool) { out, ok := b.seeds[step]; return out, ok },
		SQL: func(ctx context.Context, instance, database string) (endpoint.Conn, error) {
			return b.Connect(ctx, endpoint.Address{Instance: instance, Database: database, Password: "p"})
		}}
}

func (b *bank) seed(t testing.TB, step string, with map[string]any) map[string]any {
	t.Helper()
	out, err := seedRows(context.Background(), b.job(with))
	if err != nil {
		t.Fatal(err)
	}
	b.seeds[step] = out
	return out
}

func (b *bank) do(t testing.TB, text string) {
	t.Helper()
	c, _ := b.job(nil).SQL(context.Background(), "db", "app")
	if _, err := c.Run(context.Background(), text); err != nil {
		t.Fatal(err)
	}
}

func TestRowsAreProved(t *testing.T) {
	for name, c := range map[string]struct {
		damage string
		equal  int
		total  int
		says   []string
	}{
		"nothing":      {"select 1", 2500, 2500, nil},
		"one row gone": {"delete from ledger where id = 17", 2499, 2500, []string{"row 17 is missing"}},
		"many rows gone": {"delete from ledger where id between 3 and 2000 or id = 2500", 501, 2500,
			[]string{"rows 3 to 2000 are missing", "row 2500 is missing"}},
		"another text":    {"update ledger set text = 'it''s bad' where id = 1000", 2499, 2500, []string{`row 1000 holds "it's bad"`}},
		"another payload": {"update ledger set payload = 'x' where id = 1001", 2499, 2500, []string{"row 1001 holds another payload than was written"}},
		"rows too many": {"insert into ledger (id, text, payload) values (2501, 'new', 'x'), (0, 'old', 'y'), (9999, 'z', 'z'), (10000, 'z', 'z')", 2500, 2504,
			[]string{`row 0 was never written, and holds "old"`, `row 2501 was never written, and holds "new"`, `row 9999 was never written, and holds "z"`, "and 1 more"}},
		"no rows":  {"delete from ledger", 0, 2500, []string{"rows 1 to 2500 are missing"}},
		"no table": {"drop table ledger", 0, 2500, []string{"the table ledger is not there", "rows 1 to 2500 are missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBank(t)
			seeded := b.seed(t, "one", map[string]any{"rows": 2500.0, "text": "it's one"})
			b.do(t, c.damage)
			p, err := proveRows(context.Background(), b.job(nil), seeded)
			if err != nil {
				t.Fatal(err)
			}
			if p.OK != (c.says == nil) || p.Equal != c.equal || p.Total != c.total || !slices.Equal(p.Different, c.says) {
				t.Errorf("%+v", p)
			}
			if (p.Fingerprint == p.Expected) != p.OK || p.Expected != seeded["Fingerprint"] {
				t.Errorf("OK %v, fingerprint %s, expected %s, seeded %v", p.OK, p.Fingerprint, p.Expected, seeded["Fingerprint"])
			}
			if (p.Count > 0) == p.Newest.IsZero() {
				t.Errorf("%d rows came back, the newest of %s", p.Count, p.Newest)
			}
		})
	}
}

// A seed that was cut off anywhere and is repeated leaves exactly its rows.
func TestSeedIsRepeatable(t *testing.T) {
	for cut := 0; cut < 8; cut++ {
		b := newBank(t)
		b.seed(t, "one", map[string]any{"rows": 700.0, "text": "one"})
		n := 0
		b.Hook = func(text string, done bool) error {
			if n++; n > cut {
				return &endpoint.Error{Kind: endpoint.Lost, MayHaveRun: true}
			}
			return nil
		}
		second := map[string]any{"rows": 1200.0, "from": 501.0, "text": "two", "base": "one"}
		if _, err := seedRows(context.Background(), b.job(second)); err == nil {
			t.Fatalf("cut off after %d moments, and no error", cut)
		}
		b.Hook = nil
		out := b.seed(t, "two", second)
		p, err := proveRows(context.Background(), b.job(nil), out)
		if err != nil || !p.OK || p.Total != 1700 || out["Count"] != 1200.0 {
			t.Errorf("cut off after %d moments: %+v %v", cut, p, err)
		}
	}
}

// However seeds lie over each other, the rows that come back are the last one's of each id.
func TestSeedsOverSeeds(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var all []span
		want := map[int]string{}
		for i := range rapid.IntRange(1, 6).Draw(r, "seeds") {
			from := rapid.IntRange(1, 40).Draw(r, "from")
			s := span{From: from, To: from + rapid.IntRange(0, 30).Draw(r, "more"), Text: fmt.Sprint("text ", i)}
			all = append(all, s)
			for id := s.From; id <= s.To; id++ {
				want[id] = s.Text
			}
		}
		e := newExpectation(all)
		if e.total != len(want) {
			r.Fatalf("%d rows, want %d: %v", e.total, len(want), all)
		}
		last := 0
		for {
			id, of, ok := e.peek()
			if !ok {
				break
			}
			if id <= last || want[id] != of.Text {
				r.Fatalf("row %d after %d is %q, want %q", id, last, of.Text, want[id])
			}
			last = id
			delete(want, id)
			e.advance()
		}
		if len(want) > 0 {
			r.Fatalf("left %v", want)
		}
	})
}

func TestWrongRows(t *testing.T) {
	b := newBank(t)
	for _, c := range []struct {
		with map[string]any
		says string
	}{
		{map[string]any{"rows": 0.0, "text": "a"}, "rows: 0"},
		{map[string]any{"rows": 1.5, "text": "a"}, "rows: 1.5"},
		{map[string]any{"rows": 1.0, "from": 0.0, "text": "a"}, "from: 0"},
		{map[string]any{"rows": 1.0, "text": strings.Repeat("a", 201)}, "text:"},
		{map[string]any{"rows": 1.0, "text": "a", "table": "ledger; drop table ledger"}, "is not the name of a table"},
		{map[string]any{"rows": 1.0, "text": "a", "base": "nobody"}, "nobody"},
	} {
		if _, err := seedRows(context.Background(), b.job(c.with)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v", c.with, err)
		}
	}
	if len(b.Texts()) > 0 {
		t.Errorf("ran %q", b.Texts())
	}
}

// SQL Server's dialect differs only where it must.
func TestDialects(t *testing.T) {
	for _, protocol := range []string{endpoint.Postgres, endpoint.SQLServer} {
		tab := &table{fixed(protocol), "dbo.ledger"}
		for _, text := range []string{tab.create(), tab.write("run", span{From: 1, To: 2, Text: "it's"}), tab.read(false, 0), tab.read(true, 7)} {
			server := strings.Contains(text, "object_id") || strings.Contains(text, "N'it''s'") || strings.Contains(text, "top (1000)")
			if server != (protocol == endpoint.SQLServer) {
				t.Errorf("%s: %s", protocol, text)
			}
		}
	}
}

type fixed string

func (f fixed) Protocol() string { return string(f) }
func (fixed) Close() error       { return nil }
func (fixed) Run(context.Context, string, ...any) (endpoint.Answer, error) {
	return endpoint.Answer{}, nil
}

// Seed and proof of 100,000 rows, without a network.
func BenchmarkRows(b *testing.B) {
	for b.Loop() {
		k := newBank(b)
		out := k.seed(b, "one", map[string]any{"rows": 100000.0, "text": "one"})
		if p, err := proveRows(context.Background(), k.job(nil), out); err != nil || !p.OK || p.Total != 100000 {
			b.Fatal(p, err)
		}
	}
}
