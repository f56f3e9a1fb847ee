package sqlserver

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestChecksum: CHECKSUM_AGG(BINARY_CHECKSUM(*)) does not depend on the order of rows, and changes with any value of any row.
func TestChecksum(t *testing.T) {
	db := lab(t)
	db.SetMaxOpenConns(1)
	exec(t, db, "CREATE TABLE c (id int, name nvarchar(50), n float, b varbinary(10))")
	sum := func(t *rapid.T, rows [][4]any) string {
		if _, err := db.Exec("DELETE c"); err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if _, err := db.Exec("INSERT c VALUES (@p1, @p2, @p3, @p4)", r[:]...); err != nil {
				t.Fatal(err)
			}
		}
		got, err := results(db, "SELECT CHECKSUM_AGG(BINARY_CHECKSUM(*)), COUNT(*) FROM c")
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) [4]any {
			return [4]any{rapid.Int32().Draw(t, "id"), rapid.StringMatching(`[a-zA-Z ']{0,10}`).Draw(t, "name"), rapid.Float64Range(-10, 10).Draw(t, "n"), rapid.SliceOfN(rapid.Byte(), 1, 10).Draw(t, "b")}
		}), 1, 8).Draw(t, "rows")
		before := sum(t, rows)
		shuffled := append([][4]any{}, rows...)
		rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if got := sum(t, shuffled); got != before {
			t.Fatalf("another order: %q, was %q", got, before)
		}
		i, j := rapid.IntRange(0, len(rows)-1).Draw(t, "row"), rapid.IntRange(0, 3).Draw(t, "column")
		switch v := rows[i][j].(type) {
		case int32:
			rows[i][j] = v ^ 1
		case string:
			rows[i][j] = v + "x"
		case float64:
			rows[i][j] = v + 1
		case []byte:
			rows[i][j] = append([]byte{v[0] ^ 0x80}, v[1:]...)
		}
		if got := sum(t, rows); got == before {
			t.Fatalf("column %d of row %d changed, the checksum did not: %q", j, i, got)
		}
	})
}

// BenchmarkRows writes 100,000 rows in batches of 1,000, counts them with their checksum, and reads them all.
func BenchmarkRows(b *testing.B) {
	const rows = 100_000
	for range b.N {
		b.StopTimer()
		db := lab(b)
		exec(b, db, "CREATE TABLE r (id int NOT NULL PRIMARY KEY, text nvarchar(100) NOT NULL, payload varbinary(100), written_at datetime2 NOT NULL DEFAULT SYSUTCDATETIME())")
		b.StartTimer()
		for at := 0; at < rows; at += 1000 {
			var s strings.Builder
			s.WriteString("INSERT r (id, text, payload) VALUES ")
			for i := at; i < at+1000; i++ {
				fmt.Fprintf(&s, "%s(%d, N'row %d', 0x%016x)", map[bool]string{true: "", false: ","}[i == at], i, i, i*7)
			}
			exec(b, db, s.String())
		}
		var n int
		var checksum int64
		if err := db.QueryRow("SELECT COUNT(*), CHECKSUM_AGG(BINARY_CHECKSUM(*)) FROM r").Scan(&n, &checksum); err != nil || n != rows {
			b.Fatal(n, err)
		}
		read, err := db.QueryContext(context.Background(), "SELECT * FROM r")
		if err != nil {
			b.Fatal(err)
		}
		for n = 0; read.Next(); n++ {
		}
		if err := read.Err(); err != nil || n != rows {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}
