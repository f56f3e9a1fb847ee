package rds

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	iamapi "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/iam"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/try"
)

// role makes a role that a service may assume, once it has spread.
func (w *ground) role(name, service string) string {
	w.T.Helper()
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":%q},"Action":"sts:AssumeRole"}]}`, service)
	out := try.Must(w.o.Roles.(*iam.Service).CreateRole(try.As(mine, "us-east-1", "iam", "CreateRole"), &iamapi.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust}))
	w.Pass(time.Minute)
	return *out.Role.Arn
}

func (w *ground) newOptions(name string) {
	w.T.Helper()
	try.Must(w.CreateOptionGroup(here, &rds.CreateOptionGroupInput{
		OptionGroupName: &name, EngineName: aws.String("sqlserver-ex"), MajorEngineVersion: aws.String("16.00"), OptionGroupDescription: aws.String("ours"),
	}))
}

// native puts the option for native backups with a role into a group.
func (w *ground) withRole(group, role string) error {
	o := types.OptionConfiguration{OptionName: aws.String(backupRestore)}
	if role != "" {
		o.OptionSettings = []types.OptionSetting{{Name: aws.String(roleSetting), Value: &role}}
	}
	_, err := w.ModifyOptionGroup(here, &rds.ModifyOptionGroupInput{OptionGroupName: &group, OptionsToInclude: []types.OptionConfiguration{o}, ApplyImmediately: aws.Bool(true)})
	return err
}

func sqlServer(group string) func(*rds.CreateDBInstanceInput) {
	return func(in *rds.CreateDBInstanceInput) {
		in.Engine, in.DBInstanceClass, in.OptionGroupName = aws.String("sqlserver-ex"), aws.String("db.t3.micro"), &group
	}
}

// memberships are the states an instance's options go through in a while.
func (w *ground) memberships(id string) (seen []string) {
	w.T.Helper()
	for range 60 {
		state := *w.show(here, id).OptionGroupMemberships[0].Status
		if len(seen) == 0 || seen[len(seen)-1] != state {
			seen = append(seen, state)
		}
		w.Pass(5 * time.Second)
	}
	return seen
}

func TestOptionsAreApplied(t *testing.T) {
	w := newGround(t, "", Options{})
	w.newOptions("native")
	w.make("db", sqlServer("native"))
	if got := w.memberships("db"); !slices.Equal(got, []string{inSync}) {
		t.Errorf("a group without options is %v", got)
	}
	good, wrong := w.role("rds", "rds.amazonaws.com"), w.role("ec2", "ec2.amazonaws.com")
	settings := func() (s map[string]string, synced bool) {
		w.Store.View(func(tx *store.Tx) error {
			i, _ := w.instances.Get(tx, row(mine, home, "db"))
			s, synced = w.optionSettings(tx, i, backupRestore)
			return nil
		})
		return s, synced
	}
	if s, synced := settings(); s != nil || synced {
		t.Errorf("without the option its settings are %v", s)
	}
	refused(t, w.withRole("native", wrong), "", "")
	if got := w.memberships("db"); !slices.Equal(got, []string{pendingApply, applying, failed}) {
		t.Errorf("with a role that RDS cannot assume it is %v", got)
	}
	if _, synced := settings(); synced {
		t.Error("the option is in sync with a role that RDS cannot assume")
	}
	refused(t, w.withRole("native", good), "", "")
	if s, synced := settings(); s[roleSetting] != good || synced {
		t.Errorf("at first its settings are %v, %v", s, synced)
	}
	if got := w.memberships("db"); !slices.Equal(got, []string{pendingApply, applying, inSync}) {
		t.Errorf("with its role it is %v", got)
	}
	if s, synced := settings(); s[roleSetting] != good || !synced {
		t.Errorf("then its settings are %v, %v", s, synced)
	}
	refused(t, w.withRole("native", ""), "", "") // what is not named stays
	if s, _ := settings(); s[roleSetting] != good {
		t.Errorf("after a change of nothing its settings are %v", s)
	}
	shown := try.Must(w.DescribeOptionGroups(here, &rds.DescribeOptionGroupsInput{OptionGroupName: aws.String("native")})).OptionGroupsList[0]
	if len(shown.Options) != 1 || *shown.Options[0].OptionName != backupRestore || *shown.Options[0].OptionSettings[0].Value != good {
		t.Errorf("the group is %+v", shown)
	}
	try.Must(w.ModifyOptionGroup(here, &rds.ModifyOptionGroupInput{OptionGroupName: aws.String("native"), OptionsToRemove: []string{backupRestore}, ApplyImmediately: aws.Bool(true)}))
	if s, _ := settings(); s != nil {
		t.Errorf("without the option its settings are %v", s)
	}
}

func TestOptionsWaitForTheWindow(t *testing.T) {
	w := newGround(t, "", Options{})
	w.newOptions("native")
	w.make("db", sqlServer("native"))
	role := w.role("rds", "rds.amazonaws.com")
	try.Must(w.ModifyOptionGroup(here, &rds.ModifyOptionGroupInput{OptionGroupName: aws.String("native"), OptionsToInclude: []types.OptionConfiguration{
		{OptionName: aws.String(backupRestore), OptionSettings: []types.OptionSetting{{Name: aws.String(roleSetting), Value: &role}}}}}))
	if got := *w.show(here, "db").OptionGroupMemberships[0].Status; got != pendingMaintenance {
		t.Errorf("it is %s", got)
	}
	w.Pass(8 * day)
	if got := *w.show(here, "db").OptionGroupMemberships[0].Status; got != inSync {
		t.Errorf("a week later it is %s", got)
	}
}

func TestOptionGroupRefusals(t *testing.T) {
	w := newGround(t, "", Options{})
	w.newOptions("native")
	create := func(name, engine, major string) error {
		_, err := w.CreateOptionGroup(here, &rds.CreateOptionGroupInput{OptionGroupName: &name, EngineName: &engine, MajorEngineVersion: &major, OptionGroupDescription: aws.String("d")})
		return err
	}
	refused(t, create("native", "sqlserver-ex", "16.00"), "OptionGroupAlreadyExistsFault", "native")
	refused(t, create("n", "oracle-ee", "19"), "InvalidParameterValue", "Invalid DB engine")
	refused(t, create("n", "sqlserver-ex", "9.00"), "InvalidParameterCombination", "Cannot find major version 9.00 for sqlserver-ex")
	refused(t, create("n.x", "sqlserver-ex", "16.00"), "InvalidParameterValue", "not a valid identifier")
	refused(t, w.withRole("default:sqlserver-ex-16-00", ""), "InvalidParameterValue", "default option group")
	refused(t, w.withRole("none", ""), "OptionGroupNotFoundFault", "Specified OptionGroupName: none not found.")
	refused(t, w.withRole("native", "arn:aws:iam::222222222222:role/r"), "InvalidParameterValue", "not the ARN of a role in this account")
	include := func(o types.OptionConfiguration) error {
		_, err := w.ModifyOptionGroup(here, &rds.ModifyOptionGroupInput{OptionGroupName: aws.String("native"), OptionsToInclude: []types.OptionConfiguration{o}})
		return err
	}
	refused(t, include(types.OptionConfiguration{OptionName: aws.String("TDE")}), "InvalidParameterValue", "TDE")
	refused(t, include(types.OptionConfiguration{OptionName: aws.String("MSDTC")}), "InvalidParameterValue", "AUTHENTICATION")
	refused(t, include(types.OptionConfiguration{OptionName: aws.String("MSDTC"), OptionSettings: []types.OptionSetting{{Name: aws.String("AUTHENTICATION"), Value: aws.String("SOME")}}}), "InvalidParameterValue", "NONE,MUTUAL")

	w.make("db", sqlServer("native"))
	drop := func() error {
		_, err := w.DeleteOptionGroup(here, &rds.DeleteOptionGroupInput{OptionGroupName: aws.String("native")})
		return err
	}
	refused(t, drop(), "InvalidOptionGroupStateFault", "The option group 'native' cannot be deleted because it is in use.")
	w.snap("db", "keep")
	try.Must(w.DeleteDBInstance(here, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("db"), SkipFinalSnapshot: aws.Bool(true)}))
	w.gone(here, "db")
	refused(t, drop(), "InvalidOptionGroupStateFault", "in use") // a snapshot refers to it
	try.Must(w.DeleteDBSnapshot(here, &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: aws.String("keep")}))
	refused(t, drop(), "", "")
	refused(t, drop(), "OptionGroupNotFoundFault", "native")
	for n := range maxOptionGroups {
		w.newOptions(fmt.Sprintf("g%d", n))
	}
	refused(t, create("more", "sqlserver-ex", "16.00"), "OptionGroupQuotaExceededFault", "20")
}

func TestCopyOptionGroup(t *testing.T) {
	w := newGround(t, "", Options{})
	w.newOptions("native")
	refused(t, w.withRole("native", "arn:aws:iam::111111111111:role/later"), "", "")
	copied := try.Must(w.CopyOptionGroup(here, &rds.CopyOptionGroupInput{
		SourceOptionGroupIdentifier: aws.String("arn:aws:rds:us-east-2:111111111111:og:native"), TargetOptionGroupIdentifier: aws.String("two"), TargetOptionGroupDescription: aws.String("copy"),
	})).OptionGroup
	if len(copied.Options) != 1 || *copied.SourceOptionGroup != "arn:aws:rds:us-east-2:111111111111:og:native" || *copied.OptionGroupDescription != "copy" {
		t.Errorf("the copy is %+v", copied)
	}
	try.Must(w.ModifyOptionGroup(here, &rds.ModifyOptionGroupInput{OptionGroupName: aws.String("two"), OptionsToRemove: []string{backupRestore}}))
	if left := try.Must(w.DescribeOptionGroups(here, &rds.DescribeOptionGroupsInput{OptionGroupName: aws.String("native")})).OptionGroupsList[0]; len(left.Options) != 1 {
		t.Error("what is taken from the copy is gone from the source")
	}
}

// A persistent option ties a group to the VPC of its instances, and stays while there are any.
func TestPersistentOptions(t *testing.T) {
	w := newGround(t, "", Options{})
	try.Must(w.CreateOptionGroup(here, &rds.CreateOptionGroupInput{OptionGroupName: aws.String("tde"), EngineName: aws.String("sqlserver-se"), MajorEngineVersion: aws.String("16.00"), OptionGroupDescription: aws.String("d")}))
	change := func(in *rds.ModifyOptionGroupInput) error {
		in.OptionGroupName, in.ApplyImmediately = aws.String("tde"), aws.Bool(true)
		_, err := w.ModifyOptionGroup(here, in)
		return err
	}
	refused(t, change(&rds.ModifyOptionGroupInput{OptionsToInclude: []types.OptionConfiguration{{OptionName: aws.String("TDE")}}}), "", "")
	w.make("db", func(in *rds.CreateDBInstanceInput) {
		in.Engine, in.DBInstanceClass, in.OptionGroupName = aws.String("sqlserver-se"), aws.String("db.t3.xlarge"), aws.String("tde")
	})
	g := try.Must(w.DescribeOptionGroups(here, &rds.DescribeOptionGroupsInput{OptionGroupName: aws.String("tde")})).OptionGroupsList[0]
	if aws.ToString(g.VpcId) != w.network.DefaultVPC(mine, home) || *g.AllowsVpcAndNonVpcInstanceMemberships {
		t.Errorf("the group is %+v", g)
	}
	refused(t, change(&rds.ModifyOptionGroupInput{OptionsToRemove: []string{"TDE"}}), "InvalidOptionGroupStateFault", "persistent")
	if err := w.Store.View(func(tx *store.Tx) error {
		e := try.Must(findEngine("sqlserver-se", ""))
		_, err := w.Service.optionGroup(tx, mine, home, "tde", e, "vpc-of-another")
		return err
	}); err == nil {
		t.Error("the group can be used in another VPC")
	}
}

func TestDescribeOptionGroupOptions(t *testing.T) {
	w := newGround(t, "", Options{})
	names := func(engine string) (all []string) {
		for _, o := range try.Must(w.DescribeOptionGroupOptions(here, &rds.DescribeOptionGroupOptionsInput{EngineName: &engine, MajorEngineVersion: aws.String("16.00")})).OptionGroupOptions {
			all = append(all, *o.Name)
		}
		return all
	}
	if got := names("sqlserver-ex"); !slices.Equal(got, []string{"MSDTC", "SQLSERVER_AUDIT", backupRestore}) {
		t.Errorf("Express has %v", got)
	}
	if got := names("sqlserver-ee"); !slices.Contains(got, "TDE") {
		t.Errorf("Enterprise has %v", got)
	}
	if got := names("postgres"); len(got) != 0 {
		t.Errorf("PostgreSQL has %v", got)
	}
	_, err := w.DescribeOptionGroupOptions(here, &rds.DescribeOptionGroupOptionsInput{EngineName: aws.String("oracle-ee")})
	refused(t, err, "InvalidParameterValue", "Invalid DB engine")
}

// An instance that is created in a group with options has them applied too, and later changes of other settings leave their state.
func TestOptionsOfANewInstance(t *testing.T) {
	w := newGround(t, "", Options{})
	w.newOptions("native")
	refused(t, w.withRole("native", w.role("ec2", "ec2.amazonaws.com")), "", "")
	w.make("db", sqlServer("native"))
	if got := w.memberships("db"); got[len(got)-1] != failed {
		t.Errorf("with a role that RDS cannot assume it is %v", got)
	}
	try.Must(w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("db"), DBInstanceClass: aws.String("db.t3.small"), ApplyImmediately: aws.Bool(true)}))
	if got := w.memberships("db"); !slices.Equal(got, []string{failed}) {
		t.Errorf("another class made it %v", got)
	}
}

// What an instance or a cluster is in, it uses.
func TestSecurityGroupsInUse(t *testing.T) {
	w := newGround(t, "", Options{})
	group := w.make("db").VpcSecurityGroups[0].VpcSecurityGroupId
	uses := func(region, id string) (yes bool) {
		w.Store.View(func(tx *store.Tx) error { yes = w.UsesGroup(tx, mine, region, id); return nil })
		return yes
	}
	if !uses(home, *group) || uses(home, "sg-other") || uses("eu-west-1", *group) {
		t.Error("an instance's group is not what is said to be used")
	}
	try.Must(w.DeleteDBInstance(here, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("db"), SkipFinalSnapshot: aws.Bool(true)}))
	w.Pass(time.Hour)
	if uses(home, *group) {
		t.Error("it is used without anybody using it")
	}
	w.makeCluster("c")
	if !uses(home, *group) {
		t.Error("a cluster's group is not used")
	}
}
