package ec2

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"pgregory.net/rapid"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/try"
)

// Every account has in every Region a default VPC with a subnet in each zone, inside its range and apart from each other, and
// ids that nobody else has and that are the same tomorrow.
func TestDefaultNetwork(t *testing.T) {
	w, again := newWorld(t, ""), newWorld(t, "")
	form := regexp.MustCompile(`^(vpc|subnet|sg)-[0-9a-f]{17}$`)
	seen := map[string]string{}
	for _, account := range []string{mine, theirs} {
		for _, r := range regions {
			ctx := as(account, r.name, "DescribeVpcs")
			vpcs := try.Must(w.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: []types.Filter{{Name: aws.String("is-default"), Values: []string{"true"}}}})).Vpcs
			if len(vpcs) != 1 || *vpcs[0].VpcId != again.DefaultVPC(account, r.name) || !aws.ToBool(vpcs[0].IsDefault) {
				t.Fatalf("%s has VPCs %v", r.name, vpcs)
			}
			whole := netip.MustParsePrefix(*vpcs[0].CidrBlock)
			subnets := try.Must(w.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []types.Filter{{Name: aws.String("vpc-id"), Values: []string{*vpcs[0].VpcId}}}})).Subnets
			groups := try.Must(w.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{})).SecurityGroups
			if len(subnets) != len(r.zones) || len(groups) != 1 || *groups[0].GroupName != "default" {
				t.Fatalf("%s has %d subnets and groups %v", r.name, len(subnets), groups)
			}
			ids := []string{*vpcs[0].VpcId, *groups[0].GroupId}
			var blocks []netip.Prefix
			for _, n := range subnets {
				block := netip.MustParsePrefix(*n.CidrBlock)
				if !whole.Contains(block.Addr()) || slices.ContainsFunc(blocks, block.Overlaps) || !strings.HasPrefix(*n.AvailabilityZone, r.name) {
					t.Errorf("subnet %s %s in %s, beside %v", *n.SubnetId, block, *n.AvailabilityZone, blocks)
				}
				blocks, ids = append(blocks, block), append(ids, *n.SubnetId)
			}
			for _, id := range ids {
				if other := seen[id]; other != "" || !form.MatchString(id) {
					t.Errorf("id %s of %s in %s, also of %s", id, account, r.name, other)
				}
				seen[id] = account + " in " + r.name
			}
		}
	}
}

// What RDS asks is what the API shows.
func TestPeersSeeTheNetwork(t *testing.T) {
	w := newWorld(t, "")
	id := *try.Must(w.CreateSecurityGroup(as(mine, home, "CreateSecurityGroup"), &ec2.CreateSecurityGroupInput{GroupName: aws.String("db"), Description: aws.String("d")})).GroupId
	err := w.Store.View(func(tx *store.Tx) error {
		vpc := w.DefaultVPC(mine, home)
		subnets := w.SubnetsOf(tx, mine, home, vpc)
		if len(subnets) != 3 || len(w.SubnetsOf(tx, mine, home, w.DefaultVPC(theirs, home))) != 0 {
			t.Errorf("subnets %v", subnets)
		}
		for i, want := range []string{"us-east-2a", "us-east-2b", "us-east-2c"} {
			if of, zone, ok := w.Subnet(tx, mine, home, subnets[i]); !ok || of != vpc || zone != want {
				t.Errorf("subnet %s is of %s in %s", subnets[i], of, zone)
			}
		}
		if _, _, ok := w.Subnet(tx, mine, away, subnets[0]); ok {
			t.Error("a subnet is in two Regions")
		}
		for _, group := range []string{id, w.DefaultSecurityGroup(mine, home, vpc)} {
			if of, ok := w.SecurityGroup(tx, mine, home, group); !ok || of != vpc {
				t.Errorf("group %s is of %q", group, of)
			}
			if _, ok := w.SecurityGroup(tx, theirs, home, group); ok {
				t.Errorf("group %s is another account's too", group)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func tcp(port int32, peers ...string) types.IpPermission {
	p := types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(port), ToPort: aws.Int32(port)}
	for _, peer := range peers {
		switch {
		case strings.HasPrefix(peer, "sg-"):
			p.UserIdGroupPairs = append(p.UserIdGroupPairs, types.UserIdGroupPair{GroupId: aws.String(peer)})
		case strings.Contains(peer, ":"):
			p.Ipv6Ranges = append(p.Ipv6Ranges, types.Ipv6Range{CidrIpv6: aws.String(peer)})
		default:
			p.IpRanges = append(p.IpRanges, types.IpRange{CidrIp: aws.String(peer)})
		}
	}
	return p
}

func (w *world) group(name string, tags ...types.Tag) string {
	w.T.Helper()
	in := &ec2.CreateSecurityGroupInput{GroupName: aws.String(name), Description: aws.String("for " + name)}
	if len(tags) > 0 {
		in.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeSecurityGroup, Tags: tags}}
	}
	return *try.Must(w.CreateSecurityGroup(as(mine, home, "CreateSecurityGroup"), in)).GroupId
}

func TestRules(t *testing.T) {
	w := newWorld(t, "")
	ctx := as(mine, home, "AuthorizeSecurityGroupIngress")
	db, app := w.group("db"), w.group("app")
	authorize := func(p ...types.IpPermission) (*ec2.AuthorizeSecurityGroupIngressOutput, error) {
		return w.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &db, IpPermissions: p})
	}
	shown := func() types.SecurityGroup {
		return try.Must(w.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{db}})).SecurityGroups[0]
	}
	out := try.Must(authorize(tcp(5432, "203.0.113.7/24", "10.0.0.0/8", "2001:db8::/32", app), tcp(1433, "10.0.0.0/8")))
	if len(out.SecurityGroupRules) != 5 || *out.SecurityGroupRules[0].CidrIpv4 != "203.0.113.0/24" || *out.SecurityGroupRules[3].ReferencedGroupInfo.GroupId != app {
		t.Errorf("rules %v", out.SecurityGroupRules)
	}
	g := shown()
	if len(g.IpPermissions) != 2 || len(g.IpPermissions[0].IpRanges) != 2 || len(g.IpPermissions[0].UserIdGroupPairs) != 1 || len(g.IpPermissionsEgress) != 1 {
		t.Errorf("permissions %+v", g.IpPermissions)
	}

	// All or none: the second of these is there already.
	code, text := try.Refusal(second(authorize(tcp(22, "0.0.0.0/0"), tcp(5432, "10.0.0.0/8"))))
	if code != "InvalidPermission.Duplicate" || text != `the specified rule "peer: 10.0.0.0/8, TCP, from port: 5432, to port: 5432, ALLOW" already exists` {
		t.Errorf("%s %s", code, text)
	}
	if len(shown().IpPermissions) != 2 {
		t.Errorf("half of a refused call was kept: %v", shown().IpPermissions)
	}

	// Revoked by what they say and by id; what is not there is told.
	gone := try.Must(w.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &db, IpPermissions: []types.IpPermission{tcp(5432, "203.0.113.0/24", "192.0.2.0/24")}}))
	if len(gone.RevokedSecurityGroupRules) != 1 || len(gone.UnknownIpPermissions) != 1 || *gone.UnknownIpPermissions[0].IpRanges[0].CidrIp != "192.0.2.0/24" {
		t.Errorf("revoked %v, unknown %v", gone.RevokedSecurityGroupRules, gone.UnknownIpPermissions)
	}
	for _, r := range out.SecurityGroupRules[1:] {
		try.Must(w.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &db, SecurityGroupRuleIds: []string{*r.SecurityGroupRuleId}}))
	}
	if g := shown(); len(g.IpPermissions) != 0 || len(g.IpPermissionsEgress) != 1 {
		t.Errorf("left %v, %v", g.IpPermissions, g.IpPermissionsEgress)
	}

	// The older way to say one rule.
	try.Must(w.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupName: aws.String("db"), IpProtocol: aws.String("tcp"),
		FromPort: aws.Int32(22), ToPort: aws.Int32(22), CidrIp: aws.String("198.51.100.1/32")}))
	if g := shown(); len(g.IpPermissions) != 1 || *g.IpPermissions[0].IpRanges[0].CidrIp != "198.51.100.1/32" {
		t.Errorf("rule %v", g.IpPermissions)
	}
	var many []string
	for i := range mostRules {
		many = append(many, fmt.Sprintf("10.%d.0.0/16", i))
	}
	if code, _ := try.Refusal(second(authorize(tcp(80, many...)))); code != "RulesPerSecurityGroupLimitExceeded" {
		t.Errorf("61 rules: %s", code)
	}
}

func second[T any](_ T, err error) error { return err }

func TestNetworkRefusals(t *testing.T) {
	w := newWorld(t, "")
	used := ""
	w.OnGroupUse(func(_ *store.Tx, account, region, group string) bool {
		return account == mine && region == home && group == used
	})
	ctx := as(mine, home, "X")
	db, app := w.group("db"), w.group("app")
	standard := w.DefaultSecurityGroup(mine, home, w.DefaultVPC(mine, home))
	nobody, foreign := "sg-0123456789abcdef0", w.DefaultVPC(theirs, home)
	create := func(name, vpc string) error {
		in := &ec2.CreateSecurityGroupInput{GroupName: &name, Description: aws.String("d")}
		if vpc != "" {
			in.VpcId = &vpc
		}
		return second(w.CreateSecurityGroup(ctx, in))
	}
	remove := func(id string) error {
		return second(w.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &id}))
	}
	allow := func(id string, p types.IpPermission) error {
		return second(w.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &id, IpPermissions: []types.IpPermission{p}}))
	}
	try.Must(w.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &db, IpPermissions: []types.IpPermission{tcp(5432, app)}}))
	used = db
	for _, c := range []struct {
		name       string
		err        error
		code, text string
	}{
		{"twice", create("db", ""), "InvalidGroup.Duplicate", "The security group 'db' already exists for VPC '" + w.DefaultVPC(mine, home) + "'"},
		{"reserved", create("default", ""), "InvalidParameterValue", "Cannot use reserved security group name: default"},
		{"like an id", create("sg-x", ""), "InvalidParameterValue", "Invalid group name: sg-x. Group names may not be in the format sg-*"},
		{"wrong letters", create("dé", ""), "InvalidParameterValue", "Value (dé) for parameter GroupName is invalid. Character sets beyond ASCII are not supported."},
		{"wrong signs", create("it's", ""), "InvalidParameterValue", "Invalid security group name. Valid names are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"},
		{"too long", create(strings.Repeat("a", 256), ""), "InvalidParameterValue", "Invalid security group name. Valid names are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"},
		{"another's VPC", create("x", foreign), "InvalidVpcID.NotFound", "The vpc ID '" + foreign + "' does not exist"},
		{"default group", remove(standard), "CannotDelete", `the specified group: "` + standard + `" name: "default" cannot be deleted by a user`},
		{"used outside", remove(db), "DependencyViolation", "resource " + db + " has a dependent object"},
		{"used by a rule", remove(app), "DependencyViolation", "resource " + app + " has a dependent object"},
		{"not there", remove(nobody), "InvalidGroup.NotFound", "The security group '" + nobody + "' does not exist"},
		{"no id", remove("db"), "InvalidGroupId.Malformed", `Invalid id: "db" (expecting "sg-...")`},
		{"no range", allow(db, tcp(22, "10.0.0.0/33")), "InvalidParameterValue", "CIDR block 10.0.0.0/33 is malformed"},
		{"no group", allow(db, tcp(22, nobody)), "InvalidGroup.NotFound", "The security group '" + nobody + "' does not exist"},
		{"wrong description", allow(db, types.IpPermission{IpProtocol: aws.String("-1"), IpRanges: []types.IpRange{{CidrIp: aws.String("10.0.0.0/8"), Description: aws.String("it's")}}}),
			"InvalidParameterValue", "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"},
		{"no ports", allow(db, types.IpPermission{IpProtocol: aws.String("udp"), IpRanges: []types.IpRange{{CidrIp: aws.String("10.0.0.0/8")}}}),
			"InvalidParameterValue", "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."},
		{"no protocol", allow(db, types.IpPermission{IpProtocol: aws.String("quic"), IpRanges: []types.IpRange{{CidrIp: aws.String("10.0.0.0/8")}}}),
			"InvalidParameterValue", "Invalid value 'quic' for IP protocol. Unknown protocol."},
		{"no VPC", second(w.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{foreign}})), "InvalidVpcID.NotFound", "The vpc ID '" + foreign + "' does not exist"},
		{"no subnets", second(w.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{"subnet-1", "subnet-2"}})), "InvalidSubnetID.NotFound", "The subnet IDs 'subnet-1, subnet-2' do not exist"},
		{"no group by name", second(w.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupNames: []string{"x"}})),
			"InvalidGroup.NotFound", "The security group 'x' does not exist in default VPC '" + w.DefaultVPC(mine, home) + "'"},
		{"no filter", second(w.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []types.Filter{{Name: aws.String("x"), Values: []string{"y"}}}})), "InvalidParameterValue", "The filter 'x' is invalid"},
		{"no interface", second(w.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{"eni-1"}})), "InvalidNetworkInterfaceID.NotFound", "The networkInterface ID 'eni-1' does not exist"},
	} {
		if code, text := try.Refusal(c.err); code != c.code || text != c.text {
			t.Errorf("%s: %s: %s", c.name, code, text)
		}
	}
	used = ""
	for _, id := range []string{db, app} { // in this order nothing uses them
		if err := remove(id); err != nil {
			t.Error(err)
		}
	}
}

// Tags of groups, VPCs and subnets are where those of volumes are.
func TestNetworkTags(t *testing.T) {
	w := newWorld(t, "")
	ctx := as(mine, home, "X")
	tag := types.Tag{Key: aws.String("lifeboat:run"), Value: aws.String("r-1")}
	group := w.group("db", tag)
	vpc := w.DefaultVPC(mine, home)
	subnets := try.Must(w.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{})).Subnets
	try.Must(w.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{vpc, *subnets[0].SubnetId}, Tags: []types.Tag{tag}}))
	by := []types.Filter{{Name: aws.String("tag:lifeboat:run"), Values: []string{"r-*"}}}
	if v := try.Must(w.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: by})).Vpcs; len(v) != 1 || len(v[0].Tags) != 1 {
		t.Errorf("VPCs %v", v)
	}
	if n := try.Must(w.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: by})).Subnets; len(n) != 1 || *n[0].SubnetId != *subnets[0].SubnetId {
		t.Errorf("subnets %v", n)
	}
	if g := try.Must(w.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: by})).SecurityGroups; len(g) != 1 || *g[0].GroupId != group {
		t.Errorf("groups %v", g)
	}
	kinds := map[string]string{}
	for _, d := range try.Must(w.DescribeTags(ctx, &ec2.DescribeTagsInput{})).Tags {
		kinds[*d.ResourceId] = string(d.ResourceType)
	}
	if len(kinds) != 3 || kinds[group] != "security-group" || kinds[vpc] != "vpc" || kinds[*subnets[0].SubnetId] != "subnet" {
		t.Errorf("tags %v", kinds)
	}
	err := w.Store.Update(func(tx *store.Tx) error {
		for _, r := range w.Tagged(tx, mine, home) {
			own, err := w.Retag(tx, mine, home, r.ARN, map[string]string{"a": "b"}, []string{"lifeboat:run"})
			if !own || err != nil {
				t.Errorf("%s: %v %v", r.ARN, own, err)
			}
		}
		if own, err := w.Retag(tx, mine, home, arn(home, mine, "instance", "i-1"), nil, nil); own || err != nil {
			t.Errorf("an instance: %v %v", own, err)
		}
		return nil
	})
	if left := try.Must(w.DescribeTags(ctx, &ec2.DescribeTagsInput{Filters: []types.Filter{{Name: aws.String("key"), Values: []string{"lifeboat:run"}}}})).Tags; err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
	try.Must(w.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{vpc, group}}))
	if code, _ := try.Refusal(second(w.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{"subnet-0123456789abcdef0"}, Tags: []types.Tag{tag}}))); code != "InvalidSubnetID.NotFound" {
		t.Errorf("no subnet: %s", code)
	}
}

// Groups, rules and tags are there after the process ended; the default ones, changed, too.
func TestNetworkSurvives(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, dir)
	ctx := as(mine, home, "X")
	standard := w.DefaultSecurityGroup(mine, home, w.DefaultVPC(mine, home))
	db := w.group("db", types.Tag{Key: aws.String("a"), Value: aws.String("b")})
	for _, id := range []string{db, standard} {
		try.Must(w.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &id, IpPermissions: []types.IpPermission{tcp(5432, "10.0.0.0/8", db)}}))
	}
	try.Must(w.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{w.DefaultVPC(mine, home)}, Tags: []types.Tag{{Key: aws.String("c"), Value: aws.String("d")}}}))
	shown := func() string {
		groups := try.Must(w.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{})).SecurityGroups
		vpcs := try.Must(w.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})).Vpcs
		if len(groups) != 2 || len(vpcs[0].Tags) != 1 {
			t.Errorf("%d groups, tags %v", len(groups), vpcs[0].Tags)
		}
		return string(try.Must(json.Marshal([]any{groups, vpcs})))
	}
	before := shown()
	w.Clock.Close()
	w.Store.Close()
	w = newWorld(t, dir)
	if after := shown(); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
}

// Whatever is authorized and revoked, a group holds exactly the rules that are in and not out again.
func TestRulesAreASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, "")
		ctx := as(mine, home, "X")
		id := w.group("db")
		want := map[string]bool{}
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			port := rapid.Int32Range(1, 3).Draw(t, "port")
			peer := fmt.Sprintf("10.%d.0.0/16", rapid.IntRange(0, 2).Draw(t, "peer"))
			key := fmt.Sprint(port, " ", peer)
			if rapid.Bool().Draw(t, "add") {
				_, err := w.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &id, IpPermissions: []types.IpPermission{tcp(port, peer)}})
				if (err != nil) != want[key] {
					t.Fatalf("authorize %s: %v, there %v", key, err, want[key])
				}
				want[key] = true
			} else {
				out := try.Must(w.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &id, IpPermissions: []types.IpPermission{tcp(port, peer)}}))
				if (len(out.UnknownIpPermissions) == 0) != want[key] {
					t.Fatalf("revoke %s: unknown %v, there %v", key, out.UnknownIpPermissions, want[key])
				}
				delete(want, key)
			}
		}
		got := map[string]bool{}
		for _, p := range try.Must(w.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{id}})).SecurityGroups[0].IpPermissions {
			for _, r := range p.IpRanges {
				got[fmt.Sprint(*p.FromPort, " ", *r.CidrIp)] = true
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("rules %v, want %v", got, want)
		}
	})
}

// Pages of groups cover them all, each once.
func TestPagesOfGroups(t *testing.T) {
	w := newWorld(t, "")
	for i := range 12 {
		w.group(fmt.Sprint("g", i))
	}
	seen, token := map[string]int{}, (*string)(nil)
	for {
		out := try.Must(w.DescribeSecurityGroups(as(mine, home, "X"), &ec2.DescribeSecurityGroupsInput{MaxResults: aws.Int32(5), NextToken: token}))
		for _, g := range out.SecurityGroups {
			seen[*g.GroupId]++
		}
		if token = out.NextToken; token == nil {
			break
		}
	}
	if len(seen) != 13 {
		t.Errorf("%d groups seen: %v", len(seen), seen)
	}
}
