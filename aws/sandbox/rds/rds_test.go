package rds

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	kmsapi "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	secretsapi "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/ec2"
	"lifeboat/aws/sandbox/iam"
	"lifeboat/aws/sandbox/kms"
	"lifeboat/aws/sandbox/s3"
	"lifeboat/aws/sandbox/secretsmanager"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/try"
)

const mine, theirs, home, away = try.Mine, try.Theirs, try.Home, try.Away

// ground is the service with all it stands on.
type ground struct {
	*Service
	*try.Ground
	keys    *kms.Service
	secrets *secretsmanager.Service
	network *ec2.Service
}

func newGround(t try.Tester, dir string, o Options) *ground {
	t.Helper()
	return on(try.On(t, dir), o)
}

// on makes the service on a store; dir of Options is that of its databases.
func on(g *try.Ground, o Options) *ground {
	g.T.Helper()
	keys := kms.New(g.Store)
	w := &ground{Ground: g, keys: keys, secrets: secretsmanager.New(g.Store, keys), network: ec2.New(g.Store, keys)}
	o.Keys, o.Secrets, o.Network, o.Roles, o.Buckets, o.Now = keys, w.secrets, w.network, iam.New(g.Store), s3.New(g.Store, s3.Options{Keys: keys}).Within(), g.Clock.Now
	w.Service = New(g.Store, o)
	if err := w.Listen(); err != nil {
		g.T.Fatal(err)
	}
	g.T.Cleanup(func() {
		if err := w.Close(); err != nil {
			g.T.Error(err)
		}
	})
	return w
}

func as(account, region string) context.Context { return try.As(account, region, "rds", "") }

var here = as(mine, home)

// request is the smallest request for an instance.
func request(id string) *rds.CreateDBInstanceInput {
	return &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String(id), Engine: aws.String("postgres"), DBInstanceClass: aws.String("db.t4g.micro"), AllocatedStorage: aws.Int32(20),
		MasterUsername: aws.String("lifeboat"), MasterUserPassword: aws.String("correct-horse"),
	}
}

// make gives an instance that is available.
func (w *ground) make(id string, change ...func(*rds.CreateDBInstanceInput)) types.DBInstance {
	w.T.Helper()
	in := request(id)
	for _, c := range change {
		c(in)
	}
	try.Must(w.CreateDBInstance(here, in))
	return w.until(here, id, available)
}

// show is an instance as it is described.
func (w *ground) show(ctx context.Context, id string) types.DBInstance {
	w.T.Helper()
	out, err := w.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String(id)})
	if err != nil {
		w.T.Fatal(err)
	}
	return out.DBInstances[0]
}

// until lets time pass until an instance is in a state, half an hour at most.
func (w *ground) until(ctx context.Context, id, state string) types.DBInstance {
	w.T.Helper()
	for range 180 {
		out, err := w.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String(id)})
		switch code, _ := try.Refusal(err); {
		case err == nil && *out.DBInstances[0].DBInstanceStatus == state:
			return out.DBInstances[0]
		case code != "" && code != "DBInstanceNotFound":
			w.T.Fatal(err)
		}
		w.Pass(10 * time.Second)
	}
	w.T.Fatal(id + " is never " + state)
	panic("")
}

// gone lets time pass until an instance is not there any more.
func (w *ground) gone(ctx context.Context, id string) {
	w.T.Helper()
	for range 180 {
		_, err := w.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String(id)})
		if code, _ := try.Refusal(err); code == "DBInstanceNotFound" {
			return
		}
		w.Pass(10 * time.Second)
	}
	w.T.Fatal(id + " is never gone")
}

// states are the states an instance goes through until it is in the last.
func (w *ground) states(ctx context.Context, id, last string) (seen []string) {
	w.T.Helper()
	for range 360 {
		state := *w.show(ctx, id).DBInstanceStatus
		if len(seen) == 0 || seen[len(seen)-1] != state {
			seen = append(seen, state)
		}
		if state == last {
			return seen
		}
		w.Pass(5 * time.Second)
	}
	return append(seen, "and so on")
}

// sql runs statements on an instance's database, as its engine does.
func (w *ground) sql(resource *string, statements ...string) (rows []string) {
	w.T.Helper()
	server, err := w.databases(*resource)
	if err != nil {
		w.T.Fatal(err)
	}
	return w.runOn(server, "postgres", statements)
}

// runOn runs statements on a database and gives the rows of the last.
func (w *ground) runOn(server *database.Server, name string, statements []string) (rows []string) {
	w.T.Helper()
	c, err := server.Connect(name)
	if err != nil {
		w.T.Fatal(err)
	}
	defer c.Close()
	for _, statement := range statements {
		r, err := c.Run(context.Background(), statement)
		if err != nil {
			w.T.Fatal(fmt.Errorf("%s: %w", statement, err))
		}
		rows = nil
		for r.Next() {
			rows = append(rows, fmt.Sprint(r.Values()...))
		}
		if err := errors.Join(r.Err(), r.Close()); err != nil {
			w.T.Fatal(err)
		}
	}
	return rows
}

// snap takes a manual snapshot and waits for it.
func (w *ground) snap(id, name string) types.DBSnapshot {
	w.T.Helper()
	try.Must(w.CreateDBSnapshot(here, &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String(id), DBSnapshotIdentifier: aws.String(name)}))
	return w.taken(here, name)
}

// taken waits until a snapshot is available.
func (w *ground) taken(ctx context.Context, name string) types.DBSnapshot {
	w.T.Helper()
	for range 180 {
		out, err := w.DescribeDBSnapshots(ctx, &rds.DescribeDBSnapshotsInput{DBSnapshotIdentifier: aws.String(name)})
		if err != nil {
			w.T.Fatal(err)
		}
		if *out.DBSnapshots[0].Status == available {
			return out.DBSnapshots[0]
		}
		w.Pass(10 * time.Second)
	}
	w.T.Fatal(name + " is never available")
	panic("")
}

// key is a new KMS key of an account.
func (w *ground) key(account, region string) string {
	w.T.Helper()
	return *try.Must(w.keys.CreateKey(try.As(account, region, "kms", "CreateKey"), &kmsapi.CreateKeyInput{})).KeyMetadata.Arn
}

// refused checks that an error is AWS's, with that code and those words.
func refused(t testing.TB, err error, code, words string) {
	t.Helper()
	if got, text := try.Refusal(err); got != code || !strings.Contains(text, words) {
		t.Errorf("refused with %q: %q; want %s: %s", got, text, code, words)
	}
}

// door is the open one of an instance, the zero door when there is none.
func (w *ground) door(id string) door {
	w.doors.mu.Lock()
	defer w.doors.mu.Unlock()
	return w.doors.open[doorKey(mine, home, doorInstance, id)].door
}

// one is the row of an instance.
func (w *ground) one(id string) (i Instance, err error) {
	return i, w.Store.View(func(tx *store.Tx) error {
		i, _ = w.instances.Get(tx, row(mine, home, id))
		return nil
	})
}

func secretOf(i types.DBInstance) *secretsapi.GetSecretValueInput {
	return &secretsapi.GetSecretValueInput{SecretId: i.MasterUserSecret.SecretArn}
}

// historyView is how far a history goes.
type historyView struct{ first, last time.Time }

func (w *ground) viewHistory(resource string) (v historyView, err error) {
	return v, w.Store.View(func(tx *store.Tx) error {
		h, ok := w.history(tx, resource)
		if !ok {
			return errors.New("no history of " + resource)
		}
		v = historyView{h.First(), h.Last()}
		return nil
	})
}

func must[T any](t testing.TB, fn func() (T, error)) T {
	t.Helper()
	v, err := fn()
	if err != nil {
		t.Fatal(err)
	}
	return v
}
