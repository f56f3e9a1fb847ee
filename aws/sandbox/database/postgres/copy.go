package postgres

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"lifeboat/aws/sandbox/database/postgres/dialect"
)

// copy is COPY ... FROM STDIN and TO STDOUT.
func (c *session) copy(ctx context.Context, p *portal) error {
	if p.st.Copy.In {
		return c.copyIn(ctx, p)
	}
	return c.copyOut(ctx, p)
}

func copyFormats(task *dialect.CopyTask) (overall byte, columns []uint16) {
	if task.Format == "binary" {
		overall = asBinary
	}
	columns = make([]uint16, len(task.Columns))
	for i := range columns {
		columns[i] = uint16(overall)
	}
	return overall, columns
}

func (c *session) copyOut(ctx context.Context, p *portal) error {
	task := p.st.Copy
	if task.Format == "binary" {
		return dialect.Unsupported("COPY ... TO STDOUT in binary")
	}
	if err := c.start(ctx, p); err != nil {
		return err
	}
	overall, formats := copyFormats(task)
	c.b.Send(&pgproto3.CopyOutResponse{OverallFormat: overall, ColumnFormatCodes: formats})
	if task.Header {
		names := make([]*string, len(task.Columns))
		for i := range task.Columns {
			names[i] = &task.Columns[i].Name
		}
		c.b.Send(&pgproto3.CopyData{Data: copyLine(task, names)})
	}
	var n int64
	for size := 0; p.rows.Next(); n++ {
		cells := make([]*string, len(task.Columns))
		for i, v := range p.rows.Values() {
			if v == nil {
				continue
			}
			s, err := task.Columns[i].Type.Output(v)
			if err != nil {
				return err
			}
			cells[i] = &s
		}
		line := copyLine(task, cells)
		c.b.Send(&pgproto3.CopyData{Data: line})
		if size += len(line); size > chunk {
			size = 0
			if c.b.Flush() != nil {
				return errGone
			}
		}
	}
	if err := errors.Join(p.rows.Err(), p.rows.Close()); err != nil {
		return err
	}
	c.b.Send(&pgproto3.CopyDone{})
	return c.complete(p, n)
}

var copyEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\b", `\b`, "\f", `\f`, "\v", `\v`)

// copyLine writes one row; nil is null.
func copyLine(task *dialect.CopyTask, cells []*string) []byte {
	var b bytes.Buffer
	for i, s := range cells {
		if i > 0 {
			b.WriteByte(task.Delimiter)
		}
		switch {
		case s == nil:
			b.WriteString(task.Null)
		case task.Format == "text":
			out := copyEscapes.Replace(*s)
			if task.Delimiter != '\t' {
				out = strings.ReplaceAll(out, string(task.Delimiter), `\`+string(task.Delimiter))
			}
			b.WriteString(out)
		case *s == task.Null || strings.ContainsAny(*s, string(task.Delimiter)+string(task.Quote)+"\r\n") || *s == `\.` && len(cells) == 1:
			q, e := string(task.Quote), string(task.Escape)
			out := *s
			if e != q {
				out = strings.ReplaceAll(out, e, e+e)
			}
			b.WriteString(q + strings.ReplaceAll(out, q, e+q) + q)
		default:
			b.WriteString(*s)
		}
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// copyIn reads the client's rows and inserts them, many at a time.
func (c *session) copyIn(ctx context.Context, p *portal) error {
	task := p.st.Copy
	if c.readOnly && c.block {
		return dialect.Errorf("25006", "cannot execute COPY FROM in a read-only transaction")
	}
	if err := c.begin(ctx); err != nil {
		return err
	}
	overall, formats := copyFormats(task)
	c.b.Send(&pgproto3.CopyInResponse{OverallFormat: overall, ColumnFormatCodes: formats})
	if c.b.Flush() != nil {
		return errGone
	}
	in := &intake{c: c, ctx: ctx, task: task}
	var failed error
	for {
		m, err := c.b.Receive()
		if err != nil {
			return errGone
		}
		switch m := m.(type) {
		case *pgproto3.CopyData:
			if failed == nil {
				failed = in.take(m.Data)
			}
			continue
		case *pgproto3.CopyDone:
			if failed == nil {
				failed = in.end()
			}
		case *pgproto3.CopyFail:
			failed = dialect.Errorf("57014", "COPY from stdin failed: %s", m.Message)
		case *pgproto3.Flush, *pgproto3.Sync:
			continue
		default:
			failed = dialect.Errorf("08P01", "unexpected message type during COPY from stdin")
		}
		if failed != nil {
			return failed
		}
		return c.complete(p, in.count)
	}
}

// intake gathers rows until there are enough of them for one INSERT.
type intake struct {
	c       *session
	ctx     context.Context
	task    *dialect.CopyTask
	rest    []byte // the beginning of a row whose end has not come
	started bool   // the header is behind us
	ended   bool
	values  []any
	rows    int
	count   int64
}

// variables is how many values one INSERT takes: SQLite's limit is 32,766.
const variables = 8_000

func (in *intake) take(data []byte) error {
	in.rest = append(in.rest, data...)
	for !in.ended {
		n, err := in.one()
		if err != nil || n == 0 {
			return err
		}
		in.rest = in.rest[n:]
	}
	return nil
}

func (in *intake) end() error {
	if in.task.Format == "text" || in.task.Format == "csv" {
		if len(in.rest) > 0 && !in.ended {
			if err := in.take([]byte("\n")); err != nil {
				return err
			}
		}
		if len(in.rest) > 0 && !in.ended {
			return dialect.Errorf("22P04", "unterminated CSV quoted field")
		}
	}
	return in.flush()
}

// one reads the row at the beginning of what has come, and gives its length; 0 is that it is not whole yet.
func (in *intake) one() (int, error) {
	switch in.task.Format {
	case "binary":
		return in.binaryRow()
	case "csv":
		cells, n, err := csvRow(in.task, in.rest)
		if err != nil || n == 0 {
			return n, err
		}
		return n, in.line(cells)
	}
	n := bytes.IndexByte(in.rest, '\n') + 1
	if n == 0 {
		return 0, nil
	}
	line := strings.TrimSuffix(string(in.rest[:n-1]), "\r")
	if line == `\.` {
		in.ended = true
		return n, nil
	}
	return n, in.line(textRow(in.task, line))
}

// line takes a row of texts; nil is null.
func (in *intake) line(cells []*string) error {
	if !in.started {
		in.started = true
		if in.task.Header {
			return nil
		}
	}
	columns := in.task.Columns
	switch {
	case len(cells) == 1 && cells[0] != nil && *cells[0] == `\.`:
		in.ended = true
		return nil
	case len(cells) < len(columns):
		return dialect.Errorf("22P04", "missing data for column %q", columns[len(cells)].Name)
	case len(cells) > len(columns):
		return dialect.Errorf("22P04", "extra data after last expected column")
	}
	for i, s := range cells {
		if s == nil {
			in.values = append(in.values, nil)
			continue
		}
		v, err := columns[i].Type.Input(*s)
		if err != nil {
			return err
		}
		in.values = append(in.values, v)
	}
	return in.added()
}

func (in *intake) added() error {
	in.rows++
	if len(in.values)+len(in.task.Columns) > variables {
		return in.flush()
	}
	return nil
}

// flush inserts the rows that were gathered.
func (in *intake) flush() error {
	if in.rows == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString(in.task.Insert)
	n := 0
	for r := range in.rows {
		b.WriteString([]string{"(", ", ("}[min(r, 1)])
		for i, guard := range in.task.Guards {
			n++
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(strings.Replace(guard, "%s", "?"+strconv.Itoa(n), 1))
		}
		b.WriteString(")")
	}
	rows, err := in.c.sql.Run(in.ctx, b.String(), in.values...)
	if err != nil {
		return err
	}
	in.count += int64(in.rows)
	in.rows, in.values = 0, in.values[:0]
	return rows.Close()
}
