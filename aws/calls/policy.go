package calls

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// keyUse are the KMS actions that EBS makes in the caller's name on encrypted volumes and snapshots (EBS user guide,
// "Requirements for EBS encryption").
var keyUse = []string{"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"}

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
	encrypted := false
	for _, name := range ops {
		op, ok := Find(name)
		if !ok {
			return nil, fmt.Errorf("policy: %s is not in the table of calls%s", name, nearest(name))
		}
		actions[op.Effect] = append(actions[op.Effect], op.Actions...)
		encrypted = encrypted || op.Keys
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
	if encrypted {
		if use := slices.DeleteFunc(slices.Clone(keyUse), func(a string) bool { return listed[a] }); len(use) > 0 {
			statements = append(statements, allow("UseKeys", use, nil))
		}
		if !listed["kms:CreateGrant"] {
			statements = append(statements, allow("GrantKeysToServices", []string{"kms:CreateGrant"}, map[string]map[string]any{"Bool": {"kms:GrantIsForAWSResource": "true"}}))
		}
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
