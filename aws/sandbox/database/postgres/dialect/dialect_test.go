package dialect

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// env is a database with one table, and nothing else.
func env(t testing.TB) *Env {
	schema := &Schema{Tables: []*Table{{Name: "t", OID: 16385, Key: []string{"id"}, Columns: []Column{
		{Name: "id", Type: Type{OID: Int4}, NotNull: true}, {Name: "name", Type: Type{OID: Varchar, Mod: 24}}, {Name: "at", Type: Type{OID: Timestamptz}},
		{Name: "ok", Type: Type{OID: Bool}}, {Name: "n", Type: Type{OID: Numeric}}}}}}
	return &Env{Schema: schema, User: "postgres", Master: "postgres", Database: "app", Databases: []string{"app"}, Version: "16.4",
		Setting: func(string) (string, bool) { return "", false }}
}

func translate(t testing.TB, sql string) (*Statement, error) {
	t.Helper()
	src, err := Split(sql)
	if err != nil {
		return nil, err
	}
	if len(src) != 1 {
		t.Fatalf("%s: %d statements", sql, len(src))
	}
	return Translate(src[0], env(t), nil)
}

func TestTranslations(t *testing.T) {
	for _, c := range []struct{ sql, want, params string }{
		{"select id, name from t", `select "t"."id" as "id", "t"."name" as "name" from main."t" as "t"`, ""},
		{"SELECT * FROM public.t AS x WHERE x.id = $1", `select "x"."id" as "id", "x"."name" as "name", "x"."at" as "at", "x"."ok" as "ok", "x"."n" as "n" from main."t" as "x" where ("x"."id" = ?1)`, "integer"},
		{"select id / 2, n / 2 from t", `select pg_div("t"."id", 2) as "?column?", pg_ratio(1700, "t"."n", 2) as "?column?" from main."t" as "t"`, ""},
		{"select '12'::int + id from t", `select (12 + "t"."id") as "?column?" from main."t" as "t"`, ""},
		{"select 1 from t where at > '2026-03-01' and ok", `select 1 as "?column?" from main."t" as "t" where (("t"."at" > '2026-03-01 00:00:00.000000') and "t"."ok")`, ""},
		{"select name from t order by name desc limit $1", `select "t"."name" as "name" from main."t" as "t" order by 1 desc nulls first limit pg_amount('LIMIT', ?1)`, "bigint"},
		{"select name ilike $1 from t", `select (pg_ilike("t"."name", ?1, '\')) as "?column?" from main."t" as "t"`, "text"},
		{"insert into t (id, at) values ($1, now()), (2, '2026-03-01 12:00+02') returning id", `insert into main."t" as "t" ("id", "at") values (?1, pg_now()), (2, '2026-03-01 10:00:00.000000') returning "t"."id" as "id"`, "integer"},
		{"insert into t (id, name) values (1, 'a') on conflict (id) do update set name = excluded.name", `insert into main."t" as "t" ("id", "name") values (1, 'a') on conflict ("id") do update set "name" = "excluded"."name"`, ""},
		{"update t set ok = not ok, n = $2 where id = any($1)", `update main."t" as "t" set "ok" = (not "t"."ok"), "n" = ?2 where ("t"."id" in (select value from json_each(?1)))`, "integer[] numeric"},
		{"delete from t where name like 'a%'", `delete from main."t" as "t" where (pg_like("t"."name", 'a%', '\'))`, ""},
		{"truncate table t", `delete from main."t"`, ""},
		{"create table s (id bigserial primary key, a varchar(5) default 'x', b timestamptz default now())", `create table "s" ("id" INTEGER /*auto:serial int8*/ constraint "s_pkey" primary key autoincrement, "a" varchar(5) default ('x'), "b" timestamptz default (pg_now()))`, ""},
		{"alter table t add column j jsonb", `alter table main."t" add column "j" jsonb_text`, ""},
		{"create unique index on t (name)", `create unique index "t_name_idx" on "t" ("name")`, ""},
		{"select coalesce(name, $1) || E'\\n' from t", `select (coalesce("t"."name", ?1) || '` + "\n" + `') as "?column?" from main."t" as "t"`, "character varying"},
		{"select at + '1 hour' from t", `select pg_moment_plus("t"."at", '01:00:00', 1) as "?column?" from main."t" as "t"`, ""},
		{`select 1 as "T" /* a /* nested */ comment */ -- and another`, `select 1 as "T"`, ""},
	} {
		st, err := translate(t, c.sql)
		if err != nil {
			t.Errorf("%s: %v", c.sql, err)
			continue
		}
		var params []string
		for _, o := range st.Params {
			params = append(params, Type{OID: o}.String())
		}
		if got := strings.Join(st.SQL, "; "); got != c.want || strings.Join(params, " ") != c.params {
			t.Errorf("%s\ngot  %s (%s)\nwant %s (%s)", c.sql, got, params, c.want, c.params)
		}
	}
}

func TestErrorsPointAtTheirPlace(t *testing.T) {
	for _, c := range []struct {
		sql, code, text string
		position        int
	}{
		{"select nosuch from t", "42703", `column "nosuch" does not exist`, 8},
		{"select id from t where", "42601", "syntax error at end of input", 23},
		{"selec 1", "42601", `syntax error at or near "selec"`, 1},
		{"select 'x'::int", "22P02", `invalid input syntax for type integer: "x"`, 8},
		{"select * from t where id = name", "42883", "operator does not exist: integer = character varying", 26},
		{"select 'unended", "42601", `unterminated quoted string at or near "'unended"`, 8},
		{"insert into t (id) values (now())", "42804", `column "id" is of type integer but expression is of type timestamp with time zone`, 28},
		{"explain select 1", "0A000", "EXPLAIN is not supported by the sandbox", 1},
	} {
		_, err := translate(t, c.sql)
		e, ok := err.(*Error)
		if !ok || e.Code != c.code || e.Message != c.text || e.Position != c.position {
			t.Errorf("%s: %+v", c.sql, err)
		}
	}
}

func TestSplit(t *testing.T) {
	got, err := Split("; select ';' ; select $$;$$ -- ; \n; ;/* ; */ select \";\"")
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, s := range got {
		texts = append(texts, s.Text)
	}
	if want := "select ';'|select $$;$$|select \";\""; strings.Join(texts, "|") != want {
		t.Errorf("%q", texts)
	}
}

// Whatever is sent, it is translated or refused in Postgres's words.
func TestNothingBreaksTheParser(t *testing.T) {
	words := strings.Fields(`select insert into update delete from t where id name at = + - * / ( ) , . ; :: int text 'x' 1 2.5 $1 and or not in like is null
		case when then end group by order limit join on using as with values create table index drop begin copy set "q" [ ] array any exists now count over`)
	rapid.Check(t, func(r *rapid.T) {
		sql := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 1, 25).Draw(r, "words"), " ")
		sources, err := Split(sql)
		for _, s := range sources {
			if _, e := Translate(s, env(t), nil); e != nil {
				err = e
			}
		}
		if _, ours := err.(*Error); err != nil && !ours {
			r.Fatalf("%s: %v", sql, err)
		}
	})
}

// What a type reads, it writes so that it reads it again as the same.
func TestInputAndOutputAgree(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		o := rapid.SampledFrom([]OID{Int2, Int4, Int8, Bool, Text, Bytea, Timestamptz, Timestamp, Date, Time, Interval, UUID, Numeric, Float8, Int4.Array(), Text.Array()}).Draw(r, "type")
		typ := Type{OID: o}
		text := rapid.OneOf(rapid.StringMatching(`[a-z0-9{}",\\ :.-]{0,12}`), rapid.StringMatching(`-?[0-9]{1,6}(\.[0-9]{1,5})?`), rapid.StringMatching(`(19|20)[0-9]{2}-0[1-9]-[012][1-8]( [01][0-9]:[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?)?`),
			rapid.StringMatching(`\{[a-z0-9 "]{0,6}(,[a-z0-9]{1,3}){0,3}\}`), rapid.StringMatching(`-?[1-9] (day|month|hour)s? -?[0-9]{2}:[0-5][0-9]`)).Draw(r, "text")
		kept, err := typ.Input(text)
		if err != nil {
			return
		}
		shown, err := typ.Output(kept)
		if err != nil {
			r.Fatalf("%s %q was kept as %#v, which it does not write: %v", typ, text, kept, err)
		}
		again, err := typ.Input(shown)
		if err != nil {
			r.Fatalf("%s %q is written %q, which it does not read: %v", typ, text, shown, err)
		}
		if last, _ := typ.Output(again); last != shown {
			r.Fatalf("%s %q: %q, then %q", typ, text, shown, last)
		}
	})
}
