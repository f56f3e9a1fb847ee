package postgres

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"

	"lifeboat/aws/sandbox/database/postgres/dialect"
)

// textRow cuts a line of the text format.
func textRow(task *dialect.CopyTask, line string) []*string {
	var out []*string
	for start, i := 0, 0; ; i++ {
		if i < len(line) && line[i] == '\\' {
			i++
			continue
		}
		if i >= len(line) || line[i] == task.Delimiter {
			raw := line[start:min(i, len(line))]
			if raw == task.Null {
				out = append(out, nil)
			} else {
				s := unescape(raw)
				out = append(out, &s)
			}
			if i >= len(line) {
				return out
			}
			start = i + 1
		}
	}
}

func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 >= len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if at := strings.IndexByte("bfnrtv", s[i]); at >= 0 {
			b.WriteByte("\b\f\n\r\t\v"[at])
			continue
		}
		if s[i] == 'x' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		if s[i] >= '0' && s[i] <= '7' {
			j := i
			for j < len(s) && j < i+3 && s[j] >= '0' && s[j] <= '7' {
				j++
			}
			n, _ := strconv.ParseUint(s[i:j], 8, 16)
			b.WriteByte(byte(n))
			i = j - 1
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// csvRow cuts the first row of CSV; its length is 0 where it is not whole.
func csvRow(task *dialect.CopyTask, data []byte) (cells []*string, n int, err error) {
	var b strings.Builder
	inside, wasQuoted := false, false
	add := func() {
		s := b.String()
		if !wasQuoted && s == task.Null {
			cells = append(cells, nil)
		} else {
			cells = append(cells, &s)
		}
		b.Reset()
		wasQuoted = false
	}
	for i := 0; i < len(data); i++ {
		c := data[i]
		switch {
		case inside && c == task.Escape && i+1 < len(data) && (data[i+1] == task.Quote || data[i+1] == task.Escape):
			i++
			b.WriteByte(data[i])
		case inside && c == task.Quote && i+1 == len(data):
			return nil, 0, nil // whether it is doubled, the next byte tells
		case c == task.Quote:
			inside, wasQuoted = !inside, true
		case inside:
			b.WriteByte(c)
		case c == task.Delimiter:
			add()
		case c == '\n':
			if s := b.String(); strings.HasSuffix(s, "\r") {
				b.Reset()
				b.WriteString(s[:len(s)-1])
			}
			add()
			return cells, i + 1, nil
		default:
			b.WriteByte(c)
		}
	}
	return nil, 0, nil
}

var binarySignature = []byte("PGCOPY\n\xff\r\n\x00")

// binaryRow reads the header or one row of the binary format.
func (in *intake) binaryRow() (int, error) {
	data := in.rest
	if !in.started {
		if len(data) < 19 {
			return 0, nil
		}
		if !bytes.HasPrefix(data, binarySignature) {
			return 0, dialect.Errorf("22P04", "COPY file signature not recognized")
		}
		n := 19 + int(binary.BigEndian.Uint32(data[15:]))
		if len(data) < n {
			return 0, nil
		}
		in.started = true
		return n, nil
	}
	if len(data) < 2 {
		return 0, nil
	}
	fields := int(int16(binary.BigEndian.Uint16(data)))
	if fields < 0 {
		in.ended = true
		return 2, nil
	}
	if fields != len(in.task.Columns) {
		return 0, dialect.Errorf("22P04", "row field count is %d, expected %d", fields, len(in.task.Columns))
	}
	before := len(in.values)
	at := 2
	for _, col := range in.task.Columns {
		if len(data) < at+4 {
			in.values = in.values[:before]
			return 0, nil
		}
		size := int(int32(binary.BigEndian.Uint32(data[at:])))
		at += 4
		if size < 0 {
			in.values = append(in.values, nil)
			continue
		}
		if len(data) < at+size {
			in.values = in.values[:before]
			return 0, nil
		}
		v, err := in.c.codec.decode(col.Type, asBinary, data[at:at+size])
		if err != nil {
			return 0, err
		}
		in.values = append(in.values, v)
		at += size
	}
	return at, in.added()
}
