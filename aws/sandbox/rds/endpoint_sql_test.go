package rds

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/jackc/pgx/v5"
	_ "github.com/microsoft/go-mssqldb"

	"lifeboat/aws/sandbox/try"
)

// dial connects to an instance as a client does: by what is described of it.
func dial(ctx context.Context, i types.DBInstance, password, database string) (*pgx.Conn, error) {
	return pgx.Connect(ctx, fmt.Sprintf("host=%s port=%d user=%s password=%s dbname=%s sslmode=disable", *i.Endpoint.Address, *i.Endpoint.Port, *i.MasterUsername, password, database))
}

// client is a connection that ends with the test.
func (w *ground) client(t *testing.T, i types.DBInstance) *pgx.Conn {
	t.Helper()
	c, err := dial(t.Context(), i, "correct-horse", "postgres")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func exec(t *testing.T, c *pgx.Conn, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := c.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func texts(t *testing.T, c *pgx.Conn, query string) (all []string) {
	t.Helper()
	rows, err := c.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	if all, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		t.Fatal(err)
	}
	return all
}

const clientTable = "create table marker (id int primary key, text text, written_at timestamptz default now())"

func TestAClientSeesTheRowsComeBack(t *testing.T) {
	w := newGround(t, "", Options{})
	i := w.make("db", func(in *rds.CreateDBInstanceInput) { in.DBName = aws.String("shop") })
	c := w.client(t, i)
	exec(t, c, clientTable, "insert into marker (id, text) values (1, 'one'), (2, 'two')")
	w.snap("db", "s")
	exec(t, c, "insert into marker (id, text) values (3, 'three')")
	w.Pass(10 * time.Minute)
	dropped := w.Clock.Now()
	exec(t, c, "drop table marker")
	w.Pass(5 * time.Minute)
	if err := w.to(aws.Time(dropped.Add(-time.Second)), "then"); err != nil {
		t.Fatal(err)
	}
	const query = "select text from marker order by id"
	for _, test := range []struct {
		back types.DBInstance
		want []string
	}{
		{w.restored("s", "back"), []string{"one", "two"}},
		{w.until(here, "then", available), []string{"one", "two", "three"}},
	} {
		if got := texts(t, w.client(t, test.back), query); !slices.Equal(got, test.want) {
			t.Errorf("%s has %q", *test.back.DBInstanceIdentifier, got)
		}
	}
	if _, err := dial(t.Context(), i, "wrong-password", "postgres"); err == nil || !strings.Contains(err.Error(), "28P01") {
		t.Errorf("with another password: %v", err)
	}
	shop, err := dial(t.Context(), i, "correct-horse", "shop")
	if err != nil {
		t.Fatal(err)
	}
	shop.Close(t.Context())
}

// ends asks a session until it is over: sessions end beside the call that ends them, not within it.
func ends(t *testing.T, c interface{ Ping(context.Context) error }, what string) {
	t.Helper()
	for n := 0; c.Ping(t.Context()) == nil; n++ {
		if n == 10_000 {
			t.Fatalf("a session outlives %s", what)
		}
	}
}

func TestCutOverByRename(t *testing.T) {
	w := newGround(t, "", Options{})
	i := w.make("db")
	c := w.client(t, i)
	exec(t, c, clientTable, "insert into marker (id, text) values (1, 'good')")
	w.snap("db", "s")
	exec(t, c, "update marker set text = 'bad'")
	w.restored("s", "next")
	for _, move := range [][2]string{{"db", "broken"}, {"next", "db"}} {
		try.Must(w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: &move[0], NewDBInstanceIdentifier: &move[1], ApplyImmediately: aws.Bool(true)}))
		w.until(here, move[1], available)
	}
	ends(t, c, "a rename")
	if got := texts(t, w.client(t, i), "select text from marker"); !slices.Equal(got, []string{"good"}) {
		t.Errorf("at the old address there is %q", got)
	}
	if got := texts(t, w.client(t, w.show(here, "broken")), "select text from marker"); !slices.Equal(got, []string{"bad"}) {
		t.Errorf("at the new address there is %q", got)
	}
}

func TestSessionsEndAndDataStays(t *testing.T) {
	dir := t.TempDir()
	w := kept(t, dir)
	i := w.make("db")
	c := w.client(t, i)
	exec(t, c, clientTable, "insert into marker (id, text) values (1, 'kept')")
	try.Must(w.RebootDBInstance(here, &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String("db")}))
	ends(t, c, "a reboot")
	w.until(here, "db", available)
	exec(t, w.client(t, i), "insert into marker (id, text) values (2, 'too')")
	killed := image(t, dir)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	again := kept(t, killed)
	if got := texts(t, again.client(t, again.show(here, "db")), "select text from marker order by id"); !slices.Equal(got, []string{"kept", "too"}) {
		t.Errorf("after a kill there is %q", got)
	}
}

func TestTheManagedSecretOpensTheDoor(t *testing.T) {
	w := newGround(t, "", Options{})
	i := w.make("db", func(in *rds.CreateDBInstanceInput) {
		in.MasterUserPassword, in.ManageMasterUserPassword = nil, aws.Bool(true)
	})
	var secret struct{ Username, Password string }
	text := *try.Must(w.secrets.GetSecretValue(try.As(mine, home, "secretsmanager", ""), secretOf(i))).SecretString
	if err := json.Unmarshal([]byte(text), &secret); err != nil {
		t.Fatal(err)
	}
	config, err := pgx.ParseConfig(fmt.Sprintf("host=%s port=%d dbname=postgres sslmode=disable", *i.Endpoint.Address, *i.Endpoint.Port))
	if err != nil {
		t.Fatal(err)
	}
	config.User, config.Password = secret.Username, secret.Password
	c, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	c.Close(t.Context())
}

func TestSQLServerAnswers(t *testing.T) {
	w := newGround(t, "", Options{})
	i := w.make("db", func(in *rds.CreateDBInstanceInput) {
		in.Engine, in.DBInstanceClass = aws.String("sqlserver-ex"), aws.String("db.t3.small")
	})
	db, err := sql.Open("sqlserver", fmt.Sprintf("sqlserver://lifeboat:correct-horse@%s:%d?encrypt=disable", *i.Endpoint.Address, *i.Endpoint.Port))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{"create database labdb", "create table labdb.dbo.marker (id int primary key, text nvarchar(20))", "insert into labdb.dbo.marker values (1, N'one')"} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	w.snap("db", "s")
	back := w.restored("s", "back")
	again, err := sql.Open("sqlserver", fmt.Sprintf("sqlserver://lifeboat:correct-horse@%s:%d?database=labdb&encrypt=disable", *back.Endpoint.Address, *back.Endpoint.Port))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	var text string
	if err := again.QueryRowContext(t.Context(), "select text from marker where id = 1").Scan(&text); err != nil || text != "one" {
		t.Errorf("what came back is %q, %v", text, err)
	}
}
