package postgres

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestCopy(t *testing.T) {
	h := open(t)
	c := h.connect()
	h.exec(c, "create table t (id serial primary key, name varchar(10), ok boolean, at timestamptz)")
	for _, k := range []struct{ options, data, want string }{
		{"", "a\tt\t2026-03-01 10:00:00+00\n\\N\tf\t\\N\nb\\tc\\\\\t\\N\t2026-03-01\n", "a\tt\t2026-03-01 10:00:00+00\n\\N\tf\t\\N\nb\\tc\\\\\t\\N\t2026-03-01 00:00:00+00\n"},
		{"(format csv, header)", "name,ok,at\n\"a,\"\"b\"\"\",true,\n,,\n\"\",f,\"2026-03-01\"\n", "name,ok,at\n\"a,\"\"b\"\"\",t,\n,,\n\"\",f,2026-03-01 00:00:00+00\n"},
		{"(format csv, delimiter ';', null 'NULL')", "x;NULL;NULL\r\n\"line\nbreak\";1;NULL\r\n", "x;NULL;NULL\n\"line\nbreak\";t;NULL\n"},
	} {
		h.exec(c, "truncate t restart identity")
		tag, err := c.PgConn().CopyFrom(t.Context(), strings.NewReader(k.data), "copy t (name, ok, at) from stdin "+k.options)
		if err != nil {
			t.Fatalf("%s: %v", k.options, err)
		}
		var out bytes.Buffer
		back, err := c.PgConn().CopyTo(t.Context(), &out, "copy (select name, ok, at from t order by id) to stdout "+k.options)
		if err != nil || out.String() != k.want || back.RowsAffected() != tag.RowsAffected() {
			t.Errorf("%s: %q, want %q (%v)", k.options, out.String(), k.want, err)
		}
	}
	for data, code := range map[string]string{"a\n": "22P04", "a\tt\tnow\textra\n": "22P04", "a\tmaybe\t\\N\n": "22P02", "much too long\tt\t\\N\n": "22001"} {
		_, err := c.PgConn().CopyFrom(t.Context(), strings.NewReader(data), "copy t (name, ok, at) from stdin")
		if err == nil || !strings.Contains(err.Error(), code) {
			t.Errorf("%q: %v, want %s", data, err, code)
		}
	}
	if n := one[int](h, c, "select count(*) from t"); n != 2 {
		t.Errorf("%d rows, want those of the last copy that went through", n)
	}
}

func TestCopyFromRows(t *testing.T) {
	h := open(t)
	c := h.connect()
	h.exec(c, "create table t (id bigint primary key, note text, at timestamptz, raw bytea)")
	n, err := c.CopyFrom(t.Context(), pgx.Identifier{"t"}, []string{"id", "note", "at", "raw"}, pgx.CopyFromSlice(5000, func(i int) ([]any, error) {
		return []any{int64(i), fmt.Sprint("row ", i), h.now.Add(time.Duration(i) * time.Second), []byte{byte(i)}}, nil
	}))
	if err != nil || n != 5000 {
		t.Fatal(n, err)
	}
	if got := one[time.Time](h, c, "select max(at) from t where note = 'row 4999' and raw = '\\x87'"); !got.Equal(h.now.Add(4999 * time.Second)) {
		t.Errorf("the last row is of %v", got)
	}
}

// BenchmarkHundredThousandRows writes 100,000 rows through pgx in ten statements and reads them all back.
func BenchmarkHundredThousandRows(b *testing.B) {
	h := open(b)
	c := h.connect()
	for b.Loop() {
		h.exec(c, "drop table if exists t")
		h.exec(c, "create table t (id bigint primary key, payload text, written_at timestamptz default now())")
		for i := range 10 {
			h.exec(c, "insert into t (id, payload) select g, md5(g::text) from generate_series($1::int, $2) g", i*10_000+1, (i+1)*10_000)
		}
		rows, err := c.Query(b.Context(), "select id, payload, written_at from t order by id")
		if err != nil {
			b.Fatal(err)
		}
		var id, n int64
		var payload string
		var at time.Time
		if _, err := pgx.ForEachRow(rows, []any{&id, &payload, &at}, func() error { n++; return nil }); err != nil || n != 100_000 || id != n {
			b.Fatal(n, err)
		}
	}
}

// BenchmarkManyParameters writes 100,000 rows as values in statements of 1,000 rows.
func BenchmarkManyParameters(b *testing.B) {
	h := open(b)
	c := h.connect()
	var sql strings.Builder
	sql.WriteString("insert into t (id, payload) values ")
	for i := range 1000 {
		fmt.Fprintf(&sql, "%s($%d, $%d)", []string{"", ", "}[min(i, 1)], 2*i+1, 2*i+2)
	}
	for b.Loop() {
		h.exec(c, "drop table if exists t")
		h.exec(c, "create table t (id bigint primary key, payload text, written_at timestamptz default now())")
		for s := range 100 {
			args := make([]any, 0, 2000)
			for i := range 1000 {
				args = append(args, s*1000+i, "0123456789abcdef0123456789abcdef")
			}
			h.exec(c, sql.String(), args...)
		}
		if n := one[int](h, c, "select count(*) from t"); n != 100_000 {
			b.Fatal(n)
		}
	}
}
