package calls

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"lifeboat/aws/model"
)

var services = []string{"ec2", "ebs", "dlm", "kms", "iam", "sts", "resourcegroupstaggingapi", "rds", "secretsmanager", "s3", "s3control", "cloudwatch"}

// The table has every operation the model describes of its services, and none besides.
func TestTableIsTheModel(t *testing.T) {
	var want []string
	for _, s := range services {
		api, err := model.Load(s)
		if err != nil {
			t.Fatal(err)
		}
		for name := range api.Ops {
			want = append(want, s+"."+name)
		}
	}
	slices.Sort(want)
	var got []string
	for _, op := range All() {
		got = append(got, op.Name)
	}
	for _, name := range want {
		if !slices.Contains(got, name) {
			t.Errorf("%s is in the model and not in the table", name)
		}
	}
	for _, name := range got {
		if !slices.Contains(want, name) {
			t.Errorf("%s is in the table and not in the model", name)
		}
	}
}

func TestEffects(t *testing.T) {
	named := map[string]Effect{ // otherwise than it is
		"ec2.CreateTags": Change, "ec2.DeleteTags": Change, // they touch something that is there
		"s3.PutObject": Create, "s3.CompleteMultipartUpload": Create,
	}
	for _, op := range All() {
		_, name, _ := model.Split(op.Name)
		var want []Effect
		other, otherwise := named[op.Name]
		switch {
		case otherwise:
			want = []Effect{other}
		case has(name, "Describe", "List", "Get", "Head", "Simulate", "Decrypt", "Encrypt", "GenerateDataKey", "ReEncrypt", "AssumeRole"):
			want = []Effect{Read}
		case has(name, "Delete", "Terminate", "Deregister", "ScheduleKeyDeletion", "RevokeGrant", "RetireGrant", "AbortMultipartUpload"):
			want = []Effect{Delete}
		case has(name, "Create", "Run", "Copy", "Register", "StartSnapshot", "ReplicateKey", "RestoreDB", "StartExportTask", "StartDBInstanceAutomatedBackups"):
			want = []Effect{Create}
		default:
			want = []Effect{Change, Irreversible}
		}
		if !slices.Contains(want, op.Effect) {
			t.Errorf("%s: effect %s, want one of %s", op.Name, op.Effect, want)
		}
		if op.Effect == Create && op.Same {
			t.Errorf("%s makes something: twice is not the same", op.Name)
		}
		if len(op.Actions) == 0 || !strings.Contains(op.Actions[0], ":") {
			t.Errorf("%s: IAM actions %v", op.Name, op.Actions)
		}
	}
}

func has(name string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

// The idempotency field is the one the model marks, wherever the model marks one.
func TestTokens(t *testing.T) {
	for _, op := range All() {
		m, err := model.Find(op.Name)
		if err != nil {
			t.Fatal(err)
		}
		marked := ""
		for _, f := range m.Input.Members {
			if f.IdempotencyToken {
				marked = f.Name
			}
		}
		if op.Token != marked && !(marked == "" && m.Input.Member(op.Token) != nil) {
			t.Errorf("%s: token %q, the model marks %q", op.Name, op.Token, marked)
		}
	}
}

// What can pass a role can be seen in the model: a role's ARN is among its parameters.
func TestPassRole(t *testing.T) {
	within := map[string]bool{"iam.AddRoleToInstanceProfile": true, "rds.AddRoleToDBInstance": true, "rds.ModifyOptionGroup": true, "s3.PutBucketReplication": true, "s3control.CreateJob": true} // deeper, or under another name
	for _, op := range All() {
		m, _ := model.Find(op.Name)
		takes := within[op.Name]
		for _, member := range []string{"ExecutionRoleArn", "IamInstanceProfile", "MonitoringRoleArn", "IamRoleArn"} {
			takes = takes || m.Input.Member(member) != nil
		}
		if takes != (op.Passes != "") {
			t.Errorf("%s: passes a role to %q, takes one: %v", op.Name, op.Passes, takes)
		}
	}
}

func TestPolicy(t *testing.T) {
	text, err := Policy([]string{"ec2.CreateVolume", "ec2.DescribeVolumes", "ec2.DeleteVolume", "ec2.CreateVolume", "ec2.CreateTags", "dlm.CreateLifecyclePolicy", "kms.ReEncrypt", "resourcegroupstaggingapi.GetResources"})
	if err != nil {
		t.Fatal(err)
	}
	var p struct {
		Version   string
		Statement []struct {
			Sid       string
			Action    []string
			Condition map[string]map[string]any
		}
	}
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range p.Statement {
		got[s.Sid] = strings.Join(s.Action, " ")
	}
	for sid, want := range map[string]string{
		"Read":                "ec2:DescribeVolumes kms:ReEncryptFrom kms:ReEncryptTo tag:GetResources",
		"Create":              "dlm:CreateLifecyclePolicy dlm:TagResource ec2:CreateTags ec2:CreateVolume",
		"Delete":              "ec2:DeleteVolume",
		"UseKeys":             "kms:Decrypt kms:DescribeKey kms:GenerateDataKeyWithoutPlaintext",
		"GrantKeysToServices": "kms:CreateGrant",
		"PassRole":            "iam:PassRole",
	} {
		if got[sid] != want {
			t.Errorf("statement %s allows %q, want %q", sid, got[sid], want)
		}
		delete(got, sid)
	}
	if len(got) > 0 {
		t.Errorf("statements nobody needs: %v", got)
	}
	if _, err := Policy([]string{"ec2.CreateVolum"}); err == nil || !strings.Contains(err.Error(), "did you mean ec2.CreateVolume") {
		t.Errorf("a wrong name gives %v", err)
	}
}
