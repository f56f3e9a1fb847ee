package rds

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"lifeboat/aws/sandbox/clock"
	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/try"
)

// kept is a ground whose folder outlives it: the store in one part of it, the databases in another.
func kept(t testing.TB, dir string) *ground {
	t.Helper()
	return newGround(t, dir, Options{Dir: filepath.Join(dir, "databases")})
}

// image copies a folder, as a kill leaves it.
func image(t testing.TB, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "image")
	for { // what is removed while it is looked at makes it begin anew
		err := os.CopyFS(to, os.DirFS(dir))
		if err == nil {
			return to
		}
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if err := os.RemoveAll(to); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKilledAnywhere kills the process after every step of a life: what was answered is there, and what was on its way ends.
func TestKilledAnywhere(t *testing.T) {
	dir := t.TempDir()
	w := kept(t, dir)
	id := func(s string) *string { return &s }
	resources := map[string]*string{}
	write := func(name, text string) func() {
		return func() {
			if resources[name] == nil {
				resources[name] = w.show(here, name).DbiResourceId
			}
			w.sql(resources[name], "create table if not exists marker (text text)", "insert into marker values ('"+text+"')")
		}
	}
	pass := func(d time.Duration) func() { return func() { w.Pass(d) } }
	var before time.Time
	steps := []struct {
		name string
		do   func()
		want string // instances and what is in them once everything has ended
	}{
		{"create", func() { try.Must(w.CreateDBInstance(here, request("db"))) }, "db:-"},
		{"created", pass(takes[creating]), "db:-"},
		{"backed up", pass(takes[backingUp]), "db:-"},
		{"write", write("db", "a"), "db:a"},
		{"snapshot", func() {
			try.Must(w.CreateDBSnapshot(here, &rds.CreateDBSnapshotInput{DBInstanceIdentifier: id("db"), DBSnapshotIdentifier: id("s")}))
		}, "db:a"},
		{"write more", write("db", "b"), "db:ab"},
		{"taken", pass(takes[backingUp]), "db:ab"},
		{"an hour", pass(time.Hour), "db:ab"},
		{"write again", func() { before = w.Clock.Now(); w.Pass(time.Minute); write("db", "c")() }, "db:abc"},
		{"restore", func() {
			try.Must(w.RestoreDBInstanceFromDBSnapshot(here, &rds.RestoreDBInstanceFromDBSnapshotInput{DBInstanceIdentifier: id("back"), DBSnapshotIdentifier: id("s")}))
		}, "back:a db:abc"},
		{"restored", pass(takes[creating] + takes[backingUp]), "back:a db:abc"},
		{"write to the restored", write("back", "d"), "back:ad db:abc"},
		{"point in time", func() {
			try.Must(w.RestoreDBInstanceToPointInTime(here, &rds.RestoreDBInstanceToPointInTimeInput{SourceDBInstanceIdentifier: id("db"), TargetDBInstanceIdentifier: id("then"), RestoreTime: &before}))
		}, "back:ad db:abc then:ab"},
		{"stop", func() { try.Must(w.StopDBInstance(here, &rds.StopDBInstanceInput{DBInstanceIdentifier: id("back")})) }, "back:ad db:abc then:ab"},
		{"rename", func() {
			try.Must(w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: id("db"), NewDBInstanceIdentifier: id("old"), ApplyImmediately: aws.Bool(true)}))
		}, "back:ad old:abc then:ab"},
		{"renamed", pass(10 * time.Minute), "back:ad old:abc then:ab"},
		{"delete", func() {
			try.Must(w.DeleteDBInstance(here, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: id("old"), SkipFinalSnapshot: aws.Bool(true)}))
		}, "back:ad then:ab"},
		{"days", pass(3 * day), "back:ad then:ab"},
	}
	for _, step := range steps {
		step.do()
		t.Run(step.name, func(t *testing.T) {
			again := kept(t, image(t, dir))
			again.Pass(20 * time.Minute)
			if got := again.contents(); got != step.want {
				t.Errorf("what is there after a kill is %q, want %q", got, step.want)
			}
			if err := again.Store.Sweep(); err != nil {
				t.Error(err)
			}
			try.Must(again.RestoreDBInstanceFromDBSnapshot(here, &rds.RestoreDBInstanceFromDBSnapshotInput{DBInstanceIdentifier: id("new"), DBSnapshotIdentifier: again.newest()}))
			again.until(here, "new", available)
		})
	}
}

// contents are the instances, each with what its marker table has; none is in a state it stays in for ever by mistake.
func (w *ground) contents() string {
	w.T.Helper()
	var all []string
	for _, i := range try.Must(w.DescribeDBInstances(here, &rds.DescribeDBInstancesInput{})).DBInstances {
		if state := *i.DBInstanceStatus; state != available && state != stopped {
			w.T.Error(*i.DBInstanceIdentifier + " is " + state)
		}
		text := "-"
		if len(w.sql(i.DbiResourceId, "select name from sqlite_schema where name = 'marker'")) > 0 {
			text = strings.Join(w.sql(i.DbiResourceId, "select text from marker order by text"), "")
		}
		all = append(all, *i.DBInstanceIdentifier+":"+text)
	}
	return strings.Join(all, " ")
}

// newest is a snapshot that can be restored.
func (w *ground) newest() *string {
	w.T.Helper()
	out := try.Must(w.DescribeDBSnapshots(here, &rds.DescribeDBSnapshotsInput{})).DBSnapshots
	return out[len(out)-1].DBSnapshotIdentifier
}

// TestKilledInsideACall kills between the files and the journal: the last record is not written.
func TestKilledInsideACall(t *testing.T) {
	for _, step := range []struct {
		name string
		do   func(w *ground)
	}{
		{"created", func(w *ground) { w.Pass(takes[creating]) }},
		{"snapshot", func(w *ground) {
			w.Pass(takes[creating] + takes[backingUp])
			w.sql(w.show(here, "db").DbiResourceId, newTable, "insert into marker values (1, 'a')")
			try.Must(w.CreateDBSnapshot(here, &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String("db"), DBSnapshotIdentifier: aws.String("s")}))
		}},
	} {
		t.Run(step.name, func(t *testing.T) {
			dir := t.TempDir()
			w := kept(t, dir)
			try.Must(w.CreateDBInstance(here, request("db")))
			step.do(w)
			dir = image(t, dir)
			journal := filepath.Join(dir, store.JournalFile)
			text := must(t, func() ([]byte, error) { return os.ReadFile(journal) })
			lines := strings.SplitAfter(string(text), "\n")
			if err := os.WriteFile(journal, []byte(strings.Join(lines[:len(lines)-2], "")), 0o600); err != nil {
				t.Fatal(err)
			}
			again := kept(t, dir)
			again.until(here, "db", available)
			again.snap("db", "s")
			want := "db:-"
			if step.name == "snapshot" {
				want = "db:a"
			}
			if got := again.contents(); got != want {
				t.Errorf("what is there is %q, want %q", got, want)
			}
		})
	}
}

func TestFilesGoWithTheInstance(t *testing.T) {
	dir := t.TempDir()
	w := kept(t, dir)
	folders := func() int {
		return len(must(t, func() ([]os.DirEntry, error) { return os.ReadDir(filepath.Join(dir, "databases")) }))
	}
	w.make("db")
	w.make("other")
	w.snap("db", "s")
	if folders() != 2 {
		t.Errorf("two instances have %d folders", folders())
	}
	for _, id := range []string{"db", "other"} {
		try.Must(w.DeleteDBInstance(here, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: &id, SkipFinalSnapshot: aws.Bool(true)}))
		w.gone(here, id)
	}
	if folders() != 0 {
		t.Errorf("no instance has %d folders", folders())
	}
	try.Must(w.DeleteDBSnapshot(here, &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: aws.String("s")}))
	if err := w.Store.Sweep(); err != nil {
		t.Fatal(err)
	}
	var left []string
	filepath.WalkDir(filepath.Join(dir, store.BlobsFolder), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			left = append(left, path)
		}
		return err
	})
	if len(left) > 0 {
		t.Errorf("of nothing %d contents are kept", len(left))
	}
}

func TestStorageFull(t *testing.T) {
	w := newGround(t, "", Options{GiB: 64 << 10}) // 20 of them are 1.25 MiB
	i := w.make("db")
	w.sql(i.DbiResourceId, newTable)
	server := must(t, func() (*database.Server, error) { return w.databases(*i.DbiResourceId) })
	c := must(t, func() (*database.Conn, error) { return server.Connect("postgres") })
	defer c.Close()
	var err error
	for range 10_000 {
		if _, err = run(c, "insert into marker (text) values (hex(randomblob(1000)))"); err != nil {
			break
		}
	}
	if err == nil {
		t.Fatal("there is room without end")
	}
	if i := w.show(here, "db"); *w.until(here, "db", storageFull).DBInstanceStatus != storageFull {
		t.Errorf("it is %s", *i.DBInstanceStatus)
	}
	_, err = w.CreateDBSnapshot(here, &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String("db"), DBSnapshotIdentifier: aws.String("s")})
	refused(t, err, "InvalidDBInstanceState", "Cannot create a snapshot because the database instance db is not currently in the available state.")
	try.Must(w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("db"), AllocatedStorage: aws.Int32(30), ApplyImmediately: aws.Bool(true)}))
	w.until(here, "db", available)
	if _, err := run(c, "insert into marker (text) values ('more')"); err != nil {
		t.Errorf("with more storage: %v", err)
	}
}

// run runs a statement and reads all it gives.
func run(c *database.Conn, statement string) (rows []string, err error) {
	r, err := c.Run(here, statement)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for r.Next() {
		rows = append(rows, fmt.Sprint(r.Values()...))
	}
	return rows, r.Err()
}

// stormy is a ground where what is due of some kinds fails.
func stormy(t *testing.T, kinds *[]string) *ground {
	c := clock.New(clock.Options{Start: try.Start()})
	st, err := store.Open("", c, store.Options{
		Failed: func(err error) { t.Error(err) },
		Outlook: func(kind, _ string, _, at time.Time) (time.Time, string) {
			if slices.Contains(*kinds, kind) {
				return at, "the weather is bad"
			}
			return at, ""
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); st.Close() })
	return on(&try.Ground{T: t, Clock: c, Store: st}, Options{})
}

func TestBadWeather(t *testing.T) {
	var bad []string
	w := stormy(t, &bad)
	w.make("db")
	bad = []string{dueSnapshot}
	try.Must(w.CreateDBSnapshot(here, &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String("db"), DBSnapshotIdentifier: aws.String("s")}))
	bad = nil
	w.until(here, "db", available)
	if got := try.Must(w.DescribeDBSnapshots(here, &rds.DescribeDBSnapshotsInput{DBSnapshotIdentifier: aws.String("s")})).DBSnapshots[0]; *got.Status != failed {
		t.Errorf("the snapshot is %s", *got.Status)
	}
	restore := &rds.RestoreDBInstanceFromDBSnapshotInput{DBSnapshotIdentifier: aws.String("s"), DBInstanceIdentifier: aws.String("back")}
	_, err := w.RestoreDBInstanceFromDBSnapshot(here, restore)
	refused(t, err, "InvalidDBSnapshotState", "failed")
	w.snap("db", "good")
	bad = []string{dueInstance}
	restore.DBSnapshotIdentifier = aws.String("good")
	try.Must(w.RestoreDBInstanceFromDBSnapshot(here, restore))
	try.Must(w.CreateDBInstance(here, request("new")))
	bad = nil
	w.until(here, "back", incompatibleRestore)
	w.until(here, "new", failed)
	for _, id := range []string{"back", "new"} {
		_, err := w.DeleteDBInstance(here, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: &id, FinalDBSnapshotIdentifier: aws.String("last")})
		refused(t, err, "InvalidDBInstanceState", "is not currently in the available state")
		try.Must(w.DeleteDBInstance(here, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: &id, SkipFinalSnapshot: aws.Bool(true)}))
		w.gone(here, id)
	}
}
