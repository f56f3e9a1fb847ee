package endpoint

import (
	"context"
	"encoding/json"
	"fmt"
)

// Ask makes one AWS call that reads, and gives its answer as a plain tree, the members named as the API model names them.
type Ask func(ctx context.Context, op string, params map[string]any) (map[string]any, error)

// Operations are what Find calls, for policies.
func Operations() []string {
	return []string{"rds.DescribeDBInstances", "rds.DescribeDBClusters", "secretsmanager.GetSecretValue"}
}

// Find gives the address of a database of an RDS instance: where it is from DescribeDBInstances, user and password from the
// secret that RDS keeps for it (RDS guide, "Password management with Amazon RDS and AWS Secrets Manager"); an instance of an
// Aurora cluster has its cluster's. An error is that of the call, or an *Error when there is no endpoint yet or no such secret.
func Find(ctx context.Context, ask Ask, instance, database string) (Address, error) {
	a := Address{Instance: instance, Database: database}
	answer, err := ask(ctx, "rds.DescribeDBInstances", map[string]any{"DBInstanceIdentifier": instance})
	if err != nil {
		return a, err
	}
	db := first(answer["DBInstances"])
	if db == nil {
		return a, a.fail(Unreachable, CodeNoEndpoint, "RDS lists no such instance", nil)
	}
	a.Engine, _ = db["Engine"].(string)
	endpoint, _ := db["Endpoint"].(map[string]any)
	a.Host, _ = endpoint["Address"].(string)
	port, _ := endpoint["Port"].(float64)
	a.Port = int(port)
	if a.Host == "" || a.Port == 0 {
		return a, a.fail(Unreachable, CodeNoEndpoint, fmt.Sprintf("it has no endpoint yet, its status is %v", db["DBInstanceStatus"]), nil)
	}
	arn := secretOf(db)
	if cluster, _ := db["DBClusterIdentifier"].(string); arn == "" && cluster != "" {
		answer, err := ask(ctx, "rds.DescribeDBClusters", map[string]any{"DBClusterIdentifier": cluster})
		if err != nil {
			return a, err
		}
		arn = secretOf(first(answer["DBClusters"]))
	}
	if arn == "" {
		return a, a.fail(Denied, CodeNoSecret, "RDS keeps no secret with its master user's password", nil)
	}
	return a, a.unlock(ctx, ask, arn)
}

// unlock reads user and password from a secret of RDS.
func (a *Address) unlock(ctx context.Context, ask Ask, arn string) error {
	answer, err := ask(ctx, "secretsmanager.GetSecretValue", map[string]any{"SecretId": arn})
	if err != nil {
		return err
	}
	text, _ := answer["SecretString"].(string)
	var secret struct {
		Username string `json:"username"`
		Password string `json:"password"`
	}
	// What does not parse is not quoted: it may be the password itself.
	if json.Unmarshal([]byte(text), &secret) != nil || secret.Username == "" {
		return a.fail(Denied, CodeNoSecret, "its secret "+arn+" holds no username and password", nil)
	}
	a.User, a.Password = secret.Username, Secret(secret.Password)
	return nil
}

// first is the first structure of a list.
func first(list any) map[string]any {
	if all, _ := list.([]any); len(all) > 0 {
		m, _ := all[0].(map[string]any)
		return m
	}
	return nil
}

// secretOf is the ARN of the secret that RDS keeps for an instance or a cluster.
func secretOf(db map[string]any) string {
	secret, _ := db["MasterUserSecret"].(map[string]any)
	arn, _ := secret["SecretArn"].(string)
	return arn
}
