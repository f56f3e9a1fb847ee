package rds

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	taggingapi "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	taggingtypes "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/tagging"
	"lifeboat/aws/sandbox/try"
)

// describer is the service as the SDK's paginators want it.
type describer struct{ w *ground }

func (d describer) DescribeOrderableDBInstanceOptions(ctx context.Context, in *rds.DescribeOrderableDBInstanceOptionsInput, _ ...func(*rds.Options)) (*rds.DescribeOrderableDBInstanceOptionsOutput, error) {
	return d.w.DescribeOrderableDBInstanceOptions(ctx, in)
}

func (d describer) DescribeDBParameters(ctx context.Context, in *rds.DescribeDBParametersInput, _ ...func(*rds.Options)) (*rds.DescribeDBParametersOutput, error) {
	return d.w.DescribeDBParameters(ctx, in)
}

// subnets are those of the default VPC.
func (w *ground) subnets() (ids []string) {
	w.T.Helper()
	if err := w.Store.View(func(tx *store.Tx) error {
		ids = w.network.SubnetsOf(tx, mine, home, w.network.DefaultVPC(mine, home))
		return nil
	}); err != nil {
		w.T.Fatal(err)
	}
	return ids
}

func TestSubnetGroups(t *testing.T) {
	w := newGround(t, "", Options{})
	ids := w.subnets()
	create := func(name string, ids ...string) (*rds.CreateDBSubnetGroupOutput, error) {
		return w.CreateDBSubnetGroup(here, &rds.CreateDBSubnetGroupInput{DBSubnetGroupName: &name, DBSubnetGroupDescription: aws.String("d"), SubnetIds: ids})
	}
	g := try.Must(create("Lab", ids[0], ids[1])).DBSubnetGroup
	if *g.DBSubnetGroupName != "lab" || len(g.Subnets) != 2 || *g.SubnetGroupStatus != "Complete" || *g.VpcId != w.network.DefaultVPC(mine, home) || *g.DBSubnetGroupArn != "arn:aws:rds:us-east-2:111111111111:subgrp:lab" {
		t.Errorf("the group is %+v", g)
	}
	_, err := create("lab", ids...)
	refused(t, err, "DBSubnetGroupAlreadyExists", "The DB subnet group 'lab' already exists.")
	_, err = create("one", ids[0])
	refused(t, err, "DBSubnetGroupDoesNotCoverEnoughAZs", "Current AZ coverage: us-east-2a. Add subnets to cover at least 2 AZs.")
	_, err = create("none", ids[0], "subnet-0123456789abcdef0")
	refused(t, err, "InvalidParameterValue", "Some input subnets in :[subnet-0123456789abcdef0] are invalid.")
	_, err = create("default", ids...)
	refused(t, err, "InvalidParameterValue", "DBSubnetGroupName")
	_, err = w.DescribeDBSubnetGroups(here, &rds.DescribeDBSubnetGroupsInput{DBSubnetGroupName: aws.String("other")})
	refused(t, err, "DBSubnetGroupNotFoundFault", "other")

	w.make("db", func(in *rds.CreateDBInstanceInput) { in.DBSubnetGroupName = aws.String("lab") })
	_, err = w.DeleteDBSubnetGroup(here, &rds.DeleteDBSubnetGroupInput{DBSubnetGroupName: aws.String("lab")})
	refused(t, err, "InvalidDBSubnetGroupStateFault", "Cannot delete the subnet group 'lab' because at least one database instance: db is still using it.")
	_, err = w.ModifyDBSubnetGroup(here, &rds.ModifyDBSubnetGroupInput{DBSubnetGroupName: aws.String("lab"), SubnetIds: ids[1:3]})
	refused(t, err, "SubnetAlreadyInUse", "db in us-east-2a")
	if got := try.Must(w.ModifyDBSubnetGroup(here, &rds.ModifyDBSubnetGroupInput{DBSubnetGroupName: aws.String("lab"), SubnetIds: ids[:3]})).DBSubnetGroup.Subnets; len(got) != 3 {
		t.Errorf("after the change it has %d subnets", len(got))
	}
	try.Must(w.DeleteDBInstance(here, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("db"), SkipFinalSnapshot: aws.Bool(true)}))
	w.gone(here, "db")
	try.Must(w.DeleteDBSubnetGroup(here, &rds.DeleteDBSubnetGroupInput{DBSubnetGroupName: aws.String("lab")}))
	if left := try.Must(w.DescribeDBSubnetGroups(here, &rds.DescribeDBSubnetGroupsInput{})).DBSubnetGroups; len(left) != 0 {
		t.Errorf("left is %v", left)
	}
	_, err = w.DeleteDBSubnetGroup(here, &rds.DeleteDBSubnetGroupInput{DBSubnetGroupName: aws.String("lab")})
	refused(t, err, "DBSubnetGroupNotFoundFault", "lab")
	for n := range maxSubnetGroups {
		try.Must(create(fmt.Sprintf("g%d", n), ids...))
	}
	_, err = create("more", ids...)
	refused(t, err, "DBSubnetGroupQuotaExceeded", "50")
	page := try.Must(w.DescribeDBSubnetGroups(here, &rds.DescribeDBSubnetGroupsInput{MaxRecords: aws.Int32(20)}))
	if len(page.DBSubnetGroups) != 20 || page.Marker == nil {
		t.Errorf("a page has %d and goes on at %v", len(page.DBSubnetGroups), page.Marker)
	}
}

func TestParameterGroups(t *testing.T) {
	w := newGround(t, "", Options{})
	create := func(name, family string) error {
		_, err := w.CreateDBParameterGroup(here, &rds.CreateDBParameterGroupInput{DBParameterGroupName: &name, DBParameterGroupFamily: &family, Description: aws.String("ours")})
		return err
	}
	refused(t, create("own", "postgres99"), "InvalidParameterValue", "ParameterGroupFamily postgres99 is not a valid parameter group family")
	refused(t, create("own.1", "postgres17"), "InvalidParameterValue", "is not a valid identifier")
	refused(t, create("own", "postgres17"), "", "")
	refused(t, create("OWN", "postgres17"), "DBParameterGroupAlreadyExists", "own")
	set := func(group, name, value string, method types.ApplyMethod) error {
		_, err := w.ModifyDBParameterGroup(here, &rds.ModifyDBParameterGroupInput{DBParameterGroupName: &group, Parameters: []types.Parameter{{ParameterName: &name, ParameterValue: &value, ApplyMethod: method}}})
		return err
	}
	const now, later = types.ApplyMethodImmediate, types.ApplyMethodPendingReboot
	refused(t, set("own", "max_connections", "200", now), "InvalidParameterCombination", "cannot use immediate apply method for static parameter")
	refused(t, set("own", "max_connections", "5", later), "InvalidParameterValue", "allowed values are: 6-8388607")
	refused(t, set("own", "no_such", "5", later), "InvalidParameterValue", "Could not find parameter with name: no_such")
	refused(t, set("own", "wal_level", "minimal", later), "InvalidParameterValue", "The parameter wal_level cannot be modified.")
	refused(t, set("own", "work_mem", "100", ""), "InvalidParameterValue", "ApplyMethod")
	refused(t, set("default.postgres17", "work_mem", "100", now), "InvalidParameterValue", "The parameter DBParameterGroupName is not a valid identifier")
	refused(t, set("other", "work_mem", "100", now), "DBParameterGroupNotFound", "DBParameterGroup not found: other")

	w.make("db", func(in *rds.CreateDBInstanceInput) { in.DBParameterGroupName = aws.String("own") })
	status := func() string { return *w.show(here, "db").DBParameterGroups[0].ParameterApplyStatus }
	refused(t, set("own", "work_mem", "100", now), "", "")
	if got := status(); got != applying {
		t.Errorf("at once it is %s", got)
	}
	if w.Pass(parametersTake); status() != inSync {
		t.Errorf("a while later it is %s", status())
	}
	refused(t, set("own", "max_connections", "200", later), "", "")
	if w.Pass(time.Hour); status() != pendingReboot {
		t.Errorf("a static parameter makes it %s", status())
	}
	try.Must(w.RebootDBInstance(here, &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String("db")}))
	w.until(here, "db", available)
	if status() != inSync {
		t.Errorf("after a reboot it is %s", status())
	}
	_, err := w.DeleteDBParameterGroup(here, &rds.DeleteDBParameterGroupInput{DBParameterGroupName: aws.String("own")})
	refused(t, err, "InvalidDBParameterGroupState", "One or more database instances are still members of this parameter group own, so the group cannot be deleted")

	values := func(source string) map[string]string {
		all := map[string]string{}
		in := &rds.DescribeDBParametersInput{DBParameterGroupName: aws.String("own"), MaxRecords: aws.Int32(20)}
		if source != "" {
			in.Source = &source
		}
		for pages := rds.NewDescribeDBParametersPaginator(describer{w}, in); pages.HasMorePages(); {
			for _, p := range try.Must(pages.NextPage(here)).Parameters {
				all[*p.ParameterName] = aws.ToString(p.ParameterValue)
			}
		}
		return all
	}
	if got := values("user"); len(got) != 2 || got["work_mem"] != "100" || got["max_connections"] != "200" {
		t.Errorf("the user set %v", got)
	}
	if all := values(""); len(all) != len(parametersOf("postgres17")) {
		t.Errorf("%d of %d parameters are listed", len(all), len(parametersOf("postgres17")))
	}
	try.Must(w.ResetDBParameterGroup(here, &rds.ResetDBParameterGroupInput{DBParameterGroupName: aws.String("own"), ResetAllParameters: aws.Bool(true)}))
	if got := values("user"); len(got) != 0 || status() != pendingReboot {
		t.Errorf("after a reset the user set %v, and it is %s", got, status())
	}
	used := try.Must(w.DescribeDBParameterGroups(here, &rds.DescribeDBParameterGroupsInput{})).DBParameterGroups
	if len(used) != 1 || *used[0].DBParameterGroupName != "own" {
		t.Errorf("the groups are %v", used)
	}
	in := request("other")
	in.DBParameterGroupName, in.EngineVersion = aws.String("own"), aws.String("16")
	_, err = w.CreateDBInstance(here, in)
	refused(t, err, "InvalidParameterCombination", "DBParameterGroupFamily postgres17 cannot be used for this instance. Please use a Parameter Group with DBParameterGroupFamily postgres16")
}

func TestWithin(t *testing.T) {
	for _, test := range []struct {
		value, allowed string
		want           bool
	}{
		{"5", "0-10", true}, {"11", "0-10", false}, {"x", "0-10", false}, {"on", "on,off,try", true}, {"-1", "-1-2147483647", true}, {"-2", "-1-2147483647", false},
		{"0.5", "0-1", true}, {"-ddl", "ddl,-ddl", true}, {"-5", "-10--2", true}, {"", "0,1", false},
	} {
		if within(test.value, test.allowed) != test.want {
			t.Errorf("%q within %q is %v", test.value, test.allowed, !test.want)
		}
	}
}

func TestEvents(t *testing.T) {
	w := newGround(t, "", Options{})
	w.make("db")
	list := func(in *rds.DescribeEventsInput) []types.Event {
		t.Helper()
		return try.Must(w.DescribeEvents(here, in)).Events
	}
	all := list(&rds.DescribeEventsInput{})
	if !slices.IsSortedFunc(all, func(a, b types.Event) int { return a.Date.Compare(*b.Date) }) || len(all) < 3 {
		t.Errorf("the events are %v", all)
	}
	made := list(&rds.DescribeEventsInput{SourceType: types.SourceTypeDbInstance, SourceIdentifier: aws.String("DB"), EventCategories: []string{"creation"}})
	if len(made) != 1 || *made[0].Message != "DB instance created" || *made[0].SourceArn != "arn:aws:rds:us-east-2:111111111111:db:db" {
		t.Errorf("of its creation it tells %v", made)
	}
	w.Pass(2 * time.Hour)
	if late := list(&rds.DescribeEventsInput{SourceType: types.SourceTypeDbInstance, EventCategories: []string{"creation"}}); len(late) != 0 {
		t.Errorf("the last hour tells %v", late)
	}
	if late := list(&rds.DescribeEventsInput{Duration: aws.Int32(180), EventCategories: []string{"creation"}, SourceType: types.SourceTypeDbInstance}); len(late) != 1 {
		t.Errorf("the last three hours tell %v", late)
	}
	_, err := w.DescribeEvents(here, &rds.DescribeEventsInput{SourceIdentifier: aws.String("db")})
	refused(t, err, "InvalidParameterCombination", "SourceType")
	_, err = w.DescribeEvents(here, &rds.DescribeEventsInput{Duration: aws.Int32(14*24*60 + 1)})
	refused(t, err, "InvalidParameterValue", "Duration")
	w.Pass(15 * day)
	for _, e := range list(&rds.DescribeEventsInput{Duration: aws.Int32(14 * 24 * 60)}) {
		if w.Clock.Now().Sub(*e.Date) > remembered {
			t.Errorf("it still tells %v", e)
		}
	}
	must(t, func() (int, error) {
		n := 0
		return n, w.Store.View(func(tx *store.Tx) error {
			w.events.Scan(tx, "", func(_ string, e Event) bool {
				if tx.Now().Sub(e.At) > remembered+2*day { // forgotten with the next event
					t.Errorf("it still keeps %v", e)
				}
				return true
			})
			return nil
		})
	})
}

func TestTags(t *testing.T) {
	w := newGround(t, "", Options{})
	db := w.make("db", func(in *rds.CreateDBInstanceInput) {
		in.Tags = []types.Tag{{Key: aws.String("run"), Value: aws.String("1")}}
	})
	tag := func(arn, key, value string) error {
		_, err := w.AddTagsToResource(here, &rds.AddTagsToResourceInput{ResourceName: &arn, Tags: []types.Tag{{Key: &key, Value: &value}}})
		return err
	}
	refused(t, tag(*db.DBInstanceArn, "owner", "me"), "", "")
	refused(t, tag(*db.DBInstanceArn, "aws:x", "me"), "InvalidParameterValue", "reserved")
	refused(t, tag("arn:aws:rds:us-east-2:111111111111:db:none", "a", "b"), "DBInstanceNotFound", "'arn:aws:rds:us-east-2:111111111111:db:none'")
	refused(t, tag("arn:aws:rds:us-west-2:111111111111:db:db", "a", "b"), "InvalidParameterValue", "Invalid resource name")
	refused(t, tag("db", "a", "b"), "InvalidParameterValue", "Invalid resource name")
	finder := tagging.New(w.Store, w.Service)
	found := try.Must(finder.GetResources(try.As(mine, home, "resourcegroupstaggingapi", "GetResources"), &taggingapi.GetResourcesInput{
		TagFilters: []taggingtypes.TagFilter{{Key: aws.String("run"), Values: []string{"1"}}}, ResourceTypeFilters: []string{"rds:db"},
	})).ResourceTagMappingList
	if len(found) != 1 || *found[0].ResourceARN != *db.DBInstanceArn || len(found[0].Tags) != 2 {
		t.Errorf("found are %v", found)
	}
	try.Must(finder.UntagResources(try.As(mine, home, "resourcegroupstaggingapi", "UntagResources"), &taggingapi.UntagResourcesInput{ResourceARNList: []string{*db.DBInstanceArn}, TagKeys: []string{"owner"}}))
	if got := try.Must(w.ListTagsForResource(here, &rds.ListTagsForResourceInput{ResourceName: db.DBInstanceArn})).TagList; len(got) != 1 || *got[0].Key != "run" {
		t.Errorf("its tags are %v", got)
	}
	for n := range tagLimit - 1 {
		refused(t, tag(*db.DBInstanceArn, fmt.Sprint(n), ""), "", "")
	}
	refused(t, tag(*db.DBInstanceArn, "more", ""), "InvalidParameterValue", "50")
	try.Must(w.RemoveTagsFromResource(here, &rds.RemoveTagsFromResourceInput{ResourceName: db.DBInstanceArn, TagKeys: []string{"1", "none"}}))
	try.Must(w.DeleteDBInstance(here, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("db"), SkipFinalSnapshot: aws.Bool(true)}))
	w.gone(here, "db")
	if left := try.Must(finder.GetResources(try.As(mine, home, "resourcegroupstaggingapi", "GetResources"), &taggingapi.GetResourcesInput{})).ResourceTagMappingList; len(left) != 0 {
		t.Errorf("left are %v", left)
	}
}

// Everything that has an ARN can be tagged by it, and is found by its tags.
func TestEveryKindCanBeTagged(t *testing.T) {
	w := newGround(t, "", Options{})
	db := w.make("db")
	snap := w.snap("db", "s")
	cluster := w.makeCluster("lab")
	clusterSnap := w.clusterSnap("lab", "cs")
	w.newOptions("opt")
	backup := try.Must(w.DescribeDBInstanceAutomatedBackups(here, &rds.DescribeDBInstanceAutomatedBackupsInput{})).DBInstanceAutomatedBackups[0]
	clusterBackup := try.Must(w.DescribeDBClusterAutomatedBackups(here, &rds.DescribeDBClusterAutomatedBackupsInput{})).DBClusterAutomatedBackups[0]
	net := try.Must(w.CreateDBSubnetGroup(here, &rds.CreateDBSubnetGroupInput{DBSubnetGroupName: aws.String("net"), DBSubnetGroupDescription: aws.String("d"), SubnetIds: w.subnets()})).DBSubnetGroup
	par := try.Must(w.CreateDBParameterGroup(here, &rds.CreateDBParameterGroupInput{DBParameterGroupName: aws.String("par"), DBParameterGroupFamily: aws.String("postgres17"), Description: aws.String("d")})).DBParameterGroup
	arns := []*string{
		db.DBInstanceArn, snap.DBSnapshotArn, cluster.DBClusterArn, clusterSnap.DBClusterSnapshotArn, backup.DBInstanceAutomatedBackupsArn,
		clusterBackup.DBClusterAutomatedBackupsArn, net.DBSubnetGroupArn, par.DBParameterGroupArn, aws.String("arn:aws:rds:us-east-2:111111111111:og:opt"),
	}
	for _, arn := range arns {
		if _, err := w.AddTagsToResource(here, &rds.AddTagsToResourceInput{ResourceName: arn, Tags: []types.Tag{{Key: aws.String("k"), Value: arn}}}); err != nil {
			t.Errorf("tag %s: %v", *arn, err)
			continue
		}
		if got := try.Must(w.ListTagsForResource(here, &rds.ListTagsForResourceInput{ResourceName: arn})).TagList; len(got) != 1 || *got[0].Value != *arn {
			t.Errorf("the tags of %s are %v", *arn, got)
		}
		_, err := w.AddTagsToResource(here, &rds.AddTagsToResourceInput{ResourceName: aws.String(*arn + "-not"), Tags: []types.Tag{{Key: aws.String("k"), Value: arn}}})
		if code, _ := try.Refusal(err); code == "" || code == "InvalidParameterValue" {
			t.Errorf("%s-not is refused with %q", *arn, code)
		}
	}
	if err := w.Store.View(func(tx *store.Tx) error {
		if all := w.Tagged(tx, mine, home); len(all) != len(arns) {
			t.Errorf("%d of %d have tags", len(all), len(arns))
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}
