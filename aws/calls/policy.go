package calls

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// keyUse are the KMS actions that services make in the caller's name on what is encrypted, and whether they are given grants:
// "Requirements for EBS encryption" (EBS user guide), "AWS KMS key management" (RDS user guide), "Using server-side encryption
// with AWS KMS keys" (S3 user guide), "Secret encryption and decryption" (Secrets Manager user guide).
var keyUse = map[string][]string{
	"ec2":            blockKeyUse,
	"ebs":            blockKeyUse,
	"rds":            append([]string{"kms:Encrypt", "kms:GenerateDataKey"}, blockKeyUse...),
	"s3":             {"kms:Decrypt", "kms:GenerateDataKey"},
	"secretsmanager": {"kms:Decrypt", "kms:GenerateDataKey"},
}

var blockKeyUse = []string{"kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"}

type statement struct {
	Sid       string
	Effect    string
	Action    []string
	Resource  string
	Condition map[string]map[string]any `json:",omitempty"`
}

func allow(sid string, actions []string, condition map[string]map[string]any) statement {
	return statement{Sid: sid, Effect: "Allow", Action: actions, Resource: "*", Condition: condition}
}

// Policy is the least IAM policy (JSON, indented) that allows the operations: one statement per effect, so that an auditor
// sees what could be lost; the use of keys where something may be encrypted, grants only for AWS's own services; and
// iam:PassRole only to the services that take a role here. Resources are "*": a runbook does not know its ids beforehand.
func Policy(ops []string) ([]byte, error) {
	var actions [Irreversible + 1][]string
	to := map[string]bool{}
	uses := map[string]bool{}
	for _, name := range ops {
		op, ok := Find(name)
		if !ok {
			return nil, fmt.Errorf("policy: %s is not in the table of calls%s", name, nearest(name))
		}
		actions[op.Effect] = append(actions[op.Effect], op.Actions...)
		if op.Keys {
			service, _, _ := strings.Cut(op.Name, ".")
			for _, a := range keyUse[service] {
				uses[a] = true
			}
		}
		if op.Passes != "" {
			to[op.Passes] = true
		}
	}
	statements := []statement{}
	listed := map[string]bool{}
	for effect, sid := range []string{Read: "Read", Create: "Create", Change: "Change", Delete: "Delete", Irreversible: "Irreversible"} {
		slices.Sort(actions[effect])
		fresh := slices.DeleteFunc(slices.Compact(actions[effect]), func(a string) bool { return listed[a] })
		for _, a := range fresh {
			listed[a] = true
		}
		if len(fresh) > 0 {
			statements = append(statements, allow(sid, fresh, nil))
		}
	}
	grants := uses["kms:CreateGrant"] && !listed["kms:CreateGrant"]
	delete(uses, "kms:CreateGrant")
	if use := slices.DeleteFunc(slices.Sorted(maps.Keys(uses)), func(a string) bool { return listed[a] }); len(use) > 0 {
		statements = append(statements, allow("UseKeys", use, nil))
	}
	if grants {
		statements = append(statements, allow("GrantKeysToServices", []string{"kms:CreateGrant"}, map[string]map[string]any{"Bool": {"kms:GrantIsForAWSResource": "true"}}))
	}
	if len(to) > 0 {
		statements = append(statements, allow("PassRole", []string{"iam:PassRole"}, map[string]map[string]any{"StringEquals": {"iam:PassedToService": slices.Sorted(maps.Keys(to))}}))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", statements})
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	return b.Bytes(), nil
}
