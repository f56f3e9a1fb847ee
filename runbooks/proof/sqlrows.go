package proof

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"lifeboat/aws/endpoint"
	"lifeboat/runbooks/journal"
)

const (
	// batch is how many rows one statement writes: few round trips, and a statement that is no megabyte. SQL Server takes at
	// most 1,000 ("Table value constructor").
	batch = 500
	// mostRows is how many rows a seed writes at the most.
	mostRows = 10_000_000
)

// Payload is the known content of one row, 64 letters.
func Payload(run, text string, id int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "lifeboat known data\nrun   %s\ntext  %s\nrow   %d\n", run, text, id))
	return hex.EncodeToString(sum[:])
}

// seedRows writes rows From..From+rows-1 into a table, which it creates when it is not there. A row has id, text, payload and
// written_at, the database's own time. Rows of these ids that are there already are replaced: a repeated seed leaves the same.
func seedRows(ctx context.Context, j Job) (map[string]any, error) {
	mine, err := writes(j)
	if err != nil {
		return nil, err
	}
	all, err := baseRows(j)
	if err != nil {
		return nil, err
	}
	t, err := openTable(ctx, j)
	if err != nil {
		return nil, err
	}
	defer t.close()
	if _, err := t.conn.Run(ctx, t.create()); err != nil {
		return nil, err
	}
	for at := mine.From; at <= mine.To; at += batch {
		part := span{From: at, To: min(at+batch-1, mine.To), Text: mine.Text}
		if _, err := t.conn.Run(ctx, t.write(j.Run, part)); err != nil {
			return nil, err
		}
		j.progress(part.To-mine.From+1, mine.size())
	}
	all = append(all, mine)
	want := newExpectation(all)
	ranges := make([]any, len(all))
	for i, s := range all {
		ranges[i] = map[string]any{"From": float64(s.From), "To": float64(s.To), "Text": s.Text}
	}
	return map[string]any{"Ranges": ranges, "Count": float64(mine.size()), "Total": float64(want.total), "Unit": "rows", "Fingerprint": want.fingerprint(addRow(j.Run))}, nil
}

// proveRows reads the whole table, page by page, and accounts for every row: those that were written, those that are missing, and
// those that nobody wrote. Nothing but one page is held.
func proveRows(ctx context.Context, j Job, seeded map[string]any) (journal.Proof, error) {
	all, err := seededRows(seeded)
	if err != nil {
		return journal.Proof{}, err
	}
	t, err := openTable(ctx, j)
	if err != nil {
		return journal.Proof{}, err
	}
	defer t.close()
	c := &rowComparison{tally: tally{one: "row", many: "rows", label: strconv.Itoa, want: newExpectation(all)}, run: j.Run, sum: sha256.New()}
	for last, more := 0, true; more; {
		answer, err := t.conn.Run(ctx, t.read(c.read > 0, last))
		var e *endpoint.Error
		if errors.As(err, &e) && (e.Code == "42P01" || e.Code == "208") { // undefined_table; invalid object name
			c.differ("the table %s is not there", t.name)
			break
		}
		if err != nil {
			return journal.Proof{}, err
		}
		for _, row := range answer.Rows {
			if last, err = c.row(row); err != nil {
				return journal.Proof{}, fmt.Errorf("table %s: %w", t.name, err)
			}
		}
		j.progress(c.read, max(c.read, c.want.total))
		more = len(answer.Rows) == endpoint.MostRows
	}
	return c.proof(), nil
}

// table is a table of known rows in an open session.
type table struct {
	conn endpoint.Conn
	name string
}

var tableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62})?$`)

func openTable(ctx context.Context, j Job) (*table, error) {
	text := func(name string) string { s, _ := j.With[name].(string); return s }
	if !tableName.MatchString(text("table")) {
		return nil, fmt.Errorf("table: %q is not the name of a table: write letters, digits and _", text("table"))
	}
	conn, err := j.SQL(ctx, text("instance"), text("database"))
	if err != nil {
		return nil, err
	}
	return &table{conn, text("table")}, nil
}

func (t *table) close() { _ = t.conn.Close() }

func (t *table) create() string {
	if t.conn.Protocol() == endpoint.SQLServer {
		return fmt.Sprintf("if object_id(N'%s') is null create table %s (id bigint not null primary key, text nvarchar(200) not null, payload nvarchar(64) not null, written_at datetime2 not null default sysutcdatetime())", t.name, t.name)
	}
	return fmt.Sprintf("create table if not exists %s (id bigint primary key, text varchar(200) not null, payload varchar(64) not null, written_at timestamptz not null default now())", t.name)
}

// write replaces the rows of a span.
func (t *table) write(run string, s span) string {
	literal := "'" + strings.ReplaceAll(s.Text, "'", "''") + "'"
	if t.conn.Protocol() == endpoint.SQLServer {
		literal = "N" + literal
	}
	var b strings.Builder
	fmt.Fprintf(&b, "delete from %s where id between %d and %d; insert into %s (id, text, payload) values ", t.name, s.From, s.To, t.name)
	for id := s.From; id <= s.To; id++ {
		if id > s.From {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "(%d, %s, '%s')", id, literal, Payload(run, s.Text, id))
	}
	return b.String()
}

// read gives the statement for a page: the first, or the one behind an id.
func (t *table) read(behind bool, last int) string {
	top, limit, where := "", fmt.Sprintf(" limit %d", endpoint.MostRows), ""
	if t.conn.Protocol() == endpoint.SQLServer {
		top, limit = fmt.Sprintf("top (%d) ", endpoint.MostRows), ""
	}
	if behind {
		where = fmt.Sprintf(" where id > %d", last)
	}
	return fmt.Sprintf("select %sid, text, payload, written_at from %s%s order by id%s", top, t.name, where, limit)
}

// writes is what a seed is to write.
func writes(j Job) (span, error) {
	rows, ok := number(j.With["rows"])
	if !ok || rows < 1 || rows > mostRows {
		return span{}, fmt.Errorf("rows: %v is not a number of rows from 1 to %d", j.With["rows"], mostRows)
	}
	from := 1
	if v, given := j.With["from"]; given && v != nil {
		if from, ok = number(v); !ok || from < 1 {
			return span{}, fmt.Errorf("from: %v is not the id of a row, from 1", v)
		}
	}
	text, _ := j.With["text"].(string)
	if len(text) > 200 {
		return span{}, fmt.Errorf("text: it is longer than 200 characters")
	}
	return span{From: from, To: from + rows - 1, Text: text}, nil
}

// baseRows gives what the step that With["base"] names has written, its own base included; nothing when there is none.
func baseRows(j Job) ([]span, error) {
	name, _ := j.With["base"].(string)
	if name == "" {
		return nil, nil
	}
	seeded, ok := j.Seeded(name)
	if !ok {
		return nil, fmt.Errorf("base: the seed step %s has written nothing in this run", name)
	}
	return seededRows(seeded)
}

func seededRows(seeded map[string]any) ([]span, error) {
	list, _ := seeded["Ranges"].([]any)
	if len(list) == 0 {
		return nil, fmt.Errorf("the seed step has no list of rows: name a step that seeds sql-rows")
	}
	out := make([]span, len(list))
	for i, v := range list {
		m, _ := v.(map[string]any)
		from, okFrom := number(m["From"])
		to, okTo := number(m["To"])
		text, okText := m["Text"].(string)
		if !okFrom || !okTo || !okText {
			return nil, fmt.Errorf("the seed step's list of rows is damaged at position %d", i)
		}
		out[i] = span{From: from, To: to, Text: text}
	}
	return out, nil
}
