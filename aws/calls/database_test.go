package calls_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lifeboat/aws/calls"
)

// Databases, their secrets and their bucket, the same on the sandbox and on an account reached through its endpoint: what is
// made, what is refused and what to do next.
func TestDatabaseContract(t *testing.T) {
	box, all, seen := open(t)
	for name, target := range all {
		t.Run(name, func(t *testing.T) {
			c := calls.New(target, calls.Guard{})
			made, before := int64(0), seen.Load()
			call := func(op string, params map[string]any) map[string]any {
				t.Helper()
				made++
				res, err := c.Call(t.Context(), calls.Request{Op: op, Region: "us-east-2", Params: params})
				if err != nil {
					t.Fatalf("%v; %s", err, hint(err))
				}
				if res.Attempts != 1 || res.RequestID == "" {
					t.Errorf("%s: %d attempts, request %q", op, res.Attempts, res.RequestID)
				}
				return res.Output
			}
			refused := func(kind calls.Kind, code, next, op string, params map[string]any) {
				t.Helper()
				made++
				_, err := c.Call(t.Context(), calls.Request{Op: op, Region: "us-east-2", Params: params})
				var e *calls.Error
				if !errors.As(err, &e) || e.Kind != kind || e.Code != code || !strings.Contains(e.Hint(), next) {
					t.Errorf("%s: %v; %s, want %s %s; %s", op, err, hint(err), kind, code, next)
				}
			}
			wait := func(d time.Duration) {
				t.Helper()
				if err := box.Clock().Pass(t.Context(), d); err != nil {
					t.Fatal(err)
				}
			}

			db := map[string]any{"DBInstanceIdentifier": "db-" + name}
			create := map[string]any{"DBInstanceIdentifier": "db-" + name, "Engine": "postgres", "DBInstanceClass": "db.t4g.micro", "AllocatedStorage": 20,
				"MasterUsername": "lifeboat", "ManageMasterUserPassword": true, "BackupRetentionPeriod": 1,
				"Tags": []any{map[string]any{"Key": "target", "Value": name}}}
			call("rds.CreateDBInstance", create)
			refused(calls.Client, "DBInstanceAlreadyExists", "one of this name is there already", "rds.CreateDBInstance", create)
			refused(calls.Client, "InvalidDBInstanceState", "wait until its status is available", "rds.CreateDBSnapshot", map[string]any{"DBInstanceIdentifier": "db-" + name, "DBSnapshotIdentifier": "early"})
			wait(time.Hour)
			shown := call("rds.DescribeDBInstances", db)["DBInstances"].([]any)[0].(map[string]any)
			if shown["DBInstanceStatus"] != "available" || shown["Endpoint"] == nil {
				t.Fatalf("instance %v", shown)
			}
			secret := shown["MasterUserSecret"].(map[string]any)["SecretArn"]
			var login struct{ Username, Password string }
			if text, _ := call("secretsmanager.GetSecretValue", map[string]any{"SecretId": secret})["SecretString"].(string); json.Unmarshal([]byte(text), &login) != nil || login.Username != "lifeboat" || login.Password == "" {
				t.Errorf("the secret is for %q and has %d letters", login.Username, len(login.Password))
			}
			refused(calls.Client, "InvalidRequestException", "another service owns the secret", "secretsmanager.DeleteSecret", map[string]any{"SecretId": secret, "ForceDeleteWithoutRecovery": true})

			call("rds.CreateDBSnapshot", map[string]any{"DBInstanceIdentifier": "db-" + name, "DBSnapshotIdentifier": "snap-" + name})
			wait(time.Hour)
			refused(calls.Client, "DBInstanceAlreadyExists", "a restore always makes a new one", "rds.RestoreDBInstanceFromDBSnapshot", map[string]any{"DBInstanceIdentifier": "db-" + name, "DBSnapshotIdentifier": "snap-" + name})
			refused(calls.NotFound, "DBSnapshotNotFound", "named by its ARN", "rds.DescribeDBSnapshots", map[string]any{"DBSnapshotIdentifier": "none"})

			bucket := map[string]any{"Bucket": "lifeboat-" + name}
			call("s3.CreateBucket", map[string]any{"Bucket": "lifeboat-" + name, "CreateBucketConfiguration": map[string]any{"LocationConstraint": "us-east-2"}})
			object := map[string]any{"Bucket": "lifeboat-" + name, "Key": "a b/full.bak"}
			body := bytes.Repeat([]byte(name), 100_000)
			call("s3.PutObject", map[string]any{"Bucket": "lifeboat-" + name, "Key": "a b/full.bak", "Body": body})
			if got, _ := call("s3.GetObject", object)["Body"].([]byte); !bytes.Equal(got, body) {
				t.Errorf("%d bytes of %d came back", len(got), len(body))
			}
			refused(calls.Client, "BucketNotEmpty", "delete all that is in it first", "s3.DeleteBucket", bucket)
			call("s3.DeleteObject", object)
			call("s3.DeleteBucket", bucket)
			refused(calls.NotFound, "NotFound", "check", "s3.HeadBucket", bucket)

			call("rds.DeleteDBInstance", map[string]any{"DBInstanceIdentifier": "db-" + name, "SkipFinalSnapshot": true, "DeleteAutomatedBackups": true})
			wait(time.Hour)
			refused(calls.NotFound, "DBInstanceNotFound", "deleted or renamed", "rds.DescribeDBInstances", db)
			refused(calls.NotFound, "ResourceNotFoundException", "check", "secretsmanager.GetSecretValue", map[string]any{"SecretId": secret})
			call("rds.DeleteDBSnapshot", map[string]any{"DBSnapshotIdentifier": "snap-" + name})
			if got := seen.Load() - before; got != made {
				t.Errorf("%d calls made, %d seen", made, got)
			}
		})
	}
}

// The printed commands of databases, secrets and buckets do, pasted, what the calls do; in us-east-1 too.
func TestDatabaseCommandsPasted(t *testing.T) {
	sh := openShell(t)
	c := calls.New(sh.target, calls.Guard{})
	call := func(op, region string, params map[string]any) map[string]any {
		t.Helper()
		res, err := c.Call(t.Context(), calls.Request{Op: op, Region: region, Params: params})
		if err != nil {
			t.Fatal(err)
		}
		return res.Output
	}
	sh.paste("us-east-1", "rds.CreateDBSubnetGroup", map[string]any{"DBSubnetGroupName": "lab", "DBSubnetGroupDescription": "it's a lab's",
		"SubnetIds": subnets(call("ec2.DescribeSubnets", "us-east-1", nil))})
	if groups := call("rds.DescribeDBSubnetGroups", "us-east-1", map[string]any{"DBSubnetGroupName": "lab"})["DBSubnetGroups"].([]any); len(groups) != 1 {
		t.Errorf("groups %v", groups)
	}
	sh.paste("us-east-2", "rds.CreateOptionGroup", map[string]any{"OptionGroupName": "native", "EngineName": "sqlserver-ex", "MajorEngineVersion": "15.00", "OptionGroupDescription": "d"})
	sh.paste("us-east-2", "secretsmanager.CreateSecret", map[string]any{"Name": "lab/secret", "SecretString": `{"a":"b"}`})
	if v := call("secretsmanager.GetSecretValue", "us-east-2", map[string]any{"SecretId": "lab/secret"})["SecretString"]; v != `{"a":"b"}` {
		t.Errorf("secret %v", v)
	}
	sh.paste("us-east-2", "s3.CreateBucket", map[string]any{"Bucket": "lab-pasted", "CreateBucketConfiguration": map[string]any{"LocationConstraint": "us-east-2"}})
	sh.paste("us-east-2", "s3.PutObject", map[string]any{"Bucket": "lab-pasted", "Key": "a b+c", "Body": []byte("bytes\x00")})
	sh.paste("us-east-2", "s3.CopyObject", map[string]any{"Bucket": "lab-pasted", "Key": "copy", "CopySource": "lab-pasted/a%20b%2Bc"})
	if err := os.Remove(filepath.Join(sh.dir, "body.bin")); err != nil {
		t.Fatal(err)
	}
	sh.paste("us-east-2", "s3.GetObject", map[string]any{"Bucket": "lab-pasted", "Key": "copy"})
	if got, err := os.ReadFile(filepath.Join(sh.dir, "body.bin")); err != nil || string(got) != "bytes\x00" {
		t.Errorf("%q came back, %v", got, err)
	}
}

func subnets(out map[string]any) (ids []any) {
	for _, s := range out["Subnets"].([]any) {
		ids = append(ids, s.(map[string]any)["SubnetId"])
	}
	return ids
}
