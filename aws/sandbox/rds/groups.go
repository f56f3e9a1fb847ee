package rds

import (
	"slices"
	"strings"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// groups is what parameter, option and subnet groups, events and tags keep.
type groups struct {
	subnetGroups    *store.Table[SubnetGroup]       // account/region/name
	parameterGroups *store.Table[ParameterGroup]    // account/region/name
	optionGroups    *store.Table[OptionGroup]       // account/region/name
	labels          *store.Table[map[string]string] // tags by ARN
	events          *store.Table[Event]             // account/region/moment
}

func (s *Service) newGroups(st *store.Store) {
	s.groups = groups{
		subnetGroups:    store.NewTable[SubnetGroup](st, "rds.subnet-groups"),
		parameterGroups: store.NewTable[ParameterGroup](st, "rds.parameter-groups"),
		optionGroups:    store.NewTable[OptionGroup](st, "rds.option-groups"),
		labels:          store.NewTable[map[string]string](st, "rds.tags"),
		events:          store.NewTable[Event](st, "rds.events"),
	}
	st.OnDue(dueParameters, s.parametersDue)
	st.OnDue(dueOptions, s.optionsDue)
}

func (s *Service) groupOps() []wire.Handler {
	return []wire.Handler{
		wire.Op(s.DescribeDBEngineVersions), wire.Op(s.DescribeOrderableDBInstanceOptions),
		wire.Op(s.CreateDBSubnetGroup), wire.Op(s.DescribeDBSubnetGroups), wire.Op(s.ModifyDBSubnetGroup), wire.Op(s.DeleteDBSubnetGroup),
		wire.Op(s.CreateDBParameterGroup), wire.Op(s.DescribeDBParameterGroups), wire.Op(s.DeleteDBParameterGroup),
		wire.Op(s.DescribeDBParameters), wire.Op(s.ModifyDBParameterGroup), wire.Op(s.ResetDBParameterGroup),
		wire.Op(s.CreateOptionGroup), wire.Op(s.DescribeOptionGroups), wire.Op(s.CopyOptionGroup), wire.Op(s.DeleteOptionGroup),
		wire.Op(s.DescribeOptionGroupOptions), wire.Op(s.ModifyOptionGroup),
		wire.Op(s.DescribeEvents),
		wire.Op(s.AddTagsToResource), wire.Op(s.RemoveTagsFromResource), wire.Op(s.ListTagsForResource),
	}
}

// members are the instances of which in says that they are in a group.
func (s *Service) members(tx *store.Tx, account, region string, in func(Instance) bool) (all []Instance) {
	s.instances.Scan(tx, row(account, region, ""), func(_ string, i Instance) bool {
		if in(i) {
			all = append(all, i)
		}
		return true
	})
	return all
}

// kindOfGroup are the groups of parameters, or those of options: those that are kept, and the default ones, which are always there.
type kindOfGroup[G interface{ key() string }] struct {
	rows    *store.Table[G]
	builtIn func(account, region, name string) (G, bool)
	of      func(Instance) string // the group that an instance is in
	none    func(name string) error
}

func (k kindOfGroup[G]) find(tx *store.Tx, account, region, name string) (G, bool) {
	name = strings.ToLower(name)
	if g, ok := k.builtIn(account, region, name); ok {
		return g, true
	}
	return k.rows.Get(tx, row(account, region, name))
}

// described are the group that is named, or the caller's own groups and the default ones that instances of its use, by name.
func (k kindOfGroup[G]) described(tx *store.Tx, c wire.Caller, name *string, instances *store.Table[Instance]) ([]G, error) {
	if name != nil {
		g, there := k.find(tx, c.Account, c.Region, *name)
		if !there {
			return nil, k.none(*name)
		}
		return []G{g}, nil
	}
	all := listed(tx, k.rows, c.Account, c.Region)
	for _, i := range listed(tx, instances, c.Account, c.Region) {
		if g, is := k.builtIn(c.Account, c.Region, k.of(i)); is {
			all = append(all, g)
		}
	}
	slices.SortFunc(all, func(a, b G) int { return strings.Compare(a.key(), b.key()) })
	return slices.CompactFunc(all, func(a, b G) bool { return a.key() == b.key() }), nil
}

// count is how many rows of an account in a Region a table has.
func count[T any](tx *store.Tx, t *store.Table[T], account, region string) (n int) {
	t.Scan(tx, row(account, region, ""), func(string, T) bool { n++; return true })
	return n
}

// listed are the rows of an account in a Region, in the order of their names.
func listed[T any](tx *store.Tx, t *store.Table[T], account, region string) (all []T) {
	t.Scan(tx, row(account, region, ""), func(_ string, v T) bool { all = append(all, v); return true })
	return all
}
