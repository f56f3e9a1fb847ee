package rds

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// OptionGroup is the additional features of the instances in it.
type OptionGroup struct {
	Name, Account, Region string
	Engine, Major         string
	Description           string
	VPC                   string   `json:",omitempty"` // the only one its instances can be in, once it has a persistent option
	Options               []Option `json:",omitempty"`
	Source, SourceAccount string   `json:",omitempty"` // of a copy
	Copied                time.Time
}

// Option is a feature with its settings.
type Option struct {
	Name           string
	Version        string            `json:",omitempty"`
	Port           int32             `json:",omitempty"`
	Settings       map[string]string `json:",omitempty"`
	SecurityGroups []string          `json:",omitempty"`
}

func (g OptionGroup) key() string { return row(g.Account, g.Region, g.Name) }

// ARN names the group everywhere.
func (g OptionGroup) ARN() string { return arn(g.Region, g.Account, "og", g.Name) }

func (g OptionGroup) option(name string) (Option, bool) {
	for _, o := range g.Options {
		if o.Name == name {
			return o, true
		}
	}
	return Option{}, false
}

// maxOptionGroups is a quota (RDS User Guide, "Quotas and constraints for Amazon RDS").
const maxOptionGroups = 20

// builtInOptions is the group that every major version of an engine has: it is empty and cannot be changed.
func builtInOptions(account, region, name string) (OptionGroup, bool) {
	for _, e := range engines() {
		if e.defaultOptionGroup() == name {
			return OptionGroup{Name: name, Account: account, Region: region, Engine: e.Name, Major: e.Major, Description: "Default option group for " + e.Name + " " + e.Major}, true
		}
	}
	return OptionGroup{}, false
}

func (s *Service) ofOptions() kindOfGroup[OptionGroup] {
	return kindOfGroup[OptionGroup]{s.optionGroups, builtInOptions, func(i Instance) string { return i.OptionGroup }, noOptionGroup}
}

func noOptionGroup(name string) error {
	return errorf("OptionGroupNotFoundFault", "Specified OptionGroupName: %s not found.", name)
}

// optionGroup is the group of that name for an instance of e in a VPC; empty is the default one. A group with a persistent option
// belongs to the VPC of its first instance (RDS User Guide, "Working with option groups").
func (s *Service) optionGroup(tx *store.Tx, account, region, name string, e engine, vpc string) (OptionGroup, error) {
	if name == "" {
		name = e.defaultOptionGroup()
	}
	g, there := s.ofOptions().find(tx, account, region, name)
	switch {
	case !there:
		return g, noOptionGroup(name)
	case g.Engine != e.Name || g.Major != e.Major:
		return g, errorf("InvalidParameterCombination", "The option group %s is associated with the engine %s %s and cannot be used with the engine %s %s.", g.Name, g.Engine, g.Major, e.Name, e.Major)
	case g.VPC != "" && vpc != "" && g.VPC != vpc:
		return g, errorf("InvalidVPCNetworkStateFault", "The option group %s is in VPC %s, and the DB instance is in VPC %s. Use an option group of the same VPC.", g.Name, g.VPC, vpc)
	}
	if g.VPC == "" && vpc != "" && g.persistent() && !tx.ReadOnly() {
		g.VPC = vpc
		s.optionGroups.Put(tx, g.key(), g)
	}
	return g, nil
}

// ownOptionGroup is a group the caller can change: none of the default ones.
func (s *Service) ownOptionGroup(tx *store.Tx, c wire.Caller, name *string, what string) (OptionGroup, error) {
	if _, is := builtInOptions(c.Account, c.Region, lower(name)); is {
		return OptionGroup{}, invalid("The option group '%s' is a default option group and cannot be %s.", lower(name), what)
	}
	g, there := s.optionGroups.Get(tx, row(c.Account, c.Region, lower(name)))
	if !there {
		return g, noOptionGroup(aws.ToString(name))
	}
	return g, nil
}

// newOptionGroup keeps a group under a name that is free.
func (s *Service) newOptionGroup(tx *store.Tx, g OptionGroup, tags []types.Tag) (*types.OptionGroup, error) {
	if _, there := s.ofOptions().find(tx, g.Account, g.Region, g.Name); there {
		return nil, errorf("OptionGroupAlreadyExistsFault", "An option group named %s already exists.", g.Name)
	}
	if count(tx, s.optionGroups, g.Account, g.Region) >= maxOptionGroups {
		return nil, errorf("OptionGroupQuotaExceededFault", "Cannot create more than %d option groups.", maxOptionGroups)
	}
	if err := s.setTags(tx, g.ARN(), tags); err != nil {
		return nil, err
	}
	s.optionGroups.Put(tx, g.key(), g)
	shown := g.wire()
	return &shown, nil
}

// CreateOptionGroup makes a group without options.
func (s *Service) CreateOptionGroup(ctx context.Context, in *rds.CreateOptionGroupInput) (*rds.CreateOptionGroupOutput, error) {
	out := &rds.CreateOptionGroupOutput{}
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		name, err := identifier("OptionGroupName", in.OptionGroupName, 255)
		if err != nil {
			return err
		}
		p, err := findProduct(aws.ToString(in.EngineName))
		if err != nil {
			return err
		}
		major := aws.ToString(in.MajorEngineVersion)
		if !slices.ContainsFunc(p.versions, func(v string) bool { return majorOf(v) == major }) {
			return errorf("InvalidParameterCombination", "Cannot find major version %s for %s", major, p.Name)
		}
		if aws.ToString(in.OptionGroupDescription) == "" {
			return invalid("The parameter OptionGroupDescription must be provided and must not be blank.")
		}
		out.OptionGroup, err = s.newOptionGroup(tx, OptionGroup{
			Name: name, Account: c.Account, Region: c.Region, Engine: p.Name, Major: major, Description: *in.OptionGroupDescription,
		}, in.Tags)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// CopyOptionGroup copies a group with its options, within the account and Region.
func (s *Service) CopyOptionGroup(ctx context.Context, in *rds.CopyOptionGroupInput) (*rds.CopyOptionGroupOutput, error) {
	out := &rds.CopyOptionGroupOutput{}
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		source := aws.ToString(in.SourceOptionGroupIdentifier)
		if account, region, name, ok := parseARN(source, "og"); ok && account == c.Account && region == c.Region {
			source = name
		}
		g, err := s.ownOptionGroup(tx, c, &source, "copied")
		if err != nil {
			return err
		}
		g.Source, g.SourceAccount, g.Copied, g.VPC = g.ARN(), c.Account, tx.Now(), ""
		if g.Name, err = identifier("TargetOptionGroupIdentifier", in.TargetOptionGroupIdentifier, 255); err != nil {
			return err
		}
		g.Description = aws.ToString(in.TargetOptionGroupDescription)
		out.OptionGroup, err = s.newOptionGroup(tx, g, in.Tags)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DescribeOptionGroups lists the groups: all, those of an engine and a major version, or the one that is named. The default ones
// are listed when an instance uses them.
func (s *Service) DescribeOptionGroups(ctx context.Context, in *rds.DescribeOptionGroupsInput) (*rds.DescribeOptionGroupsOutput, error) {
	if _, err := filter(in.Filters, attributes[OptionGroup]{}); err != nil {
		return nil, err
	}
	if in.OptionGroupName != nil && (in.EngineName != nil || in.MajorEngineVersion != nil) {
		return nil, errorf("InvalidParameterCombination", "OptionGroupName cannot be supplied together with EngineName or MajorEngineVersion.")
	}
	out := &rds.DescribeOptionGroupsOutput{}
	return out, s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		all, err := s.ofOptions().described(tx, c, in.OptionGroupName, s.instances)
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(g OptionGroup) bool {
			return in.EngineName != nil && lower(in.EngineName) != g.Engine || in.MajorEngineVersion != nil && *in.MajorEngineVersion != g.Major
		})
		out.OptionGroupsList, out.Marker, err = pageOf(all, func(g OptionGroup) string { return g.Name }, OptionGroup.wire, in.MaxRecords, in.Marker)
		return err
	})
}

// DeleteOptionGroup deletes a group that no instance, no snapshot and no retained backup refers to (RDS User Guide, "Deleting an
// option group").
func (s *Service) DeleteOptionGroup(ctx context.Context, in *rds.DeleteOptionGroupInput) (*rds.DeleteOptionGroupOutput, error) {
	return &rds.DeleteOptionGroupOutput{}, s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		g, err := s.ownOptionGroup(tx, c, in.OptionGroupName, "deleted")
		if err != nil {
			return err
		}
		used := len(s.members(tx, c.Account, c.Region, g.has)) > 0
		s.snapshots.Scan(tx, row(c.Account, c.Region, ""), func(_ string, snap Snapshot) bool {
			used = used || snap.Of.OptionGroup == g.Name
			return !used
		})
		for _, b := range listed(tx, s.backups, c.Account, c.Region) {
			used = used || b.Of.OptionGroup == g.Name && b.Of.Region == c.Region
		}
		if used {
			return errorf("InvalidOptionGroupStateFault", "The option group '%s' cannot be deleted because it is in use.", g.Name)
		}
		s.dropTags(tx, g.ARN())
		s.optionGroups.Delete(tx, g.key())
		return nil
	})
}

// has says whether an instance is in the group, or will be.
func (g OptionGroup) has(i Instance) bool {
	return i.OptionGroup == g.Name || i.Pending != nil && strings.EqualFold(aws.ToString(i.Pending.OptionGroupName), g.Name)
}

func (g OptionGroup) wire() types.OptionGroup {
	out := types.OptionGroup{
		OptionGroupName: aws.String(g.Name), OptionGroupArn: aws.String(g.ARN()), OptionGroupDescription: aws.String(g.Description),
		EngineName: aws.String(g.Engine), MajorEngineVersion: aws.String(g.Major), VpcId: optional(g.VPC),
		AllowsVpcAndNonVpcInstanceMemberships: aws.Bool(g.VPC == ""), Options: []types.Option{},
		SourceOptionGroup: optional(g.Source), SourceAccountId: optional(g.SourceAccount),
	}
	if !g.Copied.IsZero() {
		out.CopyTimestamp = aws.Time(g.Copied)
	}
	for _, o := range g.Options {
		out.Options = append(out.Options, o.wire(g))
	}
	return out
}
