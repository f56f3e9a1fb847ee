package ec2

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Rule is one rule of a security group: it lets one protocol and range of ports through, for one peer.
type Rule struct {
	ID           string
	Egress       bool              `json:",omitempty"`
	Protocol     string            // tcp, udp, icmp, icmpv6, the number of another, -1 for all
	From, To     *int32            `json:",omitempty"` // ports, or ICMP type and code
	CIDR         string            `json:",omitempty"`
	CIDR6        string            `json:",omitempty"`
	Prefixes     string            `json:",omitempty"` // id of a prefix list
	Group        string            `json:",omitempty"` // id of a security group
	GroupAccount string            `json:",omitempty"`
	Description  string            `json:",omitempty"`
	Tags         map[string]string `json:",omitempty"`
}

const (
	anyProtocol = "-1"
	mostRules   = 60 // inbound, or outbound ("Amazon VPC quotas")
)

// peer is who the rule lets through.
func (r Rule) peer() string { return cmp.Or(r.CIDR, r.CIDR6, r.Prefixes, r.Group) }

// ports is the protocol and the ports, by which EC2 groups rules into permissions.
func (r Rule) ports() string {
	return fmt.Sprint(r.Protocol, " ", aws.ToInt32(r.From), " ", aws.ToInt32(r.To))
}

// equal says that two rules let the same through.
func (r Rule) equal(o Rule) bool {
	return r.Egress == o.Egress && r.ports() == o.ports() && r.peer() == o.peer()
}

func (r Rule) String() string {
	if r.Protocol == anyProtocol {
		return "peer: " + r.peer() + ", ALL, ALLOW"
	}
	return fmt.Sprintf("peer: %s, %s, from port: %d, to port: %d, ALLOW", r.peer(), strings.ToUpper(r.Protocol), aws.ToInt32(r.From), aws.ToInt32(r.To))
}

var protocols = map[string]string{"all": anyProtocol, "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}

// protocol checks a protocol's name or number and its ports.
func protocol(p types.IpPermission) (name string, from, to *int32, err error) {
	name = strings.ToLower(aws.ToString(p.IpProtocol))
	name = cmp.Or(protocols[name], name)
	switch name {
	case "":
		return "", nil, nil, missing("ipProtocol")
	case "tcp", "udp":
		if p.FromPort == nil || p.ToPort == nil {
			return "", nil, nil, errorf("InvalidParameterValue", "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.")
		}
		for _, port := range []int32{*p.FromPort, *p.ToPort} {
			if port < 0 || port > 65535 {
				return "", nil, nil, errorf("InvalidParameterValue", "TCP/UDP port (%d) out of range", port)
			}
		}
		if *p.FromPort > *p.ToPort {
			return "", nil, nil, errorf("InvalidParameterValue", "Invalid TCP/UDP port range (%d:%d)", *p.FromPort, *p.ToPort)
		}
		return name, p.FromPort, p.ToPort, nil
	case "icmp", "icmpv6": // without a type and code it is all of them
		return name, cmp.Or(p.FromPort, aws.Int32(-1)), cmp.Or(p.ToPort, aws.Int32(-1)), nil
	case anyProtocol:
		return name, nil, nil, nil
	}
	if n, err := strconv.Atoi(name); err != nil || n < 0 || n > 255 {
		return "", nil, nil, errorf("InvalidParameterValue", "Invalid value '%s' for IP protocol. Unknown protocol.", name)
	}
	return name, nil, nil, nil
}

// canonical is an address range as EC2 keeps it: 100.68.0.18/18 is 100.68.0.0/18.
func canonical(block string, v6 bool) (string, error) {
	p, err := netip.ParsePrefix(block)
	if err != nil || p.Addr().Is6() != v6 {
		return "", errorf("InvalidParameterValue", "CIDR block %s is malformed", block)
	}
	return p.Masked().String(), nil
}

// rules are the inbound rules that permissions stand for, one for each peer.
func (s *Service) rules(tx *store.Tx, c wire.Caller, list []types.IpPermission) (all []Rule, err error) {
	for _, p := range list {
		var of Rule
		if of.Protocol, of.From, of.To, err = protocol(p); err != nil {
			return nil, err
		}
		add := func(description *string, change func(*Rule)) {
			r := of
			r.Description = aws.ToString(description)
			change(&r)
			all = append(all, r)
		}
		for _, peer := range p.IpRanges {
			block, err := canonical(aws.ToString(peer.CidrIp), false)
			if err != nil {
				return nil, err
			}
			add(peer.Description, func(r *Rule) { r.CIDR = block })
		}
		for _, peer := range p.Ipv6Ranges {
			block, err := canonical(aws.ToString(peer.CidrIpv6), true)
			if err != nil {
				return nil, err
			}
			add(peer.Description, func(r *Rule) { r.CIDR6 = block })
		}
		for _, peer := range p.PrefixListIds {
			return nil, errorf("InvalidPrefixListId.NotFound", "The prefix list ID '%s' does not exist", aws.ToString(peer.PrefixListId))
		}
		for _, peer := range p.UserIdGroupPairs {
			g, err := s.meant(tx, c, peer.GroupId, peer.GroupName)
			if err != nil {
				return nil, err
			}
			add(peer.Description, func(r *Rule) { r.Group, r.GroupAccount = g.ID, g.Account })
		}
	}
	return all, nil
}

// oneRule is the permission of a request that gives one rule in members of its own; nil when it gives none.
func oneRule(proto *string, from, to *int32, block, group *string) []types.IpPermission {
	p := types.IpPermission{IpProtocol: proto, FromPort: from, ToPort: to}
	switch {
	case block != nil:
		p.IpRanges = []types.IpRange{{CidrIp: block}}
	case group != nil: // all of TCP, UDP and ICMP
		p.UserIdGroupPairs = []types.UserIdGroupPair{{GroupName: group}}
		if proto == nil {
			p.IpProtocol = aws.String(anyProtocol)
		}
	default:
		return nil
	}
	return []types.IpPermission{p}
}

// AuthorizeSecurityGroupIngress adds inbound rules, all or none.
func (s *Service) AuthorizeSecurityGroupIngress(ctx context.Context, in *ec2.AuthorizeSecurityGroupIngressInput) (*ec2.AuthorizeSecurityGroupIngressOutput, error) {
	out := &ec2.AuthorizeSecurityGroupIngressOutput{Return: aws.Bool(true)}
	return out, s.update(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		g, err := s.meant(tx, c, in.GroupId, in.GroupName)
		if err != nil {
			return err
		}
		added, err := s.rules(tx, c, slices.Concat(in.IpPermissions, oneRule(in.IpProtocol, in.FromPort, in.ToPort, in.CidrIp, in.SourceSecurityGroupName)))
		if err != nil {
			return err
		}
		if len(added) == 0 {
			return missing("ipPermissions")
		}
		tags, err := specified(in.TagSpecifications, types.ResourceTypeSecurityGroupRule)
		if err != nil {
			return err
		}
		g.Rules = slices.Clone(g.Rules)
		for _, r := range added {
			if err := checkGroupText("Description", "rule description", r.Description); err != nil {
				return err
			}
			if slices.ContainsFunc(g.Rules, r.equal) {
				return errorf("InvalidPermission.Duplicate", "the specified rule \"%s\" already exists", r)
			}
			r.ID, r.Tags = tx.ID("sgr-"), tags
			g.Rules = append(g.Rules, r)
			out.SecurityGroupRules = append(out.SecurityGroupRules, r.wire(g))
		}
		if n := len(slices.DeleteFunc(slices.Clone(g.Rules), func(r Rule) bool { return r.Egress })); n > mostRules {
			return errorf("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.")
		}
		s.putGroup(tx, g)
		return nil
	})
}

// RevokeSecurityGroupIngress removes inbound rules by their ids or by what they say. Of rules that are not there it tells, and
// removes the others: that is what EC2 does in a default VPC, the only one there is.
func (s *Service) RevokeSecurityGroupIngress(ctx context.Context, in *ec2.RevokeSecurityGroupIngressInput) (*ec2.RevokeSecurityGroupIngressOutput, error) {
	out := &ec2.RevokeSecurityGroupIngressOutput{Return: aws.Bool(true)}
	return out, s.update(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		g, err := s.meant(tx, c, in.GroupId, in.GroupName)
		if err != nil {
			return err
		}
		asked := slices.Concat(in.IpPermissions, oneRule(in.IpProtocol, in.FromPort, in.ToPort, in.CidrIp, in.SourceSecurityGroupName))
		revoked, err := s.rules(tx, c, asked)
		if err != nil {
			return err
		}
		for _, id := range in.SecurityGroupRuleIds {
			i := slices.IndexFunc(g.Rules, func(r Rule) bool { return r.ID == id && !r.Egress })
			if i < 0 {
				return errorf("InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '%s' does not exist", id)
			}
			revoked = append(revoked, g.Rules[i])
		}
		if len(revoked) == 0 {
			return missing("ipPermissions")
		}
		var unknown []Rule
		g.Rules = slices.Clone(g.Rules)
		for _, r := range revoked {
			i := slices.IndexFunc(g.Rules, r.equal)
			if i < 0 {
				unknown = append(unknown, r)
				continue
			}
			out.RevokedSecurityGroupRules = append(out.RevokedSecurityGroupRules, g.Rules[i].revoked(g))
			g.Rules = slices.Delete(g.Rules, i, i+1)
		}
		out.UnknownIpPermissions = grouped(unknown, false)
		s.putGroup(tx, g)
		return nil
	})
}

// grouped are the rules of one direction as EC2 shows them, those of the same protocol and ports together.
func grouped(rules []Rule, egress bool) []types.IpPermission {
	all := []types.IpPermission{}
	at := map[string]int{}
	for _, r := range rules {
		if r.Egress != egress {
			continue
		}
		i, seen := at[r.ports()]
		if !seen {
			i = len(all)
			at[r.ports()] = i
			all = append(all, types.IpPermission{IpProtocol: aws.String(r.Protocol), FromPort: r.From, ToPort: r.To})
		}
		p := &all[i]
		switch about := optional(r.Description); {
		case r.CIDR != "":
			p.IpRanges = append(p.IpRanges, types.IpRange{CidrIp: aws.String(r.CIDR), Description: about})
		case r.CIDR6 != "":
			p.Ipv6Ranges = append(p.Ipv6Ranges, types.Ipv6Range{CidrIpv6: aws.String(r.CIDR6), Description: about})
		default:
			p.UserIdGroupPairs = append(p.UserIdGroupPairs, types.UserIdGroupPair{
				GroupId: aws.String(r.Group), UserId: aws.String(r.GroupAccount), Description: about})
		}
	}
	return all
}

func (r Rule) wire(g SecurityGroup) types.SecurityGroupRule {
	from, to := r.shown()
	w := types.SecurityGroupRule{
		SecurityGroupRuleId: aws.String(r.ID), SecurityGroupRuleArn: aws.String(arn(g.Region, g.Account, "security-group-rule", r.ID)),
		GroupId: aws.String(g.ID), GroupOwnerId: aws.String(g.Account), IsEgress: aws.Bool(r.Egress), IpProtocol: aws.String(r.Protocol),
		FromPort: from, ToPort: to, CidrIpv4: optional(r.CIDR), CidrIpv6: optional(r.CIDR6),
		Description: optional(r.Description), Tags: tagList(r.Tags),
	}
	if r.Group != "" {
		w.ReferencedGroupInfo = &types.ReferencedSecurityGroup{GroupId: aws.String(r.Group), UserId: aws.String(r.GroupAccount), VpcId: aws.String(g.VPC)}
	}
	return w
}

func (r Rule) revoked(g SecurityGroup) types.RevokedSecurityGroupRule {
	from, to := r.shown()
	return types.RevokedSecurityGroupRule{
		SecurityGroupRuleId: aws.String(r.ID), GroupId: aws.String(g.ID), IsEgress: aws.Bool(r.Egress), IpProtocol: aws.String(r.Protocol),
		FromPort: from, ToPort: to, CidrIpv4: optional(r.CIDR), CidrIpv6: optional(r.CIDR6), ReferencedGroupId: optional(r.Group), Description: optional(r.Description),
	}
}

// shown are the ports of a rule on its own, which EC2 shows as -1 where they are all.
func (r Rule) shown() (from, to *int32) {
	return cmp.Or(r.From, aws.Int32(-1)), cmp.Or(r.To, aws.Int32(-1))
}

// groupAttributes are the filters of DescribeSecurityGroups.
var groupAttributes = func() attributes[SecurityGroup] {
	text := func(of func(SecurityGroup) string) func(SecurityGroup) []string {
		return func(g SecurityGroup) []string { return []string{of(g)} }
	}
	all := attributes[SecurityGroup]{
		"description": text(func(g SecurityGroup) string { return g.Description }),
		"group-id":    text(func(g SecurityGroup) string { return g.ID }),
		"group-name":  text(func(g SecurityGroup) string { return g.Name }),
		"owner-id":    text(func(g SecurityGroup) string { return g.Account }),
		"vpc-id":      text(func(g SecurityGroup) string { return g.VPC }),
	}
	port := func(n *int32) string {
		if n == nil {
			return ""
		}
		return strconv.Itoa(int(*n))
	}
	for name, of := range map[string]func(Rule) string{
		"cidr":           func(r Rule) string { return r.CIDR },
		"ipv6-cidr":      func(r Rule) string { return r.CIDR6 },
		"prefix-list-id": func(Rule) string { return "" },
		"from-port":      func(r Rule) string { return port(r.From) },
		"to-port":        func(r Rule) string { return port(r.To) },
		"group-id":       func(r Rule) string { return r.Group },
		"group-name":     func(Rule) string { return "" },
		"protocol":       func(r Rule) string { return r.Protocol },
		"user-id":        func(r Rule) string { return r.GroupAccount },
	} {
		for prefix, egress := range map[string]bool{"": false, "egress.": true} {
			all[prefix+"ip-permission."+name] = func(g SecurityGroup) (values []string) {
				for _, r := range g.Rules {
					if v := of(r); r.Egress == egress && v != "" {
						values = append(values, v)
					}
				}
				return values
			}
		}
	}
	return all
}()

// DescribeNetworkInterfaces lists none: there are no instances here, and those of databases are not shown.
func (s *Service) DescribeNetworkInterfaces(ctx context.Context, in *ec2.DescribeNetworkInterfacesInput) (*ec2.DescribeNetworkInterfacesOutput, error) {
	err := allThere(in.NetworkInterfaceIds, nil, "InvalidNetworkInterfaceID.NotFound", "networkInterface")
	if err == nil {
		err = dry(in.DryRun, nil)
	}
	return &ec2.DescribeNetworkInterfacesOutput{NetworkInterfaces: []types.NetworkInterface{}}, err
}
