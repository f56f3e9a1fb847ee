package rds

import (
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
