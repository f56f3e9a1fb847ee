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

// ParameterGroup is the settings of an engine that differ from its own.
type ParameterGroup struct {
	Name, Account, Region string
	Family, Description   string
	Values                map[string]Value `json:",omitempty"` // by the parameter's name
}

// Value is what a parameter was set to, and when it counts: at once or after a reboot.
type Value struct {
	Text   string
	Method types.ApplyMethod
}

func (g ParameterGroup) key() string { return row(g.Account, g.Region, g.Name) }

// ARN names the group everywhere.
func (g ParameterGroup) ARN() string { return arn(g.Region, g.Account, "pg", g.Name) }

// maxParameterGroups is a quota (RDS User Guide, "Quotas and constraints for Amazon RDS").
const maxParameterGroups = 50

// States of an instance's parameters (RDS User Guide, "Parameter groups for DB instances").
const (
	inSync        = "in-sync"
	applying      = "applying"
	pendingReboot = "pending-reboot"
)

// dueParameters is when changed parameters have been applied: account/region/resource id of the instance.
const dueParameters = "rds.parameters.job"

// parametersTake is how long dynamic parameters take; the duration is ours.
const parametersTake = 30 * time.Second

const defaultPrefix = "default."

// families are those of the engines there are, each once, in order.
func families() (all []string) {
	for _, e := range engines() {
		all = append(all, e.Family)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// builtIn is the group that every family has: it holds the engine's own values and cannot be changed.
func builtIn(account, region, name string) (ParameterGroup, bool) {
	family, ok := strings.CutPrefix(name, defaultPrefix)
	if !ok || !slices.Contains(families(), family) {
		return ParameterGroup{}, false
	}
	return ParameterGroup{Name: name, Account: account, Region: region, Family: family, Description: "Default parameter group for " + family}, true
}

func (s *Service) ofParameters() kindOfGroup[ParameterGroup] {
	return kindOfGroup[ParameterGroup]{s.parameterGroups, builtIn, func(i Instance) string { return i.ParameterGroup }, noParameterGroup}
}

func noParameterGroup(name string) error {
	return errorf("DBParameterGroupNotFound", "DBParameterGroup not found: %s", name)
}

// parameterGroup is the group of that name for an instance of e; empty is the default one of e's family.
func (s *Service) parameterGroup(tx *store.Tx, account, region, name string, e engine) (ParameterGroup, error) {
	if name == "" {
		name = defaultPrefix + e.Family
	}
	g, there := s.ofParameters().find(tx, account, region, name)
	switch {
	case !there:
		return g, noParameterGroup(name)
	case g.Family != e.Family:
		return g, errorf("InvalidParameterCombination", "The Parameter Group %s with DBParameterGroupFamily %s cannot be used for this instance. Please use a Parameter Group with DBParameterGroupFamily %s", g.Name, g.Family, e.Family)
	}
	return g, nil
}

// ownParameterGroup is a group the caller can change: none of the default ones, whose names are no identifiers.
func (s *Service) ownParameterGroup(tx *store.Tx, c wire.Caller, name *string) (ParameterGroup, error) {
	id, err := identifier("DBParameterGroupName", name, 255)
	if err != nil {
		return ParameterGroup{}, err
	}
	g, there := s.parameterGroups.Get(tx, row(c.Account, c.Region, id))
	if !there {
		return g, noParameterGroup(aws.ToString(name))
	}
	return g, nil
}

// CreateDBParameterGroup makes a group in which nothing differs yet.
func (s *Service) CreateDBParameterGroup(ctx context.Context, in *rds.CreateDBParameterGroupInput) (*rds.CreateDBParameterGroupOutput, error) {
	out := &rds.CreateDBParameterGroupOutput{}
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		name, err := identifier("DBParameterGroupName", in.DBParameterGroupName, 255)
		if err != nil {
			return err
		}
		g := ParameterGroup{Name: name, Account: c.Account, Region: c.Region, Family: lower(in.DBParameterGroupFamily), Description: aws.ToString(in.Description)}
		if !slices.Contains(families(), g.Family) {
			return invalid("ParameterGroupFamily %s is not a valid parameter group family", aws.ToString(in.DBParameterGroupFamily))
		}
		if _, there := s.parameterGroups.Get(tx, g.key()); there {
			return errorf("DBParameterGroupAlreadyExists", "Parameter group %s already exists", name)
		}
		if count(tx, s.parameterGroups, c.Account, c.Region) >= maxParameterGroups {
			return errorf("DBParameterGroupQuotaExceeded", "Cannot create more than %d DB parameter groups.", maxParameterGroups)
		}
		if err := s.setTags(tx, g.ARN(), in.Tags); err != nil {
			return err
		}
		s.parameterGroups.Put(tx, g.key(), g)
		shown := g.wire()
		out.DBParameterGroup = &shown
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DescribeDBParameterGroups lists the groups, or shows the one that is named. The default ones are listed when an instance uses them.
func (s *Service) DescribeDBParameterGroups(ctx context.Context, in *rds.DescribeDBParameterGroupsInput) (*rds.DescribeDBParameterGroupsOutput, error) {
	if _, err := filter(in.Filters, attributes[ParameterGroup]{}); err != nil {
		return nil, err
	}
	out := &rds.DescribeDBParameterGroupsOutput{}
	return out, s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		all, err := s.ofParameters().described(tx, c, in.DBParameterGroupName, s.instances)
		if err != nil {
			return err
		}
		out.DBParameterGroups, out.Marker, err = pageOf(all, func(g ParameterGroup) string { return g.Name }, ParameterGroup.wire, in.MaxRecords, in.Marker)
		return err
	})
}

// DeleteDBParameterGroup deletes a group that no instance is in.
func (s *Service) DeleteDBParameterGroup(ctx context.Context, in *rds.DeleteDBParameterGroupInput) (*rds.DeleteDBParameterGroupOutput, error) {
	return &rds.DeleteDBParameterGroupOutput{}, s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		g, err := s.ownParameterGroup(tx, c, in.DBParameterGroupName)
		if err != nil {
			return err
		}
		if len(s.members(tx, c.Account, c.Region, g.has)) > 0 {
			return errorf("InvalidDBParameterGroupState", "One or more database instances are still members of this parameter group %s, so the group cannot be deleted", g.Name)
		}
		s.dropTags(tx, g.ARN())
		s.parameterGroups.Delete(tx, g.key())
		return nil
	})
}

// has says whether an instance is in the group.
func (g ParameterGroup) has(i Instance) bool {
	return i.ParameterGroup == g.Name || i.Pending != nil && aws.ToString(i.Pending.DBParameterGroupName) == g.Name
}

// parametersChanged tells the group's instances that parameters have other values: those that can be applied at once are, the others wait
// for a reboot.
func (s *Service) parametersChanged(tx *store.Tx, g ParameterGroup, atOnce, reboot bool) {
	for _, i := range s.members(tx, g.Account, g.Region, func(i Instance) bool { return i.ParameterGroup == g.Name }) {
		switch {
		case i.ParameterStatus == pendingReboot:
			continue
		case reboot:
			i.ParameterStatus = pendingReboot
		case atOnce:
			i.ParameterStatus = applying
			tx.Due(tx.Now().Add(parametersTake), dueParameters, i.dueKey())
		}
		s.instances.Put(tx, i.key(), i)
	}
	s.event(tx, g.Account, g.Region, types.SourceTypeDbParameterGroup, g.Name, "Updated parameters of the DB parameter group", "configuration change")
}

// parametersDue ends the application of dynamic parameters.
func (s *Service) parametersDue(tx *store.Tx, key string) error {
	account, region, resource := parts(key)
	i, ok := s.resource(tx, account, region, resource)
	if !ok || i.ParameterStatus != applying {
		return nil
	}
	i.ParameterStatus = inSync
	if tx.Failure() != "" {
		i.ParameterStatus = pendingReboot
	}
	s.instances.Put(tx, i.key(), i)
	return nil
}

func (g ParameterGroup) wire() types.DBParameterGroup {
	return types.DBParameterGroup{
		DBParameterGroupName: aws.String(g.Name), DBParameterGroupFamily: aws.String(g.Family), Description: aws.String(g.Description),
		DBParameterGroupArn: aws.String(g.ARN()),
	}
}
