package sandbox

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/jackc/pgx/v5"
)

func (b *bench) rds() *rds.Client { return rds.NewFromConfig(b.config("")) }

// instance is a database instance when it is available.
func (b *bench) instance(id string) types.DBInstance {
	b.t.Helper()
	for range 100 {
		out := must[*rds.DescribeDBInstancesOutput](b)(b.rds().DescribeDBInstances(b.ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &id}))
		if *out.DBInstances[0].DBInstanceStatus == "available" {
			return out.DBInstances[0]
		}
		if err := b.Clock().Wait(b.ctx, 30*time.Second); err != nil {
			b.t.Fatal(err)
		}
	}
	b.t.Fatal(id + " is never available")
	panic("")
}

// connect is a session of Postgres at an instance.
func (b *bench) connect(i types.DBInstance) *pgx.Conn {
	b.t.Helper()
	c := must[*pgx.Conn](b)(pgx.Connect(b.ctx, fmt.Sprintf("host=%s port=%d user=lifeboat password=correct-horse dbname=postgres sslmode=disable", *i.Endpoint.Address, *i.Endpoint.Port)))
	b.t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

// TestADatabaseIsReal drives an instance as a person does, with the SDK and a client of Postgres, and kills the sandbox in between.
func TestADatabaseIsReal(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sandbox")
	b := open(t, Options{Dir: dir})
	must[*rds.CreateDBInstanceOutput](b)(b.rds().CreateDBInstance(b.ctx, &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String("db"), Engine: aws.String("postgres"), DBInstanceClass: aws.String("db.t4g.micro"), AllocatedStorage: aws.Int32(20),
		MasterUsername: aws.String("lifeboat"), MasterUserPassword: aws.String("correct-horse"),
	}))
	c := b.connect(b.instance("db"))
	for _, statement := range []string{"create table marker (id int primary key, text text)", "insert into marker values (1, 'kept')"} {
		if _, err := c.Exec(b.ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	must[*rds.CreateDBSnapshotOutput](b)(b.rds().CreateDBSnapshot(b.ctx, &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String("db"), DBSnapshotIdentifier: aws.String("s")}))
	if _, err := c.Exec(b.ctx, "update marker set text = 'changed'"); err != nil {
		t.Fatal(err)
	}
	b.abandon()

	b = open(t, Options{Dir: dir})
	var text string
	if err := b.connect(b.instance("db")).QueryRow(b.ctx, "select text from marker").Scan(&text); err != nil || text != "changed" {
		t.Errorf("after a kill there is %q, %v", text, err)
	}
	must[*rds.RestoreDBInstanceFromDBSnapshotOutput](b)(b.rds().RestoreDBInstanceFromDBSnapshot(b.ctx, &rds.RestoreDBInstanceFromDBSnapshotInput{
		DBInstanceIdentifier: aws.String("back"), DBSnapshotIdentifier: aws.String("s"),
	}))
	if err := b.connect(b.instance("back")).QueryRow(b.ctx, "select text from marker").Scan(&text); err != nil || text != "kept" {
		t.Errorf("what came back is %q, %v", text, err)
	}
	ownersOnly(t, dir)
	b.Close()
	if err := Reset(dir); err != nil {
		t.Fatal(err)
	}
	b = open(t, Options{Dir: dir})
	if out := must[*rds.DescribeDBInstancesOutput](b)(b.rds().DescribeDBInstances(b.ctx, nil)); len(out.DBInstances) > 0 {
		t.Error("a reset leaves databases")
	}
}
