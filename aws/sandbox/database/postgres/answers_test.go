package postgres

import (
	"context"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var real = flag.String("postgres", "", "URL of a Postgres whose answers are written to testdata/answers.txt")

const answers = "testdata/answers.txt"

// ask runs one statement and writes down what comes back, as text.
func ask(c *pgx.Conn, sql string) string {
	var b strings.Builder
	results, err := c.PgConn().Exec(context.Background(), sql).ReadAll()
	for _, r := range results {
		if r.Err != nil {
			continue // what it began with does not matter
		}
		if len(r.FieldDescriptions) > 0 {
			var names []string
			for _, f := range r.FieldDescriptions {
				names = append(names, f.Name)
			}
			b.WriteString("= " + strings.Join(names, " | ") + "\n")
		}
		for _, row := range r.Rows {
			cells := make([]string, len(row))
			for i, v := range row {
				if cells[i] = strings.ReplaceAll(string(v), "\n", `\n`); v == nil {
					cells[i] = "<null>"
				}
			}
			b.WriteString("  " + strings.Join(cells, " | ") + "\n")
		}
		b.WriteString(". " + r.CommandTag.String() + "\n")
	}
	var e *pgconn.PgError
	if errors.As(err, &e) {
		b.WriteString("! " + e.Code + " " + e.Message + "\n")
	} else if err != nil {
		b.WriteString("! " + err.Error() + "\n")
	}
	return b.String()
}

// TestAnswersOfPostgres asks what a Postgres 15 was asked, and wants its answers: the file was written by one, with the flag
// -postgres and an empty database of collation C.
func TestAnswersOfPostgres(t *testing.T) {
	raw, err := os.ReadFile(answers)
	if err != nil {
		t.Fatal(err)
	}
	h := open(t)
	c := h.connect()
	if *real != "" {
		if c, err = pgx.Connect(t.Context(), *real); err != nil {
			t.Fatal(err)
		}
		defer c.Close(t.Context())
	}
	var written strings.Builder
	for _, block := range strings.Split(strings.TrimSpace(string(raw)), "\n\n") {
		sql, want, _ := strings.Cut(block, "\n")
		got := ask(c, sql)
		written.WriteString(sql + "\n" + got + "\n")
		if *real == "" && got != want+"\n" && want != "" {
			t.Errorf("%s\ngot:\n%swant:\n%s", sql, got, want)
		}
	}
	if *real != "" {
		if err := os.WriteFile(answers, []byte(written.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
