package endpoint

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	secret := func(arn string) map[string]any { return map[string]any{"SecretArn": arn} }
	at := map[string]any{"Address": "127.0.0.1", "Port": 5432.0}
	for name, c := range map[string]struct {
		db, cluster map[string]any
		value       string
		code        string // of the error, empty for none
		asked       string
	}{
		"an instance": {map[string]any{"Engine": "postgres", "Endpoint": at, "MasterUserSecret": secret("arn:1")}, nil,
			`{"username":"captain","password":"hunter2"}`, "", "rds.DescribeDBInstances secretsmanager.GetSecretValue"},
		"of a cluster": {map[string]any{"Engine": "aurora-postgresql", "Endpoint": at, "DBClusterIdentifier": "c"}, map[string]any{"MasterUserSecret": secret("arn:1")},
			`{"username":"captain","password":"hunter2"}`, "", "rds.DescribeDBInstances rds.DescribeDBClusters secretsmanager.GetSecretValue"},
		"still creating": {map[string]any{"Engine": "postgres", "DBInstanceStatus": "creating"}, nil, "", CodeNoEndpoint, "rds.DescribeDBInstances"},
		"no secret":      {map[string]any{"Engine": "postgres", "Endpoint": at}, nil, "", CodeNoSecret, "rds.DescribeDBInstances"},
		"a secret of another kind": {map[string]any{"Engine": "postgres", "Endpoint": at, "MasterUserSecret": secret("arn:1")}, nil, "hunter2", CodeNoSecret,
			"rds.DescribeDBInstances secretsmanager.GetSecretValue"},
		"none listed": {nil, nil, "", CodeNoEndpoint, "rds.DescribeDBInstances"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			ask := func(_ context.Context, op string, params map[string]any) (map[string]any, error) {
				asked = append(asked, op)
				switch op {
				case "rds.DescribeDBInstances":
					if c.db == nil {
						return map[string]any{}, nil
					}
					return map[string]any{"DBInstances": []any{c.db}}, nil
				case "rds.DescribeDBClusters":
					return map[string]any{"DBClusters": []any{c.cluster}}, nil
				}
				return map[string]any{"SecretString": c.value}, nil
			}
			a, err := Find(context.Background(), ask, "lab", "app")
			if strings.Join(asked, " ") != c.asked {
				t.Errorf("asked %v", asked)
			}
			if c.code == "" {
				if err != nil || a.Host != "127.0.0.1" || a.Port != 5432 || a.User != "captain" || a.Password != "hunter2" || a.Database != "app" || a.Instance != "lab" {
					t.Errorf("%+v %v", a, err)
				}
				return
			}
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Code != c.code || e.Hint() == "" || strings.Contains(fmt.Sprintf("%#v", e), "hunter2") {
				t.Errorf("%#v", err)
			}
		})
	}
}

// The error of a call is the caller's own.
func TestFindPassesErrorsOn(t *testing.T) {
	refused := errors.New("DBInstanceNotFound")
	if _, err := Find(context.Background(), func(context.Context, string, map[string]any) (map[string]any, error) { return nil, refused }, "lab", "app"); !errors.Is(err, refused) {
		t.Error(err)
	}
}
