package sqlserver

import (
	"context"
	"database/sql"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mssql "github.com/microsoft/go-mssqldb"
)

func TestLogin(t *testing.T) {
	_, address := endpoint(t, nil)
	for _, c := range []struct {
		name, user, password, database string
		number                         int32
		text                           string
	}{
		{"right", "admin", "p@ss-wörd", "labdb", 0, ""},
		{"default database", "admin", "p@ss-wörd", "", 0, ""},
		{"wrong password", "admin", "wrong", "labdb", 18456, "Login failed for user 'admin'."},
		{"no such login", "who", "p@ss-wörd", "labdb", 18456, "Login failed for user 'who'."},
		{"no such database", "admin", "p@ss-wörd", "nope", 18456, "Login failed for user 'admin'."},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, err := sql.Open("sqlserver", fmt.Sprintf("server=127.0.0.1;port=%s;user id=%s;password=%s;database=%s;encrypt=disable", address[strings.LastIndex(address, ":")+1:], c.user, c.password, c.database))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			err = db.Ping()
			if errorNumber(err) != c.number || c.text != "" && !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %v, want %d %s", err, c.number, c.text)
			}
		})
	}
}

// TestEncryption logs in with every kind of encryption that a client may ask for.
func TestEncryption(t *testing.T) {
	s, address := endpoint(t, nil)
	certificate := filepath.Join(t.TempDir(), "server.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.tls.Certificates[0].Certificate[0]})
	if err := os.WriteFile(certificate, block, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, encrypt := range []string{"disable", "optional", "false", "mandatory", "true", "strict"} {
		t.Run(encrypt, func(t *testing.T) {
			db := dial(t, address, "labdb", "encrypt", encrypt, "certificate", certificate)
			long := strings.Repeat("ä", 50_000)
			var got string
			if err := db.QueryRow("SELECT @p1 + N'!'", long).Scan(&got); err != nil || got != long+"!" {
				t.Errorf("got %d characters, %v", len(got), err)
			}
		})
	}
}

// TestValues sends values of every type there and back, through a parameter and through a column.
func TestValues(t *testing.T) {
	db := lab(t)
	at := time.Date(2026, 3, 4, 5, 6, 7, 890123400, time.UTC)
	for _, c := range []struct {
		declared string
		value    any
		want     string
	}{
		{"int", int32(-7), "-7"}, {"bigint", int64(1) << 62, "4611686018427387904"}, {"smallint", int16(-32768), "-32768"}, {"tinyint", 255, "255"},
		{"bit", true, "true"}, {"float", 1.0 / 3, "0.3333333333333333"}, {"real", 0.5, "0.5"}, {"decimal(12,3)", -1234567.125, "-1234567.125"}, {"decimal(5,0)", "42", "42"},
		{"nvarchar(10)", "grün 😀", "grün 😀"}, {"nvarchar(max)", "it's", "it's"}, {"varchar(3)", mssql.VarChar("abc"), "abc"}, {"nchar(4)", "ab", "ab  "},
		{"varbinary(max)", []byte{0, 1, 255}, "0x0001FF"}, {"binary(4)", []byte{1, 2}, "0x01020000"},
		{"datetime2(7)", at, "2026-03-04 05:06:07.8901234"}, {"datetime2(3)", at, "2026-03-04 05:06:07.89"}, {"datetime", mssql.DateTime1(at), "2026-03-04 05:06:07.89"}, {"date", at, "2026-03-04 00:00:00"},
		{"time(7)", at, "0001-01-01 05:06:07.8901234"}, {"smalldatetime", at, "2026-03-04 05:06:00"},
		{"datetime2", "0001-01-01 00:00:00", "0001-01-01 00:00:00"}, {"datetime2", "9999-12-31 23:59:59.9999999", "9999-12-31 23:59:59.9999999"},
		{"uniqueidentifier", "6F9619FF-8B86-D011-B42D-00C04FC964FF", "0xFF19966F868B11D0B42D00C04FC964FF"},
		{"int", nil, "NULL"}, {"nvarchar(max)", nil, "NULL"}, {"varbinary(10)", nil, "NULL"}, {"datetime2", nil, "NULL"}, {"nvarchar(5)", "", ""},
	} {
		table := fmt.Sprintf("DECLARE @v %s = @p1; CREATE TABLE v (v %[1]s); INSERT v VALUES (@v); SELECT v, @v FROM v; DROP TABLE v", c.declared)
		value := c.value
		if value == nil {
			value = sql.NullString{}
			table = strings.Replace(table, "@p1", "NULL", 1)
			got, err := results(db, table)
			if err != nil || got != c.want+"|"+c.want+"\n" {
				t.Errorf("%s NULL: got %q, %v", c.declared, got, err)
			}
			continue
		}
		got, err := results(db, table, value)
		if err != nil || got != c.want+"|"+c.want+"\n" {
			t.Errorf("%s %v: got %q, want %q, %v", c.declared, c.value, got, c.want, err)
		}
	}
}

func TestParametersAndRowCounts(t *testing.T) {
	db := lab(t)
	exec(t, db, "CREATE TABLE t (id int IDENTITY PRIMARY KEY, name nvarchar(50), at datetime2)")
	r := exec(t, db, "INSERT t (name, at) VALUES (@name, @at), (@name, NULL)", sql.Named("name", "O'Hara; DROP TABLE t --"), sql.Named("at", noon))
	if n, _ := r.RowsAffected(); n != 2 {
		t.Errorf("rows affected: %d", n)
	}
	st, err := db.Prepare("SELECT id FROM t WHERE name = @p1 AND id > @p2 ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var id int
	if err := st.QueryRow("o'hara; drop table t --", 1).Scan(&id); err != nil || id != 2 {
		t.Errorf("got %d, %v", id, err)
	}
	var out int64
	exec(t, db, "SELECT @n = COUNT(*) FROM t", sql.Named("n", sql.Out{Dest: &out}))
	if out != 2 {
		t.Errorf("output parameter: %d", out)
	}
	if got := show(t, db, "SELECT 1; SELECT 'a', 'b' WHERE 1 = 0; SELECT 3"); got != "1\n--\n--\n3\n" {
		t.Errorf("several results: %q", got)
	}
}

func TestTransactions(t *testing.T) {
	_, address := endpoint(t, nil)
	db, other := dial(t, address, "labdb"), dial(t, address, "labdb")
	exec(t, db, "CREATE TABLE t (id int PRIMARY KEY)")
	count := func(want string) {
		t.Helper()
		if got := show(t, other, "SELECT COUNT(*) FROM t"); got != want+"\n" {
			t.Errorf("another session counts %q, want %s", got, want)
		}
	}
	for _, commit := range []bool{false, true} {
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		exec(t, tx, "INSERT t VALUES (1)")
		_, err = tx.ExecContext(context.Background(), "INSERT t VALUES (2), (1)")
		if errorNumber(err) != 2627 {
			t.Fatalf("got %v, want error 2627", err)
		}
		exec(t, tx, "INSERT t VALUES (3)") // the transaction goes on
		count("0")
		end := tx.Rollback
		if commit {
			end = tx.Commit
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
	}
	count("2")
	exec(t, db, "SET XACT_ABORT ON; BEGIN TRAN; INSERT t VALUES (9)") // the pool resets the session, which takes it back
	exec(t, db, "SELECT 1")
	count("2")
	if _, err := db.Exec("SET XACT_ABORT ON; BEGIN TRAN; INSERT t VALUES (9); INSERT t VALUES (1); COMMIT"); errorNumber(err) != 2627 {
		t.Errorf("got %v", err)
	}
	count("2")
	if _, err := db.Exec("INSERT t VALUES (1); INSERT t VALUES (4)"); errorNumber(err) != 2627 {
		t.Errorf("got %v", err)
	}
	count("3") // the second statement ran
}

// TestAttention cuts off a query that has no end; the session is good for another one.
func TestAttention(t *testing.T) {
	db := lab(t)
	db.SetMaxOpenConns(1)
	for _, endless := range []string{
		"SELECT 1; RAISERROR('now', 0, 1) WITH NOWAIT; SELECT COUNT(*) FROM GENERATE_SERIES(1, 9000000000000)",
		"SELECT 1; RAISERROR('now', 0, 1) WITH NOWAIT; DECLARE @i int = 0 WHILE 1 = 1 SET @i = @i + 1",
		"SELECT value, REPLICATE('x', 1000) FROM GENERATE_SERIES(1, 9000000000000)",
	} {
		ctx, cancel := context.WithCancel(context.Background())
		rows, err := db.QueryContext(ctx, endless)
		if err != nil {
			t.Fatal(err)
		}
		if !rows.Next() {
			t.Fatalf("%s: no first row: %v", endless, rows.Err())
		}
		cancel()
		for rows.Next() || rows.NextResultSet() {
		}
		err = rows.Err()
		rows.Close()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", endless, err)
		}
		if got := show(t, db, "SELECT 2"); got != "2\n" {
			t.Errorf("after %s: %q", endless, got)
		}
	}
}

func TestQuotedIdentifiersOff(t *testing.T) {
	conn, err := lab(t).Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	exec(t, conn, "SET QUOTED_IDENTIFIER OFF")
	var got string
	if err := conn.QueryRowContext(context.Background(), `SELECT "text"`).Scan(&got); err != nil || got != "text" {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestSingleUser ends the other sessions in a database, so that it can be dropped.
func TestSingleUser(t *testing.T) {
	_, address := endpoint(t, nil)
	other := dial(t, address, "labdb")
	exec(t, other, "CREATE TABLE t (id int); INSERT t VALUES (1)")
	db := dial(t, address, "master")
	if _, err := db.Exec("DROP DATABASE labdb"); errorNumber(err) != 3702 {
		t.Errorf("got %v, want error 3702", err)
	}
	exec(t, db, "ALTER DATABASE labdb SET SINGLE_USER WITH ROLLBACK IMMEDIATE; DROP DATABASE labdb")
	if got := show(t, db, "SELECT DB_ID('labdb')"); got != "NULL\n" {
		t.Errorf("got %q", got)
	}
}
