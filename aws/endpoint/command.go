package endpoint

import (
	"fmt"
	"strings"

	"lifeboat/aws/calls"
)

// Command is a bash command that runs a text of SQL on a database of an instance, as Find and Open would: the aws CLI gives the
// address and the secret, psql or sqlcmd runs the text and stops at its first error. No password stands in it. The error is
// that there is no client for the protocol.
func Command(protocol, instance, database, region, sql string, o calls.CLIOptions) (string, error) {
	client, ok := clients[protocol]
	if !ok {
		return "", fmt.Errorf("there is no command for a database of protocol %q", protocol)
	}
	where, err := calls.Command("rds.DescribeDBInstances", region, map[string]any{"DBInstanceIdentifier": instance}, o)
	if err != nil {
		return "", err
	}
	secret, err := calls.Command("secretsmanager.GetSecretValue", region, map[string]any{"SecretId": secretHere}, o)
	if err != nil {
		return "", err
	}
	secret = strings.Replace(secret, secretHere, `"$SECRET"`, 1)
	return strings.Join([]string{
		`AT=$(` + where + ` --query 'DBInstances[0].[Endpoint.Address, Endpoint.Port, MasterUsername, MasterUserSecret.SecretArn]' --output text)`,
		`read -r HOST PORT LOGIN SECRET <<< "$AT"`,
		`PASSWORD=$(` + secret + ` --query SecretString --output text | sed 's/.*"password": *"\([^"]*\)".*/\1/')`,
		client(calls.Quote(database), `"`+inDouble.Replace(strings.TrimSpace(sql))+`"`),
	}, "\n"), nil
}

// secretHere stands in the command where the variable with the secret's ARN goes.
const secretHere = "SECRET-ARN"

// inDouble keeps a text as it is in double quotes; SQL is full of single ones.
var inDouble = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`")

// clients are the commands of the two protocols' own clients. Each stops at the first error, and answers with it.
var clients = map[string]func(database, sql string) string{
	Postgres: func(database, sql string) string {
		return `PGPASSWORD=$PASSWORD psql -h "$HOST" -p "$PORT" -U "$LOGIN" -d ` + database + ` -v ON_ERROR_STOP=1 -c ` + sql
	},
	SQLServer: func(database, sql string) string {
		return `SQLCMDPASSWORD=$PASSWORD sqlcmd -S "$HOST,$PORT" -U "$LOGIN" -d ` + database + ` -C -b -Q ` + sql
	},
}

// ProtocolOf is the protocol that an engine of RDS speaks, empty for one that is neither Postgres nor SQL Server.
func ProtocolOf(engine string) string {
	switch {
	case engine == "postgres" || engine == "aurora-postgresql":
		return Postgres
	case strings.HasPrefix(engine, "sqlserver-"):
		return SQLServer
	}
	return ""
}
