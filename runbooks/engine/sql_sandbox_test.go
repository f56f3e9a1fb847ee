package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lifeboat/aws/sandbox"
	"lifeboat/runbooks"
	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
)

// A small lab for either protocol; the words in capitals are what differs.
const twoProtocols = `
id: demo
title: A database in the sandbox
kind: lab
summary: Rows are written and proved.
regions: {home: primary}
steps:
  - id: db
    phase: prepare
    title: Create an instance
    why: It has the database.
    call: rds.CreateDBInstance
    with: {DBInstanceIdentifier: lab, Engine: ENGINE, DBInstanceClass: db.t3.small, AllocatedStorage: 20, MasterUsername: captain, ManageMasterUserPassword: true, Tags: "${{ tag_list() }}"}
    find: {call: rds.DescribeDBInstances, with: {DBInstanceIdentifier: lab}, take: "{DBInstance: DBInstances[0]}"}
    wait: {use: instance-available, with: {id: lab}}
    check: {that: "DBInstances[0].DBInstanceStatus == 'available'", say: It is available, else: wait}
    hints: [one, two, three]
    undo: {call: rds.DeleteDBInstance, with: {DBInstanceIdentifier: "${{ db.DBInstance.DBInstanceIdentifier }}", SkipFinalSnapshot: true}, gone: DBInstanceNotFound, wait: {use: instance-deleted, with: {id: lab}}}
  - id: database
    phase: prepare
    title: Create a database
    why: Tables need one.
    sql: {on: {instance: lab, database: FIRST}, run: create database app}
    find: {sql: {on: {instance: lab, database: FIRST}, run: "LIST"}, take: "Rows[0]"}
    check: {sql: {on: {instance: lab, database: FIRST}, run: "LIST"}, that: Count == 1, say: It is there, else: create it}
    hints: [one, two, three]
    undo: {none: it goes with its instance}
  - id: rows
    phase: prepare
    title: Seed rows
    why: To know them again.
    seed: {data: sql-rows, with: {instance: lab, database: app, table: ledger, rows: ROWS, text: "it's the first"}}
    hints: [one, two, three]
  - id: more
    phase: prepare
    title: Seed others over them
    why: Data goes on.
    seed: {data: sql-rows, with: {instance: lab, database: app, table: ledger, rows: 700, from: 301, text: später, base: rows}}
    hints: [one, two, three]
  - id: refused
    phase: protect
    title: Insert a row twice
    why: To be refused.
    sql: {on: {instance: lab, database: app}, run: "insert into ledger (id, text, payload) values (1, 'x', 'x')"}
    again: true
    refused: {code: REFUSAL, say: the id is taken}
    check: {that: "Code != ''", say: It has a code, else: look}
    hints: [one, two, three]
    undo: {none: it changes nothing}
  - id: look
    phase: prove
    title: Look at the newest
    why: It says what is lost.
    sql: {on: {instance: lab, database: app}, run: "select count(*) as n, max(written_at) as newest from ledger"}
    reads: true
    check: {that: "Rows[0].n == rows.Count && between(Rows[0].newest, now) >= 0", say: All are there, else: look}
    hints: [one, two, three]
  - id: proof
    phase: prove
    title: Prove them
    why: Counting is no proof.
    prove: {data: sql-rows, against: more, with: {instance: lab, database: app, table: ledger}}
    check: {that: "proof.Newest == look.Rows[0].newest && proof.Count == look.Rows[0].n", say: The newest is the newest, else: look}
    hints: [one, two, three]
`

// protocols are the words of twoProtocols.
var protocols = map[string][]string{
	"postgres": {"ENGINE", "postgres", "FIRST", "postgres", "LIST", "select datname from pg_database where datname = 'app'", "REFUSAL", "'23505'"},
	"sqlserver": {"ENGINE", "sqlserver-ex", "FIRST", "master", "LIST", "select name from sys.databases where name = 'app'", "REFUSAL", "Violation of PRIMARY KEY constraint",
		"MasterUsername", "LicenseModel: license-included, MasterUsername"},
}

func rowsBook(t testing.TB, protocol string, rows int) *runbooks.Runbook {
	t.Helper()
	source := strings.NewReplacer(append(protocols[protocol], "ROWS", fmt.Sprint(rows), "Count == 1,", "Count == `1`,", ">= 0\"", ">= `0`\"")...).Replace(twoProtocols)
	b, problems := runbooks.Parse("demo.yaml", []byte(source), runbooks.Builtin())
	if len(problems) > 0 {
		t.Fatal(runbooks.Problems(problems))
	}
	return b
}

func runRows(t testing.TB, protocol string, rows int) *engine.State {
	t.Helper()
	box, err := sandbox.Open(sandbox.Options{Seed: 1, Start: time.Date(2026, 11, 23, 9, 10, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	dir := t.TempDir()
	s, err := engine.Start(context.Background(), engine.Options{ID: "demo-1", Runbook: rowsBook(t, protocol, rows), Target: box.Target(), Journal: journal.Folder{Dir: dir}, Unattended: true, Clean: true})
	if err != nil {
		t.Fatal(err)
	}
	st := engine.NewState()
	for e := range s.Events() {
		st.Apply(e)
		if e.Kind == journal.StepEnded && e.State == journal.Failed {
			t.Logf("%s: %s", e.Step, e.Text)
		}
	}
	if o, err := s.Wait(); err != nil || o.State != journal.RunPassed || o.Left != 0 {
		t.Fatalf("%+v %v left %v", o, err, st.Left)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "demo-1.jsonl"))
	if err != nil || strings.Contains(string(raw), "SecretString") || strings.Contains(string(raw), "GetSecretValue") {
		t.Errorf("the journal tells a secret: %v", err)
	}
	return st
}

// Both protocols run the same lab against the sandbox's real endpoints.
func TestRowsInTheSandbox(t *testing.T) {
	for protocol := range protocols {
		t.Run(protocol, func(t *testing.T) {
			st := runRows(t, protocol, 1000)
			if p := st.Step("proof").Proof; p == nil || !p.OK || p.Total != 1000 || p.Count != 1000 || p.Newest.IsZero() {
				t.Errorf("%+v", p)
			}
		})
	}
}

// 100,000 rows are seeded and proved over each protocol, with the instance they need.
func BenchmarkRowsInTheSandbox(b *testing.B) {
	for protocol := range protocols {
		b.Run(protocol, func(b *testing.B) {
			for b.Loop() {
				runRows(b, protocol, 100_000)
			}
		})
	}
}
