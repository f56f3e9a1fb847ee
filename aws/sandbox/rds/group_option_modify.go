package rds

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// States of an instance's membership in an option group, beside applying and in-sync (API reference, "OptionGroupMembership").
const (
	pendingApply       = "pending-apply"
	pendingMaintenance = "pending-maintenance-apply"
)

// dueOptions is when the next state of an instance's options begins: account/region/resource id of the instance.
const dueOptions = "rds.options.job"

// How long the states take; the durations are ours.
const (
	optionsWait = 30 * time.Second // pending-apply
	optionsTake = 90 * time.Second // applying
)

// joinOptions lets the options of the group that an instance has come to be in be applied: pending-apply, applying, in-sync. A group
// without options has nothing to apply. The caller keeps the instance.
func (s *Service) joinOptions(tx *store.Tx, i *Instance) {
	g, _ := s.ofOptions().find(tx, i.Account, i.Region, i.OptionGroup)
	if len(g.Options) == 0 {
		i.OptionStatus = inSync
		tx.Cancel(dueOptions, i.dueKey())
		return
	}
	i.OptionStatus = pendingApply
	tx.Due(tx.Now().Add(optionsWait), dueOptions, i.dueKey())
}

// optionsDue begins the next state of an instance's options. A role that RDS cannot assume fails them.
func (s *Service) optionsDue(tx *store.Tx, key string) error {
	account, region, resource := parts(key)
	i, ok := s.resource(tx, account, region, resource)
	if !ok {
		return nil
	}
	g, _ := s.ofOptions().find(tx, account, region, i.OptionGroup)
	switch i.OptionStatus {
	case pendingApply, pendingMaintenance:
		i.OptionStatus = applying
		tx.Due(tx.Now().Add(optionsTake), dueOptions, key)
	case applying:
		i.OptionStatus = inSync
		why := tx.Failure()
		if err := s.optionRoles(tx, g); err != nil && why == "" {
			why = err.Error()
		}
		if why != "" {
			i.OptionStatus = failed
			s.tell(tx, i, fmt.Sprintf("Unable to apply the option group %s: %s", g.Name, why), "failure")
		} else {
			s.tell(tx, i, fmt.Sprintf("Updated to use OptionGroup %s", g.Name), "configuration change")
		}
	default:
		return nil
	}
	s.instances.Put(tx, i.key(), i)
	return nil
}

// optionRoles says what is wrong with the roles that a group's options name.
func (s *Service) optionRoles(tx *store.Tx, g OptionGroup) error {
	for _, o := range g.Options {
		f, _ := featureOf(g.Engine, o.Name)
		if _, has := f.setting(roleSetting); !has {
			continue
		}
		if o.Settings[roleSetting] == "" {
			return fmt.Errorf("option %s has no %s", o.Name, roleSetting)
		}
		if err := s.o.Roles.Assumable(tx, g.Account, o.Settings[roleSetting], principal); err != nil {
			return fmt.Errorf("option %s: %w", o.Name, err)
		}
	}
	return nil
}

// optionSettings are the settings of an option of an instance. There are none where the instance's group does not have it; inSync is
// false while it is not there yet.
func (s *Service) optionSettings(tx *store.Tx, i Instance, name string) (settings map[string]string, synced bool) {
	g, _ := s.ofOptions().find(tx, i.Account, i.Region, i.OptionGroup)
	o, there := g.option(name)
	if !there {
		return nil, false
	}
	return maps.Clone(o.Settings), i.OptionStatus == inSync
}

// ModifyOptionGroup adds options to a group, changes their settings or takes options away. Instances in the group follow at once, or
// in their next maintenance window.
func (s *Service) ModifyOptionGroup(ctx context.Context, in *rds.ModifyOptionGroupInput) (*rds.ModifyOptionGroupOutput, error) {
	out := &rds.ModifyOptionGroupOutput{}
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		g, err := s.ownOptionGroup(tx, c, in.OptionGroupName, "modified")
		if err != nil {
			return err
		}
		if len(in.OptionsToInclude) == 0 && len(in.OptionsToRemove) == 0 {
			return invalid("At least one option must be added, modified, or removed.")
		}
		used := s.members(tx, c.Account, c.Region, g.has)
		g.Options = slices.Clone(g.Options)
		for _, name := range in.OptionsToRemove {
			if err := g.remove(name, used); err != nil {
				return err
			}
		}
		for _, o := range in.OptionsToInclude {
			if err := s.include(tx, &g, o); err != nil {
				return err
			}
		}
		if len(used) > 0 && g.persistent() {
			g.VPC = used[0].VPC
		}
		s.optionGroups.Put(tx, g.key(), g)
		for _, i := range used {
			s.followOptions(tx, i, g, aws.ToBool(in.ApplyImmediately))
		}
		shown := g.wire()
		out.OptionGroup = &shown
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// followOptions lets an instance's options be what its group's are now.
func (s *Service) followOptions(tx *store.Tx, i Instance, g OptionGroup, now bool) {
	switch {
	case i.OptionGroup != g.Name:
		return
	case now:
		s.joinOptions(tx, &i)
	default:
		i.OptionStatus = pendingMaintenance
		tx.Due(nextWeekly(i.Maintenance, tx.Now()), dueOptions, i.dueKey())
	}
	s.instances.Put(tx, i.key(), i)
}

// remove takes an option away, unless it is one that stays.
func (g *OptionGroup) remove(name string, used []Instance) error {
	at := slices.IndexFunc(g.Options, func(o Option) bool { return o.Name == name })
	f, _ := featureOf(g.Engine, name)
	switch {
	case at < 0:
		return invalid("The option group %s does not contain the option %s.", g.Name, name)
	case f.Permanent:
		return errorf("InvalidOptionGroupStateFault", "The option %s is permanent and cannot be removed from the option group %s.", name, g.Name)
	case f.Persistent && len(used) > 0:
		return errorf("InvalidOptionGroupStateFault", "The option %s is persistent and cannot be removed from the option group %s while DB instances are associated with it.", name, g.Name)
	}
	g.Options = slices.Delete(g.Options, at, at+1)
	return nil
}

// include adds an option, or changes the settings of one that is there.
func (s *Service) include(tx *store.Tx, g *OptionGroup, asked types.OptionConfiguration) error {
	f, ok := featureOf(g.Engine, aws.ToString(asked.OptionName))
	if !ok {
		return invalid("The option %s is not valid for the engine %s %s.", aws.ToString(asked.OptionName), g.Engine, g.Major)
	}
	o, _ := g.option(f.Name)
	settings := map[string]string{}
	maps.Copy(settings, o.Settings)
	for _, v := range asked.OptionSettings {
		if err := f.check(*g, aws.ToString(v.Name), aws.ToString(v.Value)); err != nil {
			return err
		}
		settings[*v.Name] = aws.ToString(v.Value)
	}
	for _, want := range f.Settings {
		if _, has := settings[want.Name]; !has && want.Required {
			return invalid("The option %s requires the setting %s.", f.Name, want.Name)
		} else if !has && want.Default != "" {
			settings[want.Name] = want.Default
		}
	}
	for _, id := range asked.VpcSecurityGroupMemberships {
		if _, there := s.o.Network.SecurityGroup(tx, g.Account, g.Region, id); !there {
			return invalid("Invalid security group , groupId= %s, groupName=.", id)
		}
	}
	o = Option{Name: f.Name, Version: aws.ToString(asked.OptionVersion), Port: f.Port, Settings: settings, SecurityGroups: asked.VpcSecurityGroupMemberships}
	if asked.Port != nil {
		o.Port = *asked.Port
	}
	g.Options = slices.DeleteFunc(g.Options, func(old Option) bool { return old.Name == f.Name })
	g.Options = append(g.Options, o)
	slices.SortFunc(g.Options, func(a, b Option) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// check says whether a setting can have a value. A role must be one of the account; whether RDS can assume it shows when the option
// is applied.
func (f feature) check(g OptionGroup, name, value string) error {
	want, ok := f.setting(name)
	switch {
	case !ok:
		return invalid("The setting %s is not valid for the option %s.", name, f.Name)
	case want.Allowed != "" && !within(value, want.Allowed):
		return invalid("The value %s of the setting %s is not valid. Allowed values: %s", value, name, want.Allowed)
	case name == roleSetting && !strings.HasPrefix(value, "arn:aws:iam::"+g.Account+":role/"):
		return invalid("The value %s of the setting %s is not the ARN of a role in this account.", value, name)
	}
	return nil
}
