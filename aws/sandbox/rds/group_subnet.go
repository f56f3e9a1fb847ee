package rds

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// SubnetGroup is the subnets of a VPC that instances can be put into.
type SubnetGroup struct {
	Name, Account, Region string
	Description           string
	VPC                   string
	Subnets               []Subnet
}

// Subnet is a subnet of a group, with the zone it is in.
type Subnet struct{ ID, Zone string }

func (g SubnetGroup) key() string { return row(g.Account, g.Region, g.Name) }

// ARN names the group everywhere.
func (g SubnetGroup) ARN() string { return arn(g.Region, g.Account, "subgrp", g.Name) }

// zones are those the group has a subnet in, in order.
func (g SubnetGroup) zones() (zones []string) {
	for _, n := range g.Subnets {
		zones = append(zones, n.Zone)
	}
	slices.Sort(zones)
	return slices.Compact(zones)
}

// Quotas (RDS User Guide, "Quotas and constraints for Amazon RDS").
const (
	maxSubnetGroups = 50
	maxSubnets      = 20
)

// defaultGroup is the subnet group of who names none: every subnet of the default VPC. RDS makes it when it is first needed.
const defaultGroup = "default"

// subnetGroup is the group of that name; empty is the default one, which is made when it is not there yet and this is an Update.
func (s *Service) subnetGroup(tx *store.Tx, account, region, name string) (SubnetGroup, error) {
	name = strings.ToLower(name)
	if name == "" {
		name = defaultGroup
	}
	g, there := s.subnetGroups.Get(tx, row(account, region, name))
	switch {
	case there:
		return g, nil
	case name != defaultGroup:
		return g, errorf("DBSubnetGroupNotFoundFault", "DB subnet group '%s' does not exist.", name)
	}
	vpc := s.o.Network.DefaultVPC(account, region)
	g = SubnetGroup{Name: name, Account: account, Region: region, Description: defaultGroup}
	if err := s.cover(tx, &g, s.o.Network.SubnetsOf(tx, account, region, vpc)); err != nil {
		return g, err
	}
	if !tx.ReadOnly() {
		s.subnetGroups.Put(tx, g.key(), g)
	}
	return g, nil
}

// cover gives a group its subnets: of one VPC, in at least two zones.
func (s *Service) cover(tx *store.Tx, g *SubnetGroup, ids []string) error {
	vpcs := map[string]bool{}
	var wrong []string
	g.Subnets = nil
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		vpc, zone, there := s.o.Network.Subnet(tx, g.Account, g.Region, id)
		if !there {
			wrong = append(wrong, id)
			continue
		}
		vpcs[vpc], g.VPC = true, vpc
		g.Subnets = append(g.Subnets, Subnet{ID: id, Zone: zone})
	}
	zones := g.zones()
	switch {
	case len(wrong) > 0:
		return invalid("Some input subnets in :[%s] are invalid.", strings.Join(wrong, ", "))
	case len(ids) > maxSubnets:
		return errorf("DBSubnetQuotaExceededFault", "Cannot have more than %d subnets in a DB subnet group.", maxSubnets)
	case len(vpcs) > 1:
		return errorf("InvalidSubnet", "The requested subnets are not all in a common VPC: %s", strings.Join(ids, ", "))
	case len(zones) < 2:
		return errorf("DBSubnetGroupDoesNotCoverEnoughAZs", "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: %s. Add subnets to cover at least 2 AZs.", strings.Join(zones, ", "))
	}
	return nil
}

// subnetGroupName checks the name of a new group: letters, digits, spaces, dots, hyphens and underscores.
func subnetGroupName(name *string) (string, error) {
	text := lower(name)
	switch {
	case text == "":
		return "", invalid("The parameter DBSubnetGroupName must be provided and must not be blank.")
	case text == defaultGroup:
		return "", invalid("The parameter DBSubnetGroupName must not be default.")
	case len(text) > 255 || strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789 ._-") != "":
		return "", invalid("The parameter DBSubnetGroupName is not a valid identifier. It must contain from 1 to 255 alphanumeric characters, hyphens, underscores, periods, and spaces.")
	}
	return text, nil
}

// CreateDBSubnetGroup makes a group of subnets of one VPC.
func (s *Service) CreateDBSubnetGroup(ctx context.Context, in *rds.CreateDBSubnetGroupInput) (*rds.CreateDBSubnetGroupOutput, error) {
	out := &rds.CreateDBSubnetGroupOutput{}
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		name, err := subnetGroupName(in.DBSubnetGroupName)
		if err != nil {
			return err
		}
		g := SubnetGroup{Name: name, Account: c.Account, Region: c.Region, Description: aws.ToString(in.DBSubnetGroupDescription)}
		if _, there := s.subnetGroups.Get(tx, g.key()); there {
			return errorf("DBSubnetGroupAlreadyExists", "The DB subnet group '%s' already exists.", name)
		}
		if count(tx, s.subnetGroups, c.Account, c.Region) >= maxSubnetGroups {
			return errorf("DBSubnetGroupQuotaExceeded", "Cannot create more than %d DB subnet groups.", maxSubnetGroups)
		}
		if err := s.cover(tx, &g, in.SubnetIds); err != nil {
			return err
		}
		if err := s.setTags(tx, g.ARN(), in.Tags); err != nil {
			return err
		}
		s.subnetGroups.Put(tx, g.key(), g)
		shown := g.wire()
		out.DBSubnetGroup = &shown
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DescribeDBSubnetGroups lists the groups, or shows the one that is named.
func (s *Service) DescribeDBSubnetGroups(ctx context.Context, in *rds.DescribeDBSubnetGroupsInput) (*rds.DescribeDBSubnetGroupsOutput, error) {
	if _, err := filter(in.Filters, attributes[SubnetGroup]{}); err != nil {
		return nil, err
	}
	out := &rds.DescribeDBSubnetGroupsOutput{}
	return out, s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		all := listed(tx, s.subnetGroups, c.Account, c.Region)
		if in.DBSubnetGroupName != nil {
			g, err := s.subnetGroup(tx, c.Account, c.Region, *in.DBSubnetGroupName)
			if err != nil {
				return err
			}
			all = []SubnetGroup{g}
		}
		var err error
		out.DBSubnetGroups, out.Marker, err = pageOf(all, func(g SubnetGroup) string { return g.Name }, SubnetGroup.wire, in.MaxRecords, in.Marker)
		return err
	})
}

// ModifyDBSubnetGroup gives a group other subnets. A subnet that an instance is in cannot be taken away.
func (s *Service) ModifyDBSubnetGroup(ctx context.Context, in *rds.ModifyDBSubnetGroupInput) (*rds.ModifyDBSubnetGroupOutput, error) {
	out := &rds.ModifyDBSubnetGroupOutput{}
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		g, err := s.subnetGroup(tx, c.Account, c.Region, aws.ToString(in.DBSubnetGroupName))
		if err != nil {
			return err
		}
		old := g
		if err := s.cover(tx, &g, in.SubnetIds); err != nil {
			return err
		}
		used := s.members(tx, c.Account, c.Region, func(i Instance) bool { return i.SubnetGroup == g.Name })
		if g.VPC != old.VPC && len(used) > 0 {
			return errorf("InvalidSubnet", "The new subnets are not in the same VPC as the existing subnet group")
		}
		for _, i := range used {
			if !slices.Contains(g.zones(), i.Zone) {
				return errorf("SubnetAlreadyInUse", "Some of the subnets to be deleted are currently in use: %s in %s", i.ID, i.Zone)
			}
		}
		if in.DBSubnetGroupDescription != nil {
			g.Description = *in.DBSubnetGroupDescription
		}
		s.subnetGroups.Put(tx, g.key(), g)
		shown := g.wire()
		out.DBSubnetGroup = &shown
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteDBSubnetGroup deletes a group that no instance and no cluster is in.
func (s *Service) DeleteDBSubnetGroup(ctx context.Context, in *rds.DeleteDBSubnetGroupInput) (*rds.DeleteDBSubnetGroupOutput, error) {
	return &rds.DeleteDBSubnetGroupOutput{}, s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		g, there := s.subnetGroups.Get(tx, row(c.Account, c.Region, lower(in.DBSubnetGroupName)))
		if !there {
			return errorf("DBSubnetGroupNotFoundFault", "DB subnet group '%s' does not exist.", aws.ToString(in.DBSubnetGroupName))
		}
		user := ""
		for _, i := range s.members(tx, c.Account, c.Region, func(i Instance) bool { return i.SubnetGroup == g.Name }) {
			user = "instance: " + i.ID
		}
		for _, cluster := range listed(tx, s.clusterRows, c.Account, c.Region) {
			if cluster.Common.SubnetGroup == g.Name {
				user = "cluster: " + cluster.ID
			}
		}
		if user != "" {
			return errorf("InvalidDBSubnetGroupStateFault", "Cannot delete the subnet group '%s' because at least one database %s is still using it.", g.Name, user)
		}
		s.dropTags(tx, g.ARN())
		s.subnetGroups.Delete(tx, g.key())
		return nil
	})
}

func (g SubnetGroup) wire() types.DBSubnetGroup {
	out := types.DBSubnetGroup{
		DBSubnetGroupName: aws.String(g.Name), DBSubnetGroupDescription: aws.String(g.Description), DBSubnetGroupArn: aws.String(g.ARN()),
		VpcId: aws.String(g.VPC), SubnetGroupStatus: aws.String("Complete"), SupportedNetworkTypes: []string{"IPV4"},
	}
	for _, n := range g.Subnets {
		out.Subnets = append(out.Subnets, types.Subnet{
			SubnetIdentifier: aws.String(n.ID), SubnetAvailabilityZone: &types.AvailabilityZone{Name: aws.String(n.Zone)},
			SubnetOutpost: &types.Outpost{}, SubnetStatus: aws.String("Active"),
		})
	}
	return out
}
