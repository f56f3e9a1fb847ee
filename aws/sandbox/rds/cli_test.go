package rds

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	process "os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lifeboat/aws/sandbox/wire"
)

// cli is the real aws CLI, in front of the service on its ground.
type cli struct {
	*ground
	t       *testing.T
	in      io.Writer
	answers *bufio.Scanner
	mu      sync.Mutex
	called  map[string]bool // operations that reached the service
}

// ownKey is the only access key there is.
type ownKey struct{}

func (ownKey) Key(id string) (wire.Key, error) {
	return wire.Key{Secret: "secret", Account: mine, ARN: "arn:aws:iam::" + mine + ":root"}, nil
}

// newCLI starts the CLI; the test is skipped where it is not installed (version 1, as a Python package).
func newCLI(t *testing.T) *cli {
	if testing.Short() {
		t.Skip("the aws CLI takes seconds")
	}
	python := ""
	for _, name := range []string{"python3", "python"} {
		if process.Command(name, "-c", "import awscli.clidriver").Run() == nil {
			python = name
			break
		}
	}
	if python == "" {
		t.Skip("the aws CLI (version 1, as a Python package) is not installed")
	}
	c := &cli{ground: newGround(t, "", Options{}), t: t, called: map[string]bool{}}
	server := wire.New(wire.Options{Keys: ownKey{}, Log: func(e wire.Entry) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.called[e.Caller.Operation] = true
	}})
	server.Mount("rds", c.Ops()...)
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	cmd := process.Command(python, filepath.Join("testdata", "aws.py"))
	dir := t.TempDir()
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "AWS_") }),
		"AWS_ENDPOINT_URL="+web.URL, "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_DEFAULT_REGION="+home, "AWS_REGION="+home,
		"AWS_DEFAULT_OUTPUT=json", "AWS_PAGER=", "AWS_CONFIG_FILE="+filepath.Join(dir, "none"), "AWS_MAX_ATTEMPTS=1", "AWS_EC2_METADATA_DISABLED=true")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	c.in, c.answers = in, bufio.NewScanner(out)
	c.answers.Buffer(nil, 16<<20)
	return c
}

// run runs "aws rds" with a command, and gives what it prints and what it complains of.
func (c *cli) run(command string) (out any, complaint string) {
	c.t.Helper()
	args := append([]string{"rds"}, strings.Fields(command)...)
	if !slices.Contains(args, "--region") {
		args = append(args, "--region", home) // one process remembers the last one
	}
	line, _ := json.Marshal(args)
	fmt.Fprintf(c.in, "%s\n", line)
	if !c.answers.Scan() {
		c.t.Fatalf("the aws CLI ended: %v", c.answers.Err())
	}
	var answer struct {
		Code     int
		Out, Err string
	}
	if err := json.Unmarshal(c.answers.Bytes(), &answer); err != nil {
		c.t.Fatal(err)
	}
	if answer.Code != 0 {
		return nil, answer.Err
	}
	if strings.TrimSpace(answer.Out) != "" {
		if err := json.Unmarshal([]byte(answer.Out), &out); err != nil {
			c.t.Fatalf("aws rds %s printed %s", command, answer.Out)
		}
	}
	return out, ""
}

// do runs a command that must succeed, and gives what is at a path of keys and indexes in what it prints.
func (c *cli) do(command string, path ...any) any {
	c.t.Helper()
	out, complaint := c.run(command)
	if complaint != "" {
		c.t.Fatalf("aws rds %s: %s", command, complaint)
	}
	for _, p := range path {
		switch p := p.(type) {
		case string:
			out = out.(map[string]any)[p]
		case int:
			out = out.([]any)[p]
		}
	}
	return out
}

// is checks what a command prints.
func (c *cli) is(want any, command string, path ...any) {
	c.t.Helper()
	if got := c.do(command, path...); got != want {
		c.t.Errorf("aws rds %s: %v is %v, want %v", command, path, got, want)
	}
}

// refuses checks that a command is refused as AWS does.
func (c *cli) refuses(code, words, command string) {
	c.t.Helper()
	if _, complaint := c.run(command); !strings.Contains(complaint, "An error occurred ("+code+") when calling the ") || !strings.Contains(complaint, words) {
		c.t.Errorf("aws rds %s: %q, want %s: %s", command, complaint, code, words)
	}
}

const instanceLine = "--engine postgres --db-instance-class db.t4g.micro --allocated-storage 20 --master-username lifeboat --master-user-password correct-horse"

// A life cycle by the CLI alone: made, written to, kept in a snapshot, deleted, brought back, cut over, deleted.
func TestLifeCycleByTheCLI(t *testing.T) {
	c := newCLI(t)
	c.is("creating", "create-db-instance --db-instance-identifier lab --tags Key=run,Value=1 "+instanceLine, "DBInstance", "DBInstanceStatus")
	c.Pass(15 * time.Minute)
	c.do("wait db-instance-available --db-instance-identifier lab")
	lab := "describe-db-instances --db-instance-identifier lab"
	port := c.do(lab, "DBInstances", 0, "Endpoint", "Port")
	c.is(host, lab, "DBInstances", 0, "Endpoint", "Address")
	resource := c.do(lab, "DBInstances", 0, "DbiResourceId").(string)
	c.sql(&resource, newTable, "insert into marker values (1, 'before')")
	c.do("create-db-snapshot --db-instance-identifier lab --db-snapshot-identifier keep")
	c.Pass(5 * time.Minute)
	c.do("wait db-snapshot-available --db-snapshot-identifier keep")
	c.refuses("DBInstanceAlreadyExists", "DB instance already exists", "restore-db-instance-from-db-snapshot --db-instance-identifier lab --db-snapshot-identifier keep")
	moment := c.Clock.Now().Format(time.RFC3339)
	c.Pass(6 * time.Minute)
	c.sql(&resource, "drop table marker")

	c.do("restore-db-instance-to-point-in-time --source-db-instance-identifier lab --target-db-instance-identifier then --restore-time " + moment)
	c.do("modify-db-instance --db-instance-identifier lab --new-db-instance-identifier broken --apply-immediately")
	c.Pass(15 * time.Minute)
	c.do("wait db-instance-available --db-instance-identifier then")
	then := c.do("describe-db-instances --db-instance-identifier then", "DBInstances", 0, "DbiResourceId").(string)
	if got := c.sql(&then, "select id from marker"); !slices.Equal(got, []string{"1"}) {
		t.Errorf("what came back is %q", got)
	}
	c.do("modify-db-instance --db-instance-identifier then --new-db-instance-identifier lab --apply-immediately")
	c.Pass(5 * time.Minute)
	c.is(port, lab, "DBInstances", 0, "Endpoint", "Port")
	for _, id := range []string{"lab", "broken"} {
		c.is("deleting", "delete-db-instance --skip-final-snapshot --delete-automated-backups --db-instance-identifier "+id, "DBInstance", "DBInstanceStatus")
		c.Pass(10 * time.Minute)
		c.do("wait db-instance-deleted --db-instance-identifier " + id)
	}
	c.refuses("DBInstanceNotFound", "DBInstance lab not found.", lab)
	c.do("delete-db-snapshot --db-snapshot-identifier keep")
	for list, key := range map[string]string{"describe-db-instances": "DBInstances", "describe-db-snapshots": "DBSnapshots", "describe-db-instance-automated-backups": "DBInstanceAutomatedBackups"} {
		if left := c.do(list, key).([]any); len(left) != 0 {
			t.Errorf("%s: left are %v", list, left)
		}
	}
}

// Every operation is driven by the CLI at least once, with what it answers looked at.
func TestEveryOperationByTheCLI(t *testing.T) {
	c := newCLI(t)
	role := c.role("native", "rds.amazonaws.com")
	subnets := strings.Join(c.subnets()[:2], " ")
	steps := []struct {
		command string
		want    any
		path    []any
		pass    time.Duration
	}{
		{"describe-db-engine-versions --engine sqlserver-ex --default-only", "16.00", []any{"DBEngineVersions", 0, "MajorEngineVersion"}, 0},
		{"describe-orderable-db-instance-options --engine postgres --db-instance-class db.t4g.micro --max-items 1", "postgres", []any{"OrderableDBInstanceOptions", 0, "Engine"}, 0},
		{"create-db-subnet-group --db-subnet-group-name net --db-subnet-group-description d --subnet-ids " + subnets, "Complete", []any{"DBSubnetGroup", "SubnetGroupStatus"}, 0},
		{"modify-db-subnet-group --db-subnet-group-name net --subnet-ids " + subnets, "net", []any{"DBSubnetGroup", "DBSubnetGroupName"}, 0},
		{"describe-db-subnet-groups", "net", []any{"DBSubnetGroups", 0, "DBSubnetGroupName"}, 0},
		{"create-db-parameter-group --db-parameter-group-name par --db-parameter-group-family postgres17 --description d", "postgres17", []any{"DBParameterGroup", "DBParameterGroupFamily"}, 0},
		{"modify-db-parameter-group --db-parameter-group-name par --parameters ParameterName=work_mem,ParameterValue=100,ApplyMethod=immediate", "par", []any{"DBParameterGroupName"}, 0},
		{"describe-db-parameters --db-parameter-group-name par --source user", "100", []any{"Parameters", 0, "ParameterValue"}, 0},
		{"reset-db-parameter-group --db-parameter-group-name par --reset-all-parameters", "par", []any{"DBParameterGroupName"}, 0},
		{"describe-db-parameter-groups", "par", []any{"DBParameterGroups", 0, "DBParameterGroupName"}, 0},
		{"describe-option-group-options --engine-name sqlserver-ex --major-engine-version 16.00", "MSDTC", []any{"OptionGroupOptions", 0, "Name"}, 0},
		{"create-option-group --option-group-name opt --engine-name sqlserver-ex --major-engine-version 16.00 --option-group-description d", "opt", []any{"OptionGroup", "OptionGroupName"}, 0},
		{"add-option-to-option-group --option-group-name opt --apply-immediately --options OptionName=SQLSERVER_BACKUP_RESTORE,OptionSettings=[{Name=IAM_ROLE_ARN,Value=" + role + "}]", role, []any{"OptionGroup", "Options", 0, "OptionSettings", 0, "Value"}, 0},
		{"copy-option-group --source-option-group-identifier opt --target-option-group-identifier opt2 --target-option-group-description d", "opt2", []any{"OptionGroup", "OptionGroupName"}, 0},
		{"describe-option-groups --engine-name sqlserver-ex", "opt", []any{"OptionGroupsList", 0, "OptionGroupName"}, 0},

		{"create-db-instance --db-instance-identifier db --db-subnet-group-name net --db-parameter-group-name par " + instanceLine, "creating", []any{"DBInstance", "DBInstanceStatus"}, 15 * time.Minute},
		{"describe-db-instances", "available", []any{"DBInstances", 0, "DBInstanceStatus"}, 0},
		{"modify-db-instance --db-instance-identifier db --backup-retention-period 3 --apply-immediately", "db", []any{"DBInstance", "DBInstanceIdentifier"}, 5 * time.Minute},
		{"reboot-db-instance --db-instance-identifier db", "rebooting", []any{"DBInstance", "DBInstanceStatus"}, 5 * time.Minute},
		{"add-role-to-db-instance --db-instance-identifier db --feature-name s3Import --role-arn " + role, nil, nil, time.Minute},
		{"remove-role-from-db-instance --db-instance-identifier db --feature-name s3Import --role-arn " + role, nil, nil, time.Minute},
		{"add-tags-to-resource --resource-name arn:aws:rds:us-east-2:111111111111:db:db --tags Key=a,Value=b", nil, nil, 0},
		{"list-tags-for-resource --resource-name arn:aws:rds:us-east-2:111111111111:db:db", "b", []any{"TagList", 0, "Value"}, 0},
		{"remove-tags-from-resource --resource-name arn:aws:rds:us-east-2:111111111111:db:db --tag-keys a", nil, nil, 0},
		{"describe-events --source-type db-instance --source-identifier db --duration 600", "db", []any{"Events", 0, "SourceIdentifier"}, 0},
		{"create-db-snapshot --db-instance-identifier db --db-snapshot-identifier s", "creating", []any{"DBSnapshot", "Status"}, 5 * time.Minute},
		{"describe-db-snapshots --db-snapshot-identifier s", "available", []any{"DBSnapshots", 0, "Status"}, 0},
		{"modify-db-snapshot --db-snapshot-identifier s --engine-version 17.5", "17.5", []any{"DBSnapshot", "EngineVersion"}, 0},
		{"copy-db-snapshot --source-db-snapshot-identifier s --target-db-snapshot-identifier s2", "s2", []any{"DBSnapshot", "DBSnapshotIdentifier"}, 10 * time.Minute},
		{"copy-db-snapshot --region us-west-2 --source-region us-east-2 --source-db-snapshot-identifier arn:aws:rds:us-east-2:111111111111:snapshot:s --target-db-snapshot-identifier far", "us-east-2", []any{"DBSnapshot", "SourceRegion"}, 10 * time.Minute},
		{"modify-db-snapshot-attribute --db-snapshot-identifier s --attribute-name restore --values-to-add " + theirs, theirs, []any{"DBSnapshotAttributesResult", "DBSnapshotAttributes", 0, "AttributeValues", 0}, 0},
		{"describe-db-snapshot-attributes --db-snapshot-identifier s", theirs, []any{"DBSnapshotAttributesResult", "DBSnapshotAttributes", 0, "AttributeValues", 0}, 0},
		{"describe-db-instance-automated-backups --db-instance-identifier db", "active", []any{"DBInstanceAutomatedBackups", 0, "Status"}, 0},
		{"start-db-instance-automated-backups-replication --region us-west-2 --source-db-instance-arn arn:aws:rds:us-east-2:111111111111:db:db --backup-retention-period 2", "us-east-2", []any{"DBInstanceAutomatedBackup", "Region"}, time.Hour},
		{"stop-db-instance-automated-backups-replication --region us-west-2 --source-db-instance-arn arn:aws:rds:us-east-2:111111111111:db:db", "us-east-2", []any{"DBInstanceAutomatedBackup", "Region"}, time.Hour},
		{"restore-db-instance-from-db-snapshot --db-instance-identifier back --db-snapshot-identifier s", "creating", []any{"DBInstance", "DBInstanceStatus"}, 0},
		{"restore-db-instance-to-point-in-time --source-db-instance-identifier db --target-db-instance-identifier point --use-latest-restorable-time", "creating", []any{"DBInstance", "DBInstanceStatus"}, 20 * time.Minute},
		{"stop-db-instance --db-instance-identifier back", "stopping", []any{"DBInstance", "DBInstanceStatus"}, 10 * time.Minute},
		{"start-db-instance --db-instance-identifier back", "starting", []any{"DBInstance", "DBInstanceStatus"}, 10 * time.Minute},

		{"create-db-cluster --db-cluster-identifier clu --engine aurora-postgresql --master-username lifeboat --master-user-password correct-horse", "creating", []any{"DBCluster", "Status"}, 10 * time.Minute},
		{"create-db-instance --db-instance-identifier member --db-cluster-identifier clu --engine aurora-postgresql --db-instance-class db.t4g.medium", "clu", []any{"DBInstance", "DBClusterIdentifier"}, 15 * time.Minute},
		{"wait db-cluster-available --db-cluster-identifier clu", nil, nil, 0},
		{"describe-db-clusters", true, []any{"DBClusters", 0, "DBClusterMembers", 0, "IsClusterWriter"}, 0},
		{"modify-db-cluster --db-cluster-identifier clu --backup-retention-period 2", 2.0, []any{"DBCluster", "BackupRetentionPeriod"}, 0},
		{"create-db-cluster-snapshot --db-cluster-identifier clu --db-cluster-snapshot-identifier cs", "creating", []any{"DBClusterSnapshot", "Status"}, 10 * time.Minute},
		{"wait db-cluster-snapshot-available --db-cluster-snapshot-identifier cs", nil, nil, 0},
		{"describe-db-cluster-snapshots --db-cluster-snapshot-identifier cs", "available", []any{"DBClusterSnapshots", 0, "Status"}, 0},
		{"copy-db-cluster-snapshot --source-db-cluster-snapshot-identifier cs --target-db-cluster-snapshot-identifier cs2", "copying", []any{"DBClusterSnapshot", "Status"}, 10 * time.Minute},
		{"modify-db-cluster-snapshot-attribute --db-cluster-snapshot-identifier cs --attribute-name restore --values-to-add " + theirs, theirs, []any{"DBClusterSnapshotAttributesResult", "DBClusterSnapshotAttributes", 0, "AttributeValues", 0}, 0},
		{"describe-db-cluster-snapshot-attributes --db-cluster-snapshot-identifier cs", "restore", []any{"DBClusterSnapshotAttributesResult", "DBClusterSnapshotAttributes", 0, "AttributeName"}, 0},
		{"describe-db-cluster-automated-backups --db-cluster-identifier clu", "active", []any{"DBClusterAutomatedBackups", 0, "Status"}, 0},
		{"restore-db-cluster-from-snapshot --db-cluster-identifier clu2 --snapshot-identifier cs --engine aurora-postgresql", "creating", []any{"DBCluster", "Status"}, 0},
		{"restore-db-cluster-to-point-in-time --db-cluster-identifier clu3 --source-db-cluster-identifier clu --restore-type full-copy --use-latest-restorable-time", "creating", []any{"DBCluster", "Status"}, 10 * time.Minute},

		{"delete-db-instance --db-instance-identifier member", "deleting", []any{"DBInstance", "DBInstanceStatus"}, 10 * time.Minute},
		{"delete-db-cluster --db-cluster-identifier clu --skip-final-snapshot", "deleting", []any{"DBCluster", "Status"}, 0},
		{"delete-db-cluster --db-cluster-identifier clu2 --skip-final-snapshot", "deleting", []any{"DBCluster", "Status"}, 0},
		{"delete-db-cluster --db-cluster-identifier clu3 --skip-final-snapshot", "deleting", []any{"DBCluster", "Status"}, 10 * time.Minute},
		{"wait db-cluster-deleted --db-cluster-identifier clu", nil, nil, 0},
		{"delete-db-cluster-snapshot --db-cluster-snapshot-identifier cs", "cs", []any{"DBClusterSnapshot", "DBClusterSnapshotIdentifier"}, 0},
		{"delete-db-cluster-snapshot --db-cluster-snapshot-identifier cs2", "cs2", []any{"DBClusterSnapshot", "DBClusterSnapshotIdentifier"}, 0},
		{"delete-db-instance --db-instance-identifier db --skip-final-snapshot --no-delete-automated-backups", "deleting", []any{"DBInstance", "DBInstanceStatus"}, 0},
		{"delete-db-instance --db-instance-identifier back --skip-final-snapshot", "deleting", []any{"DBInstance", "DBInstanceStatus"}, 0},
		{"delete-db-instance --db-instance-identifier point --skip-final-snapshot", "deleting", []any{"DBInstance", "DBInstanceStatus"}, 10 * time.Minute},
		{"delete-db-snapshot --db-snapshot-identifier s", "s", []any{"DBSnapshot", "DBSnapshotIdentifier"}, 0},
		{"delete-db-snapshot --db-snapshot-identifier s2", "s2", []any{"DBSnapshot", "DBSnapshotIdentifier"}, 0},
		{"delete-db-subnet-group --db-subnet-group-name net", nil, nil, 0},
		{"delete-db-parameter-group --db-parameter-group-name par", nil, nil, 0},
		{"delete-option-group --option-group-name opt", nil, nil, 0},
		{"delete-option-group --option-group-name opt2", nil, nil, 0},
	}
	for _, s := range steps {
		if s.path == nil {
			c.do(s.command)
		} else {
			c.is(s.want, s.command, s.path...)
		}
		c.Pass(s.pass)
	}
	kept := c.do("describe-db-instance-automated-backups", "DBInstanceAutomatedBackups", 0, "DbiResourceId").(string)
	c.is("deleting", "delete-db-instance-automated-backup --dbi-resource-id "+kept, "DBInstanceAutomatedBackup", "Status")
	for _, op := range c.Ops() {
		if !c.called[op.Name] {
			t.Errorf("nothing calls %s", op.Name)
		}
	}
	c.refuses("DBClusterNotFoundFault", "DBCluster clu not found.", "describe-db-clusters --db-cluster-identifier clu")
	c.refuses("OptionGroupNotFoundFault", "opt", "describe-option-groups --option-group-name opt")
}
