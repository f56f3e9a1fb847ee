package engine

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"lifeboat/aws/calls"
	"lifeboat/runbooks/journal"
)

// ledger is what a run has created, folded from its events, and what a person allowed beyond that. From it the guard knows
// what may be deleted.
type ledger struct {
	made    map[string]bool // step or element -> something it made is there
	names   map[string]bool // identifiers of what the run made
	gone    map[string]bool // identifiers whose deletion was answered
	places  map[place]bool  // where the run changed anything
	allowed map[string]bool // identifiers that a person typed
	certain map[string]bool // what a person confirmed twice
}

// place is an identity in a Region.
type place struct{ as, region string }

func newLedger() *ledger {
	return &ledger{made: map[string]bool{}, names: map[string]bool{}, gone: map[string]bool{}, places: map[place]bool{}, allowed: map[string]bool{}, certain: map[string]bool{}}
}

// size is how many steps and elements made something that was not undone.
func (l *ledger) size() int { return len(l.made) }

func (l *ledger) apply(e journal.Event) {
	switch e.Kind {
	case journal.CallIntent:
		if e.Call.Effect != calls.Read.String() {
			l.places[place{e.Call.As, e.Call.Region}] = true
		}
		if e.Call.Effect == calls.Create.String() && e.Call.Role == "call" {
			l.made[elementOf(e.Call.ID)] = true // until the answer says otherwise
		}
	case journal.CallResult:
		l.result(*e.Call)
	}
}

func (l *ledger) result(c journal.Call) {
	id := elementOf(c.ID)
	switch c.Role {
	case "call", "find":
		if c.Effect == calls.Create.String() {
			if c.OK {
				l.made[id] = true
				l.record(c)
			} else if !c.Unsettled {
				delete(l.made, id)
			}
		} else if c.OK {
			l.rename(c.Params)
		}
	case "undo":
		if c.OK {
			delete(l.made, id)
		}
	}
	if c.OK && (c.Effect == calls.Delete.String() || c.Effect == calls.Irreversible.String()) {
		for _, s := range identifiers(c.Op, c.Params) {
			l.gone[s] = true
		}
	}
}

// rename notes the new name of what the run made: ModifyDBInstance with NewDBInstanceIdentifier beside DBInstanceIdentifier.
func (l *ledger) rename(params map[string]any) {
	for key, v := range params {
		old, _ := params[strings.TrimPrefix(key, "New")].(string)
		if name, _ := v.(string); strings.HasPrefix(key, "New") && name != "" && l.names[old] {
			l.names[name] = true
		}
	}
}

func elementOf(call string) string {
	id, _, _ := strings.Cut(call, "/")
	return id
}

// record notes the identifiers of what a call made: those of its answer that were not given to it, and the names it was
// told to give. What it was given otherwise is what it made the thing from, which is somebody's, not the run's.
func (l *ledger) record(c journal.Call) {
	given := map[string]bool{}
	for _, s := range identifiers(c.Op, c.Params) {
		given[s] = true
	}
	for _, s := range identifiers(c.Op, c.Output) {
		if !given[s] {
			l.names[s] = true
		}
	}
	for key, v := range c.Params {
		s, ok := v.(string)
		if ok && names(c.Op, key) {
			l.names[s] = true
		}
	}
}

// names reports whether a parameter of a creating operation is the name of what it creates: Name itself, or what begins like the
// thing that the operation makes (RoleName of CreateRole, TargetDBSnapshotIdentifier of CopyDBSnapshot).
func names(op, key string) bool {
	thing := subject(op)
	key = strings.TrimPrefix(key, "Target")
	return key == "Name" || thing != "" && strings.HasPrefix(key, thing)
}

// subject is what an operation is about, from its name: DBInstance of rds.RestoreDBInstanceFromDBSnapshot.
func subject(op string) string {
	_, name, _ := strings.Cut(op, ".")
	thing := strings.TrimLeftFunc(name, func(r rune) bool { return r >= 'A' && r <= 'Z' })
	if i := strings.IndexFunc(thing, func(r rune) bool { return r >= 'A' && r <= 'Z' }); i >= 0 {
		thing = thing[i:]
	}
	thing, _, _ = strings.Cut(thing, "From")
	thing, _, _ = strings.Cut(thing, "ToPointInTime")
	return thing
}

// identifiers gives the values that name things in what an operation was told or has answered: those of members that end in Id, Arn,
// Name and the like. Members that name the surroundings of a thing (its network, image, key, owner) are left out, unless
// the operation is about them: the GroupId of CreateSecurityGroup is what it makes, that of an instance is not.
func identifiers(op string, tree map[string]any) []string {
	thing := subject(op)
	var out []string
	var walk func(key string, v any)
	walk = func(key string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				walk(k, e)
			}
		case []any:
			for _, e := range v {
				walk(key, e)
			}
		case string:
			if v != "" && identifies(thing, key) {
				out = append(out, v)
			}
		}
	}
	for k, v := range tree {
		walk(k, v)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var surroundings = []string{"OwnerId", "VpcId", "SubnetId", "ImageId", "KmsKeyId", "KmsKeyArn", "AccountId", "AWSAccountId", "AvailabilityZoneId", "CustomKeyStoreId", "ReservationId", "RoleArn", "ExecutionRoleArn", "IamRoleArn", "PolicyArn", "TopicArn", "RequestId", "KeyName", "GroupId", "GroupName", "ClientRequestToken", "OutpostArn", "RegionName", "ZoneName",
	"DBSubnetGroupName", "DBParameterGroupName", "DBClusterParameterGroupName", "OptionGroupName", "VpcSecurityGroupId", "VpcSecurityGroupIds",
	"SubnetIdentifier", "SubnetIds", "SourceDBInstanceIdentifier", "SourceDBSnapshotIdentifier", "SourceDbiResourceId", "CACertificateIdentifier"}

func identifies(thing, key string) bool {
	for _, end := range []string{"Id", "Ids", "Arn", "Arns", "ARN", "Name", "Names", "Identifier", "Identifiers", "Resources", "Bucket", "KeyId"} {
		if kind, ok := strings.CutSuffix(key, end); ok {
			return !slices.Contains(surroundings, key) || kind != "" && strings.HasSuffix(thing, kind)
		}
	}
	return false
}

// owns reports whether a request is about what the run made, or what a person allowed by name.
func (l *ledger) owns(r calls.Request) bool {
	for _, s := range identifiers(r.Op, r.Params) {
		if l.holds(s) {
			return true
		}
	}
	return false
}

// holds reports whether the run made what has this name, or a person allowed it.
func (l *ledger) holds(name string) bool { return l.names[name] || l.allowed[name] }

// twice reports whether a person confirmed twice that this very request may go through.
func (l *ledger) twice(r calls.Request) bool { return l.certain[key(r.Params)] }

func (l *ledger) allow(op string, params map[string]any) {
	for _, s := range identifiers(op, params) {
		l.allowed[s] = true
	}
}

func (l *ledger) allowTwice(params map[string]any) { l.certain[key(params)] = true }

// adopt takes what an undo's list gave: what the run's own things have made, such as the snapshots of its policy.
func (l *ledger) adopt(element any) {
	switch v := element.(type) {
	case string:
		l.names[v] = true
	case []any: // a batch
		for _, e := range v {
			l.adopt(e)
		}
	case map[string]any:
		for _, s := range identifiers("", v) {
			l.names[s] = true
		}
	}
}

func key(params map[string]any) string {
	raw, err := json.Marshal(params)
	if err != nil {
		return "" // never confirmed
	}
	return string(raw)
}

// named is the name to type for what a call takes away: the bucket, not one of the versions in it.
func named(op string, params map[string]any) string {
	for _, key := range slices.Sorted(maps.Keys(params)) {
		if s, _ := params[key].(string); s != "" && identifies(subject(op), key) {
			return s
		}
	}
	if ids := identifiers(op, params); len(ids) > 0 {
		return ids[0]
	}
	return "yes"
}
