package engine_test

import (
	"context"
	"strings"
	"testing"

	"lifeboat/aws/calls"
	"lifeboat/aws/endpoint"
	"lifeboat/aws/endpoint/try"
	"lifeboat/runbooks"
	"lifeboat/runbooks/engine"
)

const sqlBook = `
id: demo
title: A small lab with a database
kind: lab
summary: Rows are written, lost and looked for.
regions: {home: primary, away: secondary}
steps:
  - id: db
    phase: prepare
    title: Create an instance
    why: It has the database.
    call: rds.CreateDBInstance
    with: {DBInstanceIdentifier: "${{ run }}", Engine: postgres, DBInstanceClass: db.t4g.micro, ManageMasterUserPassword: true, MasterUsername: captain, Tags: "${{ tag_list() }}"}
    find: {call: rds.DescribeDBInstances, with: {DBInstanceIdentifier: "${{ run }}"}, take: "{DBInstance: DBInstances[0]}"}
    wait: {call: rds.DescribeDBInstances, with: {DBInstanceIdentifier: "${{ run }}"}, until: "DBInstances[0].DBInstanceStatus == 'available'", within: 5m}
    check: {that: "DBInstances[0].Engine == 'postgres'", say: It is Postgres, else: create it so}
    hints: [one, two, three]
    undo: {call: rds.DeleteDBInstance, with: {DBInstanceIdentifier: "${{ db.DBInstance.DBInstanceIdentifier }}", SkipFinalSnapshot: true}, gone: DBInstanceNotFound}
  - id: table
    phase: prepare
    title: Create a table
    why: Rows need one.
    sql: {on: {instance: "${{ run }}", database: app}, run: create table if not exists orders (n integer)}
    again: true
    check: {sql: {on: {instance: "${{ run }}", database: app}, run: select * from orders}, that: "Columns[0] == 'n'", say: It has a column n, else: create it}
    hints: [one, two, three]
    undo: {sql: {on: {instance: "${{ run }}", database: app}, run: drop table orders}}
  - id: rows
    phase: prepare
    title: Insert rows
    why: To lose them.
    for-each: "['10', '20']"
    sql: {on: {instance: "${{ run }}", database: app}, run: "insert into orders values (${{ each }})"}
    find: {sql: {on: {instance: "${{ run }}", database: app}, run: "select n from orders where n = ${{ each }}"}, take: "Rows[0] && {Affected: Count}"}
    check: {that: Affected == ` + "`1`" + `, say: One row came in, else: look}
    hints: [one, two, three]
    undo: {none: the rows go with the table}
  - id: known
    phase: prepare
    title: Seed rows
    why: To know them again.
    seed: {data: sql-rows, with: {instance: "${{ run }}", database: app, table: ledger, rows: 20, text: one}}
    hints: [one, two, three]
  - id: refusal
    phase: protect
    title: Ask for what is not there
    why: To meet the refusal.
    sql: {on: {instance: "${{ run }}", database: app}, run: insert into nowhere values (1)}
    again: true
    refused: {code: "no such table: nowhere", say: the table is not there}
    check: {that: "Code == '42P01'", say: It was refused, else: look}
    hints: [one, two, three]
    undo: {none: it changes nothing}
  - id: count
    phase: protect
    title: Count
    why: To see them.
    sql: {on: {instance: "${{ run }}", database: app}, run: select count(*) as n from orders}
    reads: true
    wait: {sql: {on: {instance: "${{ run }}", database: app}, run: select max(n) as top from orders}, until: "Rows[0].top == ` + "`20`" + `", within: 5m}
    check: {that: "count.Rows[0].n == ` + "`2`" + `", say: There are two, else: insert them}
    hints: [one, two, three]
  - id: lose
    phase: disaster
    title: Lose them
    why: It happens.
    sql: {on: {instance: "${{ run }}", database: app}, run: delete from orders}
    again: true
    clock: disaster
    check: {sql: {on: {instance: "${{ run }}", database: app}, run: select n from orders}, that: Count == ` + "`0`" + `, say: They are gone, else: delete them}
    hints: [one, two, three]
    undo: {none: that is the disaster}
  - id: proof
    phase: prove
    title: Prove the others
    why: They were not touched.
    prove: {data: sql-rows, against: known, with: {instance: "${{ run }}", database: app, table: ledger}}
    clock: proved
    newest: proof.Newest
    hints: [one, two, three]
`

const password = "correct-horse-battery"

// house is the fake cloud with databases behind its instances. Both survive the death of the program.
type house struct {
	*cloud
	*try.Server
	refuse int // so many connections are refused first
}

func newHouse(t testing.TB) *house {
	h := &house{cloud: newCloud(), Server: try.New(password)}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

// visitor is the house as one process sees it, until it is killed.
type visitor struct {
	*house
	session *session
	dead    *mortal
}

func (v *visitor) Call(ctx context.Context, r calls.Request) (calls.Response, error) {
	id, _ := r.Params["DBInstanceIdentifier"].(string)
	answer := func(out map[string]any, err error) (calls.Response, error) {
		if v.dead.point() {
			return calls.Response{}, errKilled
		}
		return calls.Response{Output: out, Attempts: 1}, err
	}
	if !strings.HasPrefix(r.Op, "rds.") && !strings.HasPrefix(r.Op, "secretsmanager.") {
		return v.session.Call(ctx, r)
	}
	if v.dead.point() {
		return calls.Response{}, errKilled
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	instance := map[string]any{"DBInstanceIdentifier": id, "Engine": "postgres", "DBInstanceStatus": "available", "Endpoint": map[string]any{"Address": "127.0.0.1", "Port": 5432.0},
		"MasterUserSecret": map[string]any{"SecretArn": "arn:aws:secretsmanager:us-east-2:111122223333:secret:" + id}}
	switch r.Op {
	case "rds.CreateDBInstance":
		v.made[id]++
		v.things[id] = &thing{ID: id, Kind: "db", Region: r.Region}
		return answer(map[string]any{"DBInstance": instance}, nil)
	case "rds.DescribeDBInstances":
		if v.things[id] == nil {
			return answer(nil, &calls.Error{Op: r.Op, Region: r.Region, Code: "DBInstanceNotFound", Message: "DBInstance " + id + " not found.", Kind: calls.NotFound})
		}
		return answer(map[string]any{"DBInstances": []any{instance}}, nil)
	case "rds.DeleteDBInstance":
		return answer(v.remove(r, id, "DBInstanceNotFound"))
	}
	return answer(map[string]any{"SecretString": `{"username":"captain","password":"` + password + `"}`}, nil)
}

func (v *visitor) Connect(ctx context.Context, a endpoint.Address) (endpoint.Conn, error) {
	if v.dead.point() {
		return nil, errKilled
	}
	if v.refuse--; v.refuse >= 0 {
		return nil, &endpoint.Error{Instance: a.Instance, Kind: endpoint.Unreachable, Code: endpoint.CodeConnection, Message: "connection refused"}
	}
	c, err := v.Server.Connect(ctx, a)
	if err != nil {
		return nil, err
	}
	return dying{c, v.dead}, nil
}

// dying is a session whose process may be killed before a statement and after it.
type dying struct {
	endpoint.Conn
	dead *mortal
}

func (d dying) Run(ctx context.Context, text string, args ...any) (endpoint.Answer, error) {
	if d.dead.point() {
		return endpoint.Answer{}, errKilled
	}
	out, err := d.Conn.Run(ctx, text, args...)
	if d.dead.point() {
		return endpoint.Answer{}, errKilled
	}
	return out, err
}

func sqlDemo(t testing.TB) *runbooks.Runbook {
	t.Helper()
	b, problems := runbooks.Parse("demo.yaml", []byte(sqlBook), runbooks.Builtin())
	if len(problems) > 0 {
		t.Fatal(runbooks.Problems(problems))
	}
	return b
}

func (h *house) options(t testing.TB, dir string, dead *mortal) engine.Options {
	o := options(t, sqlDemo(t), h.cloud, dir, dead)
	v := &visitor{h, &session{h.cloud, dead}, dead}
	o.Caller = func(calls.Guard) calls.Caller { return v }
	o.Connect = v.Connect
	return o
}

// ran counts how often a statement was run.
func (h *house) ran(text string) int {
	n := 0
	for _, t := range h.Texts() {
		if t == text {
			n++
		}
	}
	return n
}
