package ec2

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// SecurityGroup is a security group: one that a user made, or a default one that a user changed.
type SecurityGroup struct {
	ID          string
	Account     string
	Region      string
	VPC         string
	Name        string
	Description string
	Created     time.Time         `json:",omitzero"`
	Rules       []Rule            `json:",omitempty"`
	Tags        map[string]string `json:",omitempty"`
}

const defaultGroup = "default"

// OnGroupUse lets used say whether something outside EC2 uses a security group, which then cannot be deleted. It is called
// while the sandbox is made, never later.
func (s *Service) OnGroupUse(used func(tx *store.Tx, account, region, group string) bool) {
	s.groupUse = append(s.groupUse, used)
}

// group finds a security group by its id. The default one is there before it has a row.
func (s *Service) group(tx *store.Tx, account, region, id string) (SecurityGroup, bool) {
	g, ok := s.groups.Get(tx, networkKey(account, region, id))
	if vpc := s.DefaultVPC(account, region); !ok && id == s.DefaultSecurityGroup(account, region, vpc) {
		return newDefaultGroup(account, region, vpc, id), true
	}
	return g, ok
}

// newDefaultGroup is the default security group as AWS makes it: its members reach each other, and everything outside
// ("Default security groups for your VPCs", Amazon VPC User Guide).
func newDefaultGroup(account, region, vpc, id string) SecurityGroup {
	return SecurityGroup{
		ID: id, Account: account, Region: region, VPC: vpc, Name: defaultGroup, Description: "default VPC security group",
		Rules: []Rule{
			{ID: derived("sgr-", id, "ingress"), Protocol: anyProtocol, Group: id, GroupAccount: account},
			{ID: derived("sgr-", id, "egress"), Egress: true, Protocol: anyProtocol, CIDR: "0.0.0.0/0"},
		},
	}
}

func (s *Service) putGroup(tx *store.Tx, g SecurityGroup) {
	s.groups.Put(tx, networkKey(g.Account, g.Region, g.ID), g)
}

// allGroups are the account's security groups in the Region.
func (s *Service) allGroups(tx *store.Tx, account, region string) (all []SecurityGroup) {
	id := s.DefaultSecurityGroup(account, region, s.DefaultVPC(account, region))
	if _, changed := s.groups.Get(tx, networkKey(account, region, id)); !changed {
		g, _ := s.group(tx, account, region, id)
		all = append(all, g)
	}
	s.groups.Scan(tx, networkKey(account, region, ""), func(_ string, g SecurityGroup) bool { all = append(all, g); return true })
	return all
}

// groupID checks how an id is written.
func groupID(id string) error {
	if !strings.HasPrefix(id, "sg-") || !hexID.MatchString(id) {
		return errorf("InvalidGroupId.Malformed", "Invalid id: \"%s\" (expecting \"sg-...\")", id)
	}
	return nil
}

func noGroup(id string) error {
	return errorf("InvalidGroup.NotFound", "The security group '%s' does not exist", id)
}

// meant is the group that a request names by its id or, in the default VPC, by its name.
func (s *Service) meant(tx *store.Tx, c wire.Caller, id, name *string) (SecurityGroup, error) {
	switch {
	case id != nil:
		if err := groupID(*id); err != nil {
			return SecurityGroup{}, err
		}
		if g, ok := s.group(tx, c.Account, c.Region, *id); ok {
			return g, nil
		}
		return SecurityGroup{}, noGroup(*id)
	case name != nil:
		g, ok := s.groupNamed(tx, c.Account, c.Region, *name)
		if !ok {
			return g, errorf("InvalidGroup.NotFound", "The security group '%s' does not exist in default VPC '%s'", *name, s.DefaultVPC(c.Account, c.Region))
		}
		return g, nil
	}
	return SecurityGroup{}, errorf("MissingParameter", "The request must contain the parameter groupName or groupId")
}

func (s *Service) groupNamed(tx *store.Tx, account, region, name string) (SecurityGroup, bool) {
	for _, g := range s.allGroups(tx, account, region) {
		if g.Name == name {
			return g, true
		}
	}
	return SecurityGroup{}, false
}

// groupText is what names and descriptions may hold in a VPC (CreateSecurityGroup, EC2 API reference).
var groupText = regexp.MustCompile(`^[a-zA-Z0-9 ._:/()#,@\[\]+=&;{}!$*-]{0,255}$`)

// checkGroupText checks a name or a description, what ("security group description"), given as parameter.
func checkGroupText(parameter, what, text string) error {
	switch {
	case strings.ContainsFunc(text, func(r rune) bool { return r > 127 }):
		return errorf("InvalidParameterValue", "Value (%s) for parameter %s is invalid. Character sets beyond ASCII are not supported.", text, parameter)
	case !groupText.MatchString(text):
		words := strings.Fields(what)
		return errorf("InvalidParameterValue", "Invalid %s. Valid %ss are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*", what, words[len(words)-1])
	}
	return nil
}

// CreateSecurityGroup makes a security group that lets everything out and nothing in.
func (s *Service) CreateSecurityGroup(ctx context.Context, in *ec2.CreateSecurityGroupInput) (*ec2.CreateSecurityGroupOutput, error) {
	out := &ec2.CreateSecurityGroupOutput{}
	return out, s.update(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		g := SecurityGroup{
			Account: c.Account, Region: c.Region, VPC: aws.ToString(in.VpcId), Created: tx.Now(),
			Name: strings.TrimSpace(aws.ToString(in.GroupName)), Description: aws.ToString(in.Description),
		}
		if err := s.checkGroup(tx, &g); err != nil {
			return err
		}
		var err error
		if g.Tags, err = specified(in.TagSpecifications, types.ResourceTypeSecurityGroup); err != nil {
			return err
		}
		g.ID = tx.ID("sg-")
		g.Rules = []Rule{{ID: tx.ID("sgr-"), Egress: true, Protocol: anyProtocol, CIDR: "0.0.0.0/0"}}
		s.putGroup(tx, g)
		*out = ec2.CreateSecurityGroupOutput{GroupId: aws.String(g.ID), SecurityGroupArn: aws.String(g.arn()), Tags: tagList(g.Tags)}
		return nil
	})
}

// checkGroup is what EC2 asks of a new group; without a VPC it is one of the default VPC.
func (s *Service) checkGroup(tx *store.Tx, g *SecurityGroup) error {
	switch {
	case g.Name == "":
		return missing("GroupName")
	case g.Description == "":
		return missing("GroupDescription")
	}
	if err := checkGroupText("GroupName", "security group name", g.Name); err != nil {
		return err
	}
	if err := checkGroupText("GroupDescription", "security group description", g.Description); err != nil {
		return err
	}
	own := s.DefaultVPC(g.Account, g.Region)
	if g.VPC == "" {
		g.VPC = own
	}
	switch {
	case strings.HasPrefix(g.Name, "sg-"):
		return errorf("InvalidParameterValue", "Invalid group name: %s. Group names may not be in the format sg-*", g.Name)
	case g.VPC != own:
		return allThere([]string{g.VPC}, nil, "InvalidVpcID.NotFound", "vpc")
	case g.Name == defaultGroup:
		return errorf("InvalidParameterValue", "Cannot use reserved security group name: default")
	}
	if _, twice := s.groupNamed(tx, g.Account, g.Region, g.Name); twice {
		return errorf("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", g.Name, g.VPC)
	}
	return nil
}

// DeleteSecurityGroup deletes a group that nothing uses: no rule of another group, and nothing of another service.
func (s *Service) DeleteSecurityGroup(ctx context.Context, in *ec2.DeleteSecurityGroupInput) (*ec2.DeleteSecurityGroupOutput, error) {
	out := &ec2.DeleteSecurityGroupOutput{Return: aws.Bool(true)}
	return out, s.update(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		g, err := s.meant(tx, c, in.GroupId, in.GroupName)
		if err != nil {
			return err
		}
		if g.Name == defaultGroup {
			return errorf("CannotDelete", "the specified group: \"%s\" name: \"%s\" cannot be deleted by a user", g.ID, g.Name)
		}
		if s.groupUsed(tx, g) {
			return errorf("DependencyViolation", "resource %s has a dependent object", g.ID)
		}
		s.groups.Delete(tx, networkKey(g.Account, g.Region, g.ID))
		out.GroupId = aws.String(g.ID)
		return nil
	})
}

func (s *Service) groupUsed(tx *store.Tx, g SecurityGroup) bool {
	for _, used := range s.groupUse {
		if used(tx, g.Account, g.Region, g.ID) {
			return true
		}
	}
	for _, other := range s.allGroups(tx, g.Account, g.Region) {
		for _, r := range other.Rules {
			if r.Group == g.ID && other.ID != g.ID {
				return true
			}
		}
	}
	return false
}

// DescribeSecurityGroups lists the caller's security groups in the Region.
func (s *Service) DescribeSecurityGroups(ctx context.Context, in *ec2.DescribeSecurityGroupsInput) (*ec2.DescribeSecurityGroupsOutput, error) {
	out := &ec2.DescribeSecurityGroupsOutput{SecurityGroups: []types.SecurityGroup{}}
	return out, s.view(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		match, err := filter(in.Filters, groupAttributes, func(g SecurityGroup) map[string]string { return g.Tags })
		if err != nil {
			return err
		}
		var ids []string
		for _, id := range in.GroupIds {
			g, err := s.meant(tx, c, &id, nil)
			if err != nil {
				return err
			}
			ids = append(ids, g.ID)
		}
		for _, name := range in.GroupNames {
			g, err := s.meant(tx, c, nil, &name)
			if err != nil {
				return err
			}
			ids = append(ids, g.ID)
		}
		p, err := paging(in.MaxResults, in.NextToken, len(ids), "securityGroupSet")
		if err != nil {
			return err
		}
		id := func(g SecurityGroup) string { return g.ID }
		rows, next, err := cut(p, chosen(s.allGroups(tx, c.Account, c.Region), ids, id, match), id)
		for _, g := range rows {
			out.SecurityGroups = append(out.SecurityGroups, g.wire())
		}
		out.NextToken = next
		return err
	})
}

func (g SecurityGroup) arn() string { return arn(g.Region, g.Account, "security-group", g.ID) }

func (g SecurityGroup) wire() types.SecurityGroup {
	return types.SecurityGroup{
		GroupId: aws.String(g.ID), GroupName: aws.String(g.Name), Description: aws.String(g.Description), OwnerId: aws.String(g.Account),
		VpcId: aws.String(g.VPC), SecurityGroupArn: aws.String(g.arn()), Tags: tagList(g.Tags),
		IpPermissions: grouped(g.Rules, false), IpPermissionsEgress: grouped(g.Rules, true),
	}
}

func (s *Service) retagGroup(tx *store.Tx, c wire.Caller, id string, change func(map[string]string) (map[string]string, error)) error {
	g, err := s.meant(tx, c, &id, nil)
	if err != nil {
		return err
	}
	if g.Tags, err = change(g.Tags); err == nil {
		s.putGroup(tx, g)
	}
	return err
}
