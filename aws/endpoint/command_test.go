package endpoint

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lifeboat/aws/calls"
)

// The command is bash that asks AWS for address and secret and hands both to the client, whatever stands in the SQL.
func TestCommandRuns(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	bin := t.TempDir()
	for name, script := range map[string]string{
		"aws": `case "$*" in
*describe-db-instances*"--db-instance-identifier orders"*) printf 'db.example\t5432\tcaptain\tarn:aws:secretsmanager:us-east-2:111122223333:secret:rds!db-1\n';;
*get-secret-value*"--secret-id arn:aws:secretsmanager:us-east-2:111122223333:secret:rds!db-1"*) echo '{"username":"captain","password":"a$b c"}';;
*) echo "unexpected: $*" >&2; exit 2;;
esac`,
		"psql":   `printf '%s|' "$PGPASSWORD" "$@"`,
		"sqlcmd": `printf '%s|' "$SQLCMDPASSWORD" "$@"`,
	} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	sql := "select 'it''s', \"$HOME\", `x`\n"
	for protocol, want := range map[string]string{
		Postgres:  "a$b c|-h|db.example|-p|5432|-U|captain|-d|ledger|-v|ON_ERROR_STOP=1|-c|" + strings.TrimSpace(sql) + "|",
		SQLServer: "a$b c|-S|db.example,5432|-U|captain|-d|ledger|-C|-b|-Q|" + strings.TrimSpace(sql) + "|",
	} {
		command, err := Command(protocol, "orders", "ledger", "us-east-2", sql, calls.CLIOptions{})
		if err != nil {
			t.Fatal(err)
		}
		run := exec.Command(bash, "-c", command)
		run.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
		out, err := run.CombinedOutput()
		if err != nil || string(out) != want {
			t.Errorf("%s: %v\n%s\ngave %s\nwant %s", protocol, err, command, out, want)
		}
	}
	if _, err := Command("", "orders", "ledger", "us-east-2", sql, calls.CLIOptions{}); err == nil {
		t.Error("there is a command for no protocol")
	}
}
