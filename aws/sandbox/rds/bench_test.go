package rds

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"lifeboat/aws/sandbox/try"
)

// manyRows is how many rows a snapshot and its restore must manage within most.
const (
	manyRows = 100_000
	most     = 5 * time.Second
)

// TestSnapshotsCostWhatChanged takes as many snapshots of a database of 10 MB as there can be: they cost at most one full copy and
// three times what changed, rows about them included.
func TestSnapshotsCostWhatChanged(t *testing.T) {
	dir := t.TempDir()
	w := kept(t, dir)
	i := w.make("db")
	size := func() (bytes int64) {
		t.Helper()
		filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Name() == "databases" {
				return fs.SkipDir
			}
			if info, failed := d.Info(); err == nil && failed == nil && !d.IsDir() {
				bytes += info.Size()
			}
			return err
		})
		return bytes
	}
	w.sql(i.DbiResourceId, "create table marker (id integer primary key, text text)",
		"with recursive n(id) as (select 1 union all select id + 1 from n where id < 10000) insert into marker select id, hex(randomblob(500)) from n")
	const changed = 25
	for n := range maxSnapshots {
		w.sql(i.DbiResourceId, fmt.Sprintf("update marker set text = hex(randomblob(500)) where id between %d and %d", n*changed+1, n*changed+changed))
		w.snap("db", fmt.Sprintf("s%d", n))
	}
	full := *w.taken(here, "s0").FullSnapshotSizeInBytes
	changes := int64(maxSnapshots * changed * 1000)
	if err := w.Store.Sweep(); err != nil {
		t.Fatal(err)
	}
	if got := size(); full < 10_000_000 || got > full+3*changes {
		t.Errorf("%d snapshots of %d bytes with %d bytes changed take %d bytes", maxSnapshots, full, changes, got)
	} else {
		t.Logf("%d snapshots of %d bytes with %d bytes changed take %d bytes", maxSnapshots, full, changes, got)
	}
}

// BenchmarkSnapshotAndRestore takes a snapshot of 100,000 rows and restores it, until they can be read.
func BenchmarkSnapshotAndRestore(b *testing.B) {
	dir := b.TempDir()
	w := kept(b, dir)
	i := w.make("db")
	w.sql(i.DbiResourceId, "create table marker (id integer primary key, text text, written text)",
		"with recursive n(id) as (select 1 union all select id + 1 from n where id < 100000) insert into marker select id, hex(randomblob(40)), '2026-03-01' from n")
	for b.Loop() {
		w.snap("db", "s")
		try.Must(w.RestoreDBInstanceFromDBSnapshot(here, &rds.RestoreDBInstanceFromDBSnapshotInput{DBSnapshotIdentifier: aws.String("s"), DBInstanceIdentifier: aws.String("back")}))
		back := w.until(here, "back", available)
		if got := w.sql(back.DbiResourceId, "select count(*) from marker"); got[0] != "100000" {
			b.Fatalf("%s rows came back", got)
		}
		try.Must(w.DeleteDBInstance(here, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("back"), SkipFinalSnapshot: aws.Bool(true)}))
		w.gone(here, "back")
		try.Must(w.DeleteDBSnapshot(here, &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: aws.String("s")}))
	}
	if per := b.Elapsed() / time.Duration(b.N); per > most {
		b.Errorf("%d rows take %s, which may be %s", manyRows, per, most)
	}
}
