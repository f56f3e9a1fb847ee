package calls

import (
	"strings"
	"testing"

	"lifeboat/aws/model"
)

// What RDS's operations can answer with, by the model, has a next thing to do of its own, wherever it says that something is
// taken, full, or in the wrong state.
func TestHintsOfRDS(t *testing.T) {
	api, err := model.Load("rds")
	if err != nil {
		t.Fatal(err)
	}
	general := (&Error{Op: "rds.CreateDBInstance", Kind: Client}).Hint()
	seen := map[string]bool{}
	for _, op := range api.Ops {
		for _, shape := range op.Errors {
			code := shape.Code()
			e := &Error{Op: op.String(), Region: "us-east-2", Code: code, Kind: kindOf(code, 400)}
			own := strings.Contains(code, "AlreadyExists") || strings.Contains(code, "Quota") || strings.Contains(code, "Capacity") || strings.Contains(code, "State")
			if own && !seen[code] && e.Hint() == general {
				t.Errorf("%s: %s has no hint of its own", op, code)
			}
			if strings.Contains(code, "NotFound") && e.Kind != NotFound {
				t.Errorf("%s: %s is of kind %s", op, code, e.Kind)
			}
			seen[code] = true
		}
	}
}

func TestHints(t *testing.T) {
	for _, c := range []struct {
		op, code, message string
		status            int
		kind              Kind
		hint              string
	}{
		{"rds.CreateDBInstance", "DBInstanceAlreadyExists", "DB instance already exists", 400, Client, "one of this name"},
		{"rds.RestoreDBInstanceFromDBSnapshot", "DBInstanceAlreadyExists", "DB instance already exists", 400, Client, "a restore always makes a new one"},
		{"rds.DeleteDBInstance", "InvalidParameterCombination", "Cannot delete protected DB Instance, please disable deletion protection and try again.", 400, Client, "switch deletion protection off"},
		{"rds.ModifyDBInstance", "InvalidParameterCombination", "MultiAZ and AvailabilityZone", 400, Client, "correct the parameter"},
		{"rds.RestoreDBInstanceToPointInTime", "PointInTimeRestoreNotEnabled", "", 400, Client, "restore from a snapshot"},
		{"rds.CopyDBSnapshot", "DBSnapshotNotFound", "", 404, NotFound, "named by its ARN"},
		{"rds.CopyDBSnapshot", "KMSKeyNotAccessibleFault", "", 400, Client, "a key of that Region"},
		{"rds.CreateDBInstance", "Throttling", "Rate exceeded", 400, Throttled, "wait a minute"},
		{"s3.CreateBucket", "BucketAlreadyOwnedByYou", "", 409, Client, "use it"},
		{"s3.DeleteBucket", "BucketNotEmpty", "", 409, Client, "every delete marker"},
		{"s3.HeadBucket", "NotFound", "Not Found", 404, NotFound, "check the id"},
		{"s3.HeadObject", "Forbidden", "Forbidden", 403, Denied, "check s3:GetObject in each"},
		{"s3.ListObjectsV2", "AccessDenied", "Access Denied", 403, Denied, "check s3:ListBucket in each"},
		{"s3.ListObjectsV2", "NoSuchBucket", "", 404, NotFound, "bucket's name"},
		{"s3.GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError", "", 404, NotFound, "no such setting"},
		{"s3.PutObject", "SlowDown", "Reduce your request rate.", 503, Throttled, "wait a minute"},
		{"s3.GetObject", "RequestTimeTooSkewed", "", 403, Denied, "this machine's clock"},
		{"secretsmanager.CreateSecret", "InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion.", 400, Client, "RestoreSecret"},
		{"secretsmanager.DeleteSecret", "InvalidRequestException", "The secret is managed by another service, and you must use that service to update it.", 400, Client, "another service owns"},
		{"ec2.DeleteSecurityGroup", "DependencyViolation", "", 400, Client, "remove that first"},
		{"ec2.CreateSecurityGroup", "InvalidGroup.Duplicate", "", 400, Client, "one of this name"},
	} {
		e := &Error{Op: c.op, Region: "us-east-2", Code: c.code, Message: c.message, Status: c.status, Kind: kindOf(c.code, c.status)}
		if e.Kind != c.kind || !strings.Contains(e.Hint(), c.hint) {
			t.Errorf("%s %s: kind %s, hint %q; want %s, %q", c.op, c.code, e.Kind, e.Hint(), c.kind, c.hint)
		}
	}
}
