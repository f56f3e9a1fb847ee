package ec2

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/tagging"
	"lifeboat/aws/sandbox/wire"
)

// The network of an account in a Region is the one AWS gives every account: a default VPC with a default subnet in each zone
// and a default security group ("Default VPCs", Amazon VPC User Guide). It is not kept: its ids follow from the account and
// the Region, so it is there without ever having been made. Only what a user adds is a row: tags, security groups and rules.

const defaultVPCRange = "172.31.0.0/16"

// vpc is the default VPC of an account in a Region.
type vpc struct {
	id, account, region string
	tags                map[string]string
}

// subnet is the default subnet of a zone.
type subnet struct {
	id, account, region, vpc string
	zone                     zone
	block                    string
	tags                     map[string]string
}

// derived is an id that always is the same for an account, a Region and what it names.
func derived(prefix string, of ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(append([]string{prefix}, of...), "/")))
	return prefix + "0" + hex.EncodeToString(sum[:8])
}

// DefaultVPC is the id of the account's default VPC in the Region.
func (s *Service) DefaultVPC(account, region string) string {
	return derived("vpc-", account, region)
}

// DefaultSecurityGroup is the id of the default security group of a VPC of the account.
func (s *Service) DefaultSecurityGroup(account, region, vpc string) string {
	return derived("sg-", account, region, vpc)
}

// Subnet tells the VPC and the zone of one of the account's subnets in the Region.
func (s *Service) Subnet(tx *store.Tx, account, region, id string) (vpc, zone string, ok bool) {
	for _, n := range s.subnets(tx, account, region) {
		if n.id == id {
			return n.vpc, n.zone.name, true
		}
	}
	return "", "", false
}

// SubnetsOf gives the ids of a VPC's subnets, in the order of their zones; none for a VPC that is not there.
func (s *Service) SubnetsOf(tx *store.Tx, account, region, vpc string) (ids []string) {
	for _, n := range s.subnets(tx, account, region) {
		if n.vpc == vpc {
			ids = append(ids, n.id)
		}
	}
	return ids
}

// SecurityGroup tells the VPC of one of the account's security groups in the Region.
func (s *Service) SecurityGroup(tx *store.Tx, account, region, id string) (vpc string, ok bool) {
	g, ok := s.group(tx, account, region, id)
	return g.VPC, ok
}

func (s *Service) vpcs(tx *store.Tx, account, region string) []vpc {
	v := vpc{id: s.DefaultVPC(account, region), account: account, region: region}
	v.tags, _ = s.networkTags.Get(tx, networkKey(account, region, v.id))
	return []vpc{v}
}

func (s *Service) subnets(tx *store.Tx, account, region string) (all []subnet) {
	r, _ := regionNamed(region)
	for i, z := range r.zoneList() {
		n := subnet{
			id: derived("subnet-", account, z.name), account: account, region: region, vpc: s.DefaultVPC(account, region),
			zone: z, block: fmt.Sprintf("172.31.%d.0/20", 16*i),
		}
		n.tags, _ = s.networkTags.Get(tx, networkKey(account, region, n.id))
		all = append(all, n)
	}
	return all
}

func networkKey(account, region, id string) string { return account + "/" + region + "/" + id }

// allThere says which of the asked ids are not among those there are, in EC2's words: "The vpc ID 'x' does not exist".
func allThere(asked, there []string, code, what string) error {
	gone := slices.DeleteFunc(slices.Clone(asked), func(id string) bool { return slices.Contains(there, id) })
	switch len(gone) {
	case 0:
		return nil
	case 1:
		return errorf(code, "The %s ID '%s' does not exist", what, gone[0])
	}
	return errorf(code, "The %s IDs '%s' do not exist", what, strings.Join(gone, ", "))
}

// chosen are the rows that are asked for by id, all when no id is given, in the order of their ids.
func chosen[T any](rows []T, ids []string, id func(T) string, match func(T) bool) []T {
	rows = slices.DeleteFunc(rows, func(r T) bool { return len(ids) > 0 && !slices.Contains(ids, id(r)) || !match(r) })
	slices.SortFunc(rows, func(a, b T) int { return strings.Compare(id(a), id(b)) })
	return rows
}

// idsOf are the ids of all rows.
func idsOf[T any](rows []T, id func(T) string) []string {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = id(r)
	}
	return ids
}

var vpcAttributes = func() attributes[vpc] {
	text := func(of func(vpc) string) func(vpc) []string { return func(v vpc) []string { return []string{of(v)} } }
	none := func(vpc) []string { return nil }
	block := text(func(vpc) string { return defaultVPCRange })
	return attributes[vpc]{
		"cidr": block, "cidr-block-association.cidr-block": block,
		"cidr-block-association.association-id":       text(func(v vpc) string { return v.association() }),
		"cidr-block-association.state":                text(func(vpc) string { return "associated" }),
		"dhcp-options-id":                             text(func(v vpc) string { return v.options() }),
		"ipv6-cidr-block-association.association-id":  none,
		"ipv6-cidr-block-association.ipv6-cidr-block": none,
		"ipv6-cidr-block-association.ipv6-pool":       none,
		"ipv6-cidr-block-association.state":           none,
		"is-default":                                  text(func(vpc) string { return "true" }),
		"owner-id":                                    text(func(v vpc) string { return v.account }),
		"state":                                       text(func(vpc) string { return "available" }),
		"vpc-id":                                      text(func(v vpc) string { return v.id }),
	}
}()

func (v vpc) options() string     { return derived("dopt-", v.account, v.region) }
func (v vpc) association() string { return derived("vpc-cidr-assoc-", v.account, v.region) }

// DescribeVpcs lists the caller's VPCs in the Region.
func (s *Service) DescribeVpcs(ctx context.Context, in *ec2.DescribeVpcsInput) (*ec2.DescribeVpcsOutput, error) {
	out := &ec2.DescribeVpcsOutput{Vpcs: []types.Vpc{}}
	return out, s.view(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		match, err := filter(in.Filters, vpcAttributes, func(v vpc) map[string]string { return v.tags })
		if err != nil {
			return err
		}
		p, err := paging(in.MaxResults, in.NextToken, len(in.VpcIds), "vpcSet")
		if err != nil {
			return err
		}
		id := func(v vpc) string { return v.id }
		rows := s.vpcs(tx, c.Account, c.Region)
		if err := allThere(in.VpcIds, idsOf(rows, id), "InvalidVpcID.NotFound", "vpc"); err != nil {
			return err
		}
		rows, out.NextToken, err = cut(p, chosen(rows, in.VpcIds, id, match), id)
		for _, v := range rows {
			out.Vpcs = append(out.Vpcs, v.wire())
		}
		return err
	})
}

func (v vpc) wire() types.Vpc {
	return types.Vpc{
		VpcId: aws.String(v.id), OwnerId: aws.String(v.account), IsDefault: aws.Bool(true), State: types.VpcStateAvailable,
		CidrBlock: aws.String(defaultVPCRange), DhcpOptionsId: aws.String(v.options()), InstanceTenancy: types.TenancyDefault,
		CidrBlockAssociationSet: []types.VpcCidrBlockAssociation{{
			AssociationId: aws.String(v.association()), CidrBlock: aws.String(defaultVPCRange),
			CidrBlockState: &types.VpcCidrBlockState{State: types.VpcCidrBlockStateCodeAssociated},
		}},
		Tags: tagList(v.tags),
	}
}

var subnetAttributes = func() attributes[subnet] {
	text := func(of func(subnet) string) func(subnet) []string {
		return func(n subnet) []string { return []string{of(n)} }
	}
	yes, no := text(func(subnet) string { return "true" }), text(func(subnet) string { return "false" })
	none := func(subnet) []string { return nil }
	block, id := text(func(n subnet) string { return n.block }), text(func(n subnet) string { return n.id })
	zoneName, zoneID := text(func(n subnet) string { return n.zone.name }), text(func(n subnet) string { return n.zone.id })
	return attributes[subnet]{
		"availability-zone": zoneName, "availabilityZone": zoneName, "availability-zone-id": zoneID, "availabilityZoneId": zoneID,
		"available-ip-address-count": text(func(subnet) string { return "4091" }),
		"cidr":                       block, "cidr-block": block, "cidrBlock": block,
		"default-for-az": yes, "defaultForAz": yes, "map-public-ip-on-launch": yes,
		"assign-ipv6-address-on-creation": no, "enable-dns64": no, "ipv6-native": no, "map-customer-owned-ip-on-launch": no,
		"customer-owned-ipv4-pool": none, "outpost-arn": none, "enable-lni-at-device-index": none,
		"ipv6-cidr-block-association.association-id": none, "ipv6-cidr-block-association.ipv6-cidr-block": none,
		"ipv6-cidr-block-association.state":                                       none,
		"private-dns-name-options-on-launch.hostname-type":                        text(func(subnet) string { return "ip-name" }),
		"private-dns-name-options-on-launch.enable-resource-name-dns-a-record":    no,
		"private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record": no,
		"owner-id":   text(func(n subnet) string { return n.account }),
		"state":      text(func(subnet) string { return "available" }),
		"subnet-arn": text(func(n subnet) string { return arn(n.region, n.account, "subnet", n.id) }),
		"subnet-id":  id,
		"vpc-id":     text(func(n subnet) string { return n.vpc }),
	}
}()

// DescribeSubnets lists the caller's subnets in the Region.
func (s *Service) DescribeSubnets(ctx context.Context, in *ec2.DescribeSubnetsInput) (*ec2.DescribeSubnetsOutput, error) {
	out := &ec2.DescribeSubnetsOutput{Subnets: []types.Subnet{}}
	return out, s.view(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		match, err := filter(in.Filters, subnetAttributes, func(n subnet) map[string]string { return n.tags })
		if err != nil {
			return err
		}
		p, err := paging(in.MaxResults, in.NextToken, len(in.SubnetIds), "subnetSet")
		if err != nil {
			return err
		}
		id := func(n subnet) string { return n.id }
		rows := s.subnets(tx, c.Account, c.Region)
		if err := allThere(in.SubnetIds, idsOf(rows, id), "InvalidSubnetID.NotFound", "subnet"); err != nil {
			return err
		}
		rows, out.NextToken, err = cut(p, chosen(rows, in.SubnetIds, id, match), id)
		for _, n := range rows {
			out.Subnets = append(out.Subnets, n.wire())
		}
		return err
	})
}

func (n subnet) wire() types.Subnet {
	return types.Subnet{
		SubnetId: aws.String(n.id), SubnetArn: aws.String(arn(n.region, n.account, "subnet", n.id)), OwnerId: aws.String(n.account),
		VpcId: aws.String(n.vpc), State: types.SubnetStateAvailable, CidrBlock: aws.String(n.block),
		AvailableIpAddressCount: aws.Int32(4091), // a /20 without the five addresses that AWS keeps
		AvailabilityZone:        aws.String(n.zone.name), AvailabilityZoneId: aws.String(n.zone.id),
		DefaultForAz: aws.Bool(true), MapPublicIpOnLaunch: aws.Bool(true), AssignIpv6AddressOnCreation: aws.Bool(false),
		MapCustomerOwnedIpOnLaunch: aws.Bool(false), EnableDns64: aws.Bool(false), Ipv6Native: aws.Bool(false),
		PrivateDnsNameOptionsOnLaunch: &types.PrivateDnsNameOptionsOnLaunch{
			HostnameType: types.HostnameTypeIpName, EnableResourceNameDnsARecord: aws.Bool(false), EnableResourceNameDnsAAAARecord: aws.Bool(false),
		},
		Tags: tagList(n.tags),
	}
}

// retagNetwork changes the tags of a VPC or a subnet.
func (s *Service) retagNetwork(tx *store.Tx, c wire.Caller, id string, change func(map[string]string) (map[string]string, error)) error {
	if strings.HasPrefix(id, "vpc-") {
		if id != s.DefaultVPC(c.Account, c.Region) {
			return allThere([]string{id}, nil, "InvalidVpcID.NotFound", "vpc")
		}
	} else if _, _, ok := s.Subnet(tx, c.Account, c.Region, id); !ok {
		return allThere([]string{id}, nil, "InvalidSubnetID.NotFound", "subnet")
	}
	key := networkKey(c.Account, c.Region, id)
	old, _ := s.networkTags.Get(tx, key)
	tags, err := change(maps.Clone(old))
	if err == nil {
		s.networkTags.Put(tx, key, tags)
	}
	return err
}

// networkTagged are the VPCs, subnets and security groups with tags.
func (s *Service) networkTagged(tx *store.Tx, account, region string) (all []tagging.Resource) {
	add := func(kind, id string, tags map[string]string) {
		if len(tags) > 0 {
			all = append(all, tagging.Resource{ARN: arn(region, account, kind, id), Type: "ec2:" + kind, Tags: tags})
		}
	}
	for _, v := range s.vpcs(tx, account, region) {
		add("vpc", v.id, v.tags)
	}
	for _, n := range s.subnets(tx, account, region) {
		add("subnet", n.id, n.tags)
	}
	for _, g := range s.allGroups(tx, account, region) {
		add("security-group", g.ID, g.Tags)
	}
	return all
}
