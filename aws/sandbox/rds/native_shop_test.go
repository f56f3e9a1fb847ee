package rds

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	iamapi "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	s3api "github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	tds "lifeboat/aws/sandbox/database/sqlserver"
	"lifeboat/aws/sandbox/ec2"
	"lifeboat/aws/sandbox/iam"
	"lifeboat/aws/sandbox/kms"
	"lifeboat/aws/sandbox/s3"
	"lifeboat/aws/sandbox/secretsmanager"
	"lifeboat/aws/sandbox/try"
)

// shop is a SQL Server instance with what native backup needs: a bucket, a role, an option group.
type shop struct {
	*ground
	roles    *iam.Service
	buckets  *s3.Service
	resource string
	procs    tds.Procedures
}

const (
	trust = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"rds.amazonaws.com"},"Action":"sts:AssumeRole"}}`
	may   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:ListBucket","s3:GetBucketLocation"],"Resource":"arn:aws:s3:::*"},
		{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::*/*"}]}`
	roleARN = "arn:aws:iam::" + mine + ":role/native"
)

// openShop is the shop of a folder, as it is there.
func openShop(t testing.TB, dir string) *shop {
	t.Helper()
	g := try.On(t, dir)
	keys := kms.New(g.Store)
	w := &shop{ground: &ground{Ground: g, keys: keys, secrets: secretsmanager.New(g.Store, keys), network: ec2.New(g.Store, keys)}, roles: iam.New(g.Store), buckets: s3.New(g.Store, s3.Options{Keys: keys})}
	w.Service = New(g.Store, Options{
		Dir: filepath.Join(dir, "databases"), Keys: keys, Secrets: w.secrets, Network: w.network, Roles: w.roles, Buckets: w.buckets.Within(), Now: g.Clock.Now})
	if err := w.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// newShop makes a shop with an instance of an engine.
func newShop(t testing.TB, engine string) (w *shop, dir string) {
	t.Helper()
	dir = t.TempDir()
	w = openShop(t, dir)
	iamctx := try.As(mine, "us-east-1", "iam", "")
	try.Must(w.roles.CreateRole(iamctx, &iamapi.CreateRoleInput{RoleName: aws.String("native"), AssumeRolePolicyDocument: aws.String(trust)}))
	w.policy(may)
	w.bucket("backups", home)
	w.Pass(time.Minute)
	e, err := findEngine(engine, "")
	if err != nil {
		t.Fatal(err)
	}
	try.Must(w.CreateOptionGroup(here, &rds.CreateOptionGroupInput{
		OptionGroupName: aws.String("native"), EngineName: &engine, MajorEngineVersion: aws.String(e.Major), OptionGroupDescription: aws.String("native backup")}))
	try.Must(w.ModifyOptionGroup(here, &rds.ModifyOptionGroupInput{OptionGroupName: aws.String("native"), ApplyImmediately: aws.Bool(true), OptionsToInclude: []types.OptionConfiguration{{
		OptionName: aws.String(nativeOption), OptionSettings: []types.OptionSetting{{Name: aws.String(nativeRole), Value: aws.String(roleARN)}}}}}))
	i := w.make("shop", func(in *rds.CreateDBInstanceInput) {
		in.Engine, in.DBInstanceClass, in.OptionGroupName = &engine, aws.String("db.t3.small"), aws.String("native")
		if engine != "sqlserver-ex" {
			in.DBInstanceClass = aws.String("db.m5.large")
		}
		in.BackupRetentionPeriod = aws.Int32(0)
	})
	w.Pass(optionsWait + optionsTake)
	w.serve(*i.DbiResourceId)
	w.run("", "create database labdb")
	return w, dir
}

func (w *shop) serve(resource string) { w.resource, w.procs = resource, w.procedures(resource) }

func (w *shop) policy(text string) {
	w.T.Helper()
	try.Must(w.roles.PutRolePolicy(try.As(mine, "us-east-1", "iam", ""), &iamapi.PutRolePolicyInput{
		RoleName: aws.String("native"), PolicyName: aws.String("p"), PolicyDocument: &text}))
}

func (w *shop) bucket(name, region string) {
	w.T.Helper()
	try.Must(w.buckets.CreateBucket(try.As(mine, region, "s3", ""), &s3api.CreateBucketInput{
		Bucket: &name, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(region)}}))
}

// run runs statements on a database of the shop; "create database" goes to the server.
func (w *shop) run(name string, statements ...string) (rows []string) {
	w.T.Helper()
	server, err := w.databases(w.resource)
	if err != nil {
		w.T.Fatal(err)
	}
	if name == "" {
		for _, statement := range statements {
			if err := server.Create(strings.TrimPrefix(statement, "create database ")); err != nil {
				w.T.Fatal(err)
			}
		}
		return nil
	}
	return w.runOn(server, name, statements)
}

// exec calls a procedure: "rds_backup_database source_db_name=labdb ...". The error is what a client would see.
func (w *shop) exec(call string) (*tds.Table, error) {
	name, rest, _ := strings.Cut(call, " ")
	args := map[string]any{}
	for _, pair := range strings.Fields(rest) {
		k, v, _ := strings.Cut(pair, "=")
		args[k] = v
	}
	return w.procs.Exec(context.Background(), tds.Call{Database: "master", Name: "msdb.dbo." + name, Args: args})
}

// task makes a task and lets time pass until it has ended; it gives its last state and task_info.
func (w *shop) task(call string) (lifecycle, info string) {
	w.T.Helper()
	id := w.submitted(call)
	for range 100 {
		if lifecycle, info = w.status(id); !slices.Contains([]string{taskCreated, taskInProgress, taskCancelRequested}, lifecycle) {
			return lifecycle, info
		}
		w.Pass(10 * time.Second)
	}
	return lifecycle, "it never ends: " + info
}

func (w *shop) submitted(call string) int64 {
	w.T.Helper()
	out, err := w.exec(call)
	if err != nil {
		w.T.Fatal(fmt.Errorf("%s: %w", call, err))
	}
	return out.Rows[0][0].(int64)
}

func (w *shop) column(id int64, name string) any {
	w.T.Helper()
	out, err := w.exec(fmt.Sprintf("rds_task_status task_id=%d", id))
	if err != nil || len(out.Rows) != 1 {
		w.T.Fatal(fmt.Errorf("task %d: %d rows, %w", id, len(out.Rows), err))
	}
	return out.Rows[0][slices.IndexFunc(out.Columns, func(c tds.Column) bool { return c.Name == name })]
}

func (w *shop) status(id int64) (lifecycle, info string) {
	w.T.Helper()
	info, _ = w.column(id, "task_info").(string)
	return w.column(id, "lifecycle").(string), info
}

// done makes a task that must succeed.
func (w *shop) done(call string) {
	w.T.Helper()
	if lifecycle, info := w.task(call); lifecycle != taskSuccess {
		w.T.Fatal(call + ": " + lifecycle + ": " + info)
	}
}

const (
	fullBackup   = "rds_backup_database source_db_name=labdb s3_arn_to_backup_to=arn:aws:s3:::backups/labdb.bak overwrite_s3_backup_file=1"
	differential = "rds_backup_database source_db_name=labdb s3_arn_to_backup_to=arn:aws:s3:::backups/diff.bak overwrite_s3_backup_file=1 type=DIFFERENTIAL"
	restoreBack  = "rds_restore_database restore_db_name=back s3_arn_to_restore_from=arn:aws:s3:::backups/labdb.bak"
)

func fill(w *shop, from, to int) {
	for n := from; n < to; n++ {
		w.run("labdb", "create table if not exists marker (id integer primary key, text text)", fmt.Sprintf("insert into marker values (%d, 'row %d')", n, n))
	}
}

const counted = "select count(*), min(id), max(id) from marker"
