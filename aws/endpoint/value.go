package endpoint

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// exact is the greatest whole number up to which a float64 holds every one.
const exact = 1 << 53

// whole gives a whole number as a float64 where that is exact, else its digits.
func whole(n int64) any {
	if n > exact || n < -exact {
		return strconv.FormatInt(n, 10)
	}
	return float64(n)
}

// finite gives a number, or its name where it is none that JSON knows.
func finite(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return f
}

// decimal gives a number written in digits: as a float64 where that loses nothing but trailing zeros of a fraction, else its digits.
func decimal(digits string) any {
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return whole(n)
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil || math.Abs(f) > exact {
		return digits
	}
	return finite(f)
}

// moment writes a time as AWS answers carry it.
func moment(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// table gathers a result set.
type table struct {
	columns []string
	rows    []map[string]any
}

func newTable(names []string) *table {
	t := &table{columns: make([]string, 0, len(names)), rows: []map[string]any{}}
	for i, name := range names {
		if name == "" {
			name = "column"
		}
		if names[i] == "" || slices.Contains(t.columns, name) {
			name += strconv.Itoa(i + 1)
		}
		t.columns = append(t.columns, name)
	}
	return t
}

// add adds a row; false when there are too many.
func (t *table) add(values []any) bool {
	if len(t.rows) == MostRows {
		return false
	}
	row := make(map[string]any, len(values))
	for i, v := range values {
		row[t.columns[i]] = v
	}
	t.rows = append(t.rows, row)
	return true
}

// into makes the table the answer's.
func (t *table) into(a *Answer) { a.Columns, a.Rows = t.columns, t.rows }

// spelled is an argument as text, for servers that read it by the type it is used as; nil is NULL.
func spelled(arg any) []byte {
	switch v := arg.(type) {
	case nil:
		return nil
	case []byte:
		return fmt.Appendf(nil, `\x%x`, v)
	case time.Time:
		return []byte(moment(v))
	case float64:
		return strconv.AppendFloat(nil, v, 'g', -1, 64)
	}
	return fmt.Append(nil, arg)
}
