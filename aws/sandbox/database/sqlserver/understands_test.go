package sqlserver

import (
	osexec "os/exec"
	"strings"
	"testing"
)

func TestUnderstands(t *testing.T) {
	db := lab(t)
	db.SetMaxOpenConns(1)
	for _, u := range understood {
		if _, err := results(db, u.example); err != nil {
			t.Errorf("%s: %s\n  %v", u.what, u.example, err)
		}
	}
	all := strings.Join(Understands(), "\n")
	for _, want := range []string{"GETDATE", "LEN", "sys.databases", "@@VERSION", "SERVERPROPERTY", "rds_"} {
		if !strings.Contains(all, want) {
			t.Errorf("%s is not told:\n%s", want, all)
		}
	}
}

// TestSqlcmd runs Microsoft's own client, where there is one.
func TestSqlcmd(t *testing.T) {
	sqlcmd, err := osexec.LookPath("sqlcmd")
	if err != nil {
		t.Skip("sqlcmd is not on PATH")
	}
	_, address := endpoint(t, nil)
	server := strings.Replace(address, ":", ",", 1)
	for _, c := range []struct{ sql, want string }{
		{"SET NOCOUNT ON; CREATE TABLE t (id int IDENTITY, name nvarchar(20)); INSERT t (name) VALUES (N'here'); SELECT id, name FROM t", "here"},
		{"SELECT * FROM nope", "Invalid object name 'nope'."},
		{"SELECT name FROM sys.databases", "rdsadmin"},
	} {
		out, _ := osexec.Command(sqlcmd, "-S", server, "-U", "admin", "-P", "p@ss-wörd", "-d", "labdb", "-C", "-Q", c.sql).CombinedOutput()
		if !strings.Contains(string(out), c.want) {
			t.Errorf("%s: got %s", c.sql, out)
		}
	}
}
