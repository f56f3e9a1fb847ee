package dlm

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dlm/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"lifeboat/aws/sandbox/ec2"
	"lifeboat/aws/sandbox/store"
)

// The tags Data Lifecycle Manager puts on what it makes.
const (
	tagPolicy   = "aws:dlm:lifecycle-policy-id"
	tagSchedule = "aws:dlm:lifecycle-schedule-name"
	tagExpires  = "aws:dlm:expirationTime"
	tagManaged  = "dlm:managed"
)

const (
	dueRun  = "dlm.run"  // account/region/policy-
	dueCopy = "dlm.copy" // account/region/policy-/schedule/rule/snap-
)

// runDue is a run of a policy: snapshots of every volume that carries a target tag, then retention, then the next run.
func (s *Service) runDue(tx *store.Tx, key string) error {
	p, ok := s.policies.Get(tx, key)
	if !ok || p.State == types.GettablePolicyStateValuesDisabled {
		return nil
	}
	now := p.Next
	problem := tx.Failure()
	if err := s.roles.Assumable(tx, p.Account, p.Role, principal); err != nil {
		problem = err.Error()
	} else if !s.permitted(tx, p, p.Region, "ec2:CreateSnapshot", "ec2:CreateTags", "ec2:DeleteSnapshot") || !s.permittedOf(tx, p, s.targeted(tx, p)) {
		problem = notPermitted
	}
	p.State, p.Status = types.GettablePolicyStateValuesEnabled, ""
	if problem != "" {
		p.State, p.Status = types.GettablePolicyStateValuesError, problem
	} else if err := s.snapshot(tx, p, now); err != nil {
		return err
	}
	next, err := p.after(now)
	if err != nil {
		return err
	}
	p.Next = next
	s.policies.Put(tx, key, p)
	if !next.IsZero() {
		tx.Due(next.Add(p.Late), dueRun, key)
	}
	return nil
}

// notPermitted is the cause that Data Lifecycle Manager gives (EBS User Guide, "Monitor Data Lifecycle Manager policies using
// EventBridge").
const notPermitted = "Role provided does not have sufficient permissions"

// permitted says whether the policy's role may do all of these to the snapshots of a Region.
func (s *Service) permitted(tx *store.Tx, p Policy, region string, actions ...string) bool {
	return !slices.ContainsFunc(actions, func(action string) bool {
		return !s.roles.Permits(tx, p.Role, action, "arn:aws:ec2:"+region+"::snapshot/*")
	})
}

// permittedOf says whether the policy's role may take snapshots of these volumes: ec2:CreateSnapshot needs both, the snapshot
// and what it is of (Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2").
func (s *Service) permittedOf(tx *store.Tx, p Policy, volumes []ec2.Volume) bool {
	return !slices.ContainsFunc(volumes, func(v ec2.Volume) bool {
		return !s.roles.Permits(tx, p.Role, "ec2:CreateSnapshot", fmt.Sprintf("arn:aws:ec2:%s:%s:volume/%s", v.Region, v.Account, v.ID))
	})
}

// targeted are the volumes that carry one of the policy's target tags.
func (s *Service) targeted(tx *store.Tx, p Policy) []ec2.Volume {
	return s.ec2.Volumes(tx, p.Account, p.Region, func(v ec2.Volume) bool { return targets(p.Details.TargetTags, v.Tags) })
}

// snapshot takes the snapshots of the schedules whose time this is. Schedules of one policy that fall together make one snapshot,
// with the tags of all and the retention of the one that keeps longest.
func (s *Service) snapshot(tx *store.Tx, p Policy, at time.Time) error {
	var fired []types.Schedule
	kept := 0 // the index of the schedule that keeps longest
	for i, schedule := range p.Details.Schedules {
		if next, err := after(schedule, at.Add(-time.Minute)); err == nil && next.Equal(at) {
			if len(fired) == 0 || span(schedule) > span(p.Details.Schedules[kept]) {
				kept = i
			}
			fired = append(fired, schedule)
		}
	}
	if len(fired) == 0 || p.Details.ResourceTypes[0] != types.ResourceTypeValuesVolume {
		return nil
	}
	keeper := p.Details.Schedules[kept]
	for _, v := range s.targeted(tx, p) {
		snap, err := s.ec2.TakeSnapshot(tx, p.Account, p.Region, v.ID, "Created for policy: "+p.ID+" schedule: "+*keeper.Name, p.tags(v, fired, keeper, tx.Now()), true)
		if err != nil {
			continue // this volume cannot be snapshotted now; the others are, and the next run tries again
		}
		for i := range keeper.CrossRegionCopyRules {
			tx.Due(snap.Done.Add(time.Second), dueCopy, fmt.Sprintf("%s/%d/%d/%s", p.key(), kept, i, snap.ID))
		}
	}
	s.retain(tx, p)
	return nil
}

func targets(wanted []types.Tag, have map[string]string) bool {
	return slices.ContainsFunc(wanted, func(t types.Tag) bool {
		v, ok := have[aws.ToString(t.Key)]
		return ok && v == aws.ToString(t.Value)
	})
}

func (p Policy) tags(v ec2.Volume, fired []types.Schedule, keeper types.Schedule, now time.Time) map[string]string {
	tags := map[string]string{}
	for _, schedule := range fired {
		if aws.ToBool(schedule.CopyTags) || aws.ToBool(p.Details.CopyTags) {
			for k, value := range v.Tags {
				if !strings.HasPrefix(k, "aws:") {
					tags[k] = value
				}
			}
		}
	}
	for _, schedule := range fired {
		for _, t := range schedule.TagsToAdd {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
		for _, t := range schedule.VariableTags {
			tags[aws.ToString(t.Key)] = strings.ReplaceAll(aws.ToString(t.Value), "$(timestamp)", now.Format(time.RFC3339))
		}
	}
	tags[tagPolicy], tags[tagSchedule], tags[tagManaged] = p.ID, *keeper.Name, "true"
	if r := keeper.RetainRule; r.Interval != nil {
		tags[tagExpires] = add(now, *r.Interval, r.IntervalUnit).Format(time.RFC3339)
	}
	return tags
}

// retain deletes what the schedules keep no longer: of each volume all but the newest Count, or all older than Interval.
func (s *Service) retain(tx *store.Tx, p Policy) {
	for _, schedule := range p.Details.Schedules {
		mine := s.made(tx, p, p.Region, *schedule.Name)
		byVolume := map[string][]ec2.Snapshot{}
		for _, snap := range mine {
			byVolume[snap.Volume] = append(byVolume[snap.Volume], snap)
		}
		for _, volume := range slices.Sorted(maps.Keys(byVolume)) {
			for i, snap := range byVolume[volume] { // newest first
				r := schedule.RetainRule
				if r.Count != nil && i >= int(*r.Count) || r.Count == nil && !add(snap.Started, *r.Interval, r.IntervalUnit).After(tx.Now()) {
					s.remove(tx, snap)
				}
			}
		}
		for _, rule := range schedule.CrossRegionCopyRules {
			for _, snap := range s.made(tx, p, target(rule), *schedule.Name) {
				if r := rule.RetainRule; snap.Copy && r != nil && r.Interval != nil && !add(snap.Started, *r.Interval, r.IntervalUnit).After(tx.Now()) {
					s.remove(tx, snap)
				}
			}
		}
	}
}

// remove deletes a snapshot; one that is locked stays until a later run.
func (s *Service) remove(tx *store.Tx, snap ec2.Snapshot) {
	_ = s.ec2.RemoveSnapshot(tx, snap.Owner, snap.Region, snap.ID)
}

// made are the snapshots of a schedule in a Region that did not fail, the newest first.
func (s *Service) made(tx *store.Tx, p Policy, region, schedule string) []ec2.Snapshot {
	made := s.ec2.Snapshots(tx, region, func(snap ec2.Snapshot) bool {
		return snap.Owner == p.Account && snap.Tags[tagPolicy] == p.ID && snap.Tags[tagSchedule] == schedule && snap.State != ec2types.SnapshotStateError
	})
	slices.SortStableFunc(made, func(a, b ec2.Snapshot) int { return b.Started.Compare(a.Started) })
	return made
}

// copyDue copies a completed snapshot to another Region as a rule of its schedule says.
func (s *Service) copyDue(tx *store.Tx, key string) error {
	part := strings.Split(key, "/")
	if len(part) != 6 {
		return fmt.Errorf("%q names no copy of a policy", key)
	}
	p, ok := s.policies.Get(tx, strings.Join(part[:3], "/"))
	snap, there := s.ec2.Exists(tx, part[1], part[5])
	if !ok || !there || snap.State == ec2types.SnapshotStateError {
		return nil
	}
	if snap.State == ec2types.SnapshotStatePending {
		tx.Due(tx.Now().Add(time.Minute), dueCopy, key)
		return nil
	}
	n, _ := strconv.Atoi(part[3])
	i, _ := strconv.Atoi(part[4])
	if n < len(p.Details.Schedules) && i < len(p.Details.Schedules[n].CrossRegionCopyRules) {
		s.copy(tx, p, snap, p.Details.Schedules[n].CrossRegionCopyRules[i])
	}
	return nil
}

// copy starts the copy; what refuses it shows as the policy's state.
func (s *Service) copy(tx *store.Tx, p Policy, snap ec2.Snapshot, rule types.CrossRegionCopyRule) {
	tags := map[string]string{}
	for k, v := range snap.Tags {
		if aws.ToBool(rule.CopyTags) || k == tagPolicy || k == tagSchedule || k == tagManaged {
			tags[k] = v
		}
	}
	delete(tags, tagExpires)
	r := ec2.CopyRequest{
		Account: p.Account, Region: target(rule), SourceRegion: snap.Region, SourceID: snap.ID, Tags: tags,
		Description: fmt.Sprintf("[Copied %s from %s] %s", snap.ID, snap.Region, snap.Description), KMSKey: aws.ToString(rule.CmkArn),
	}
	if aws.ToBool(rule.Encrypted) {
		r.Encrypted = rule.Encrypted
	}
	problem := ""
	if !s.permitted(tx, p, r.Region, "ec2:CopySnapshot", "ec2:CreateTags") {
		problem = notPermitted
	} else if _, err := s.ec2.Copy(tx, r); err != nil {
		problem = err.Error()
	}
	if problem != "" {
		p.State, p.Status = types.GettablePolicyStateValuesError, problem
		s.policies.Put(tx, p.key(), p)
	}
}

func target(r types.CrossRegionCopyRule) string {
	return cmp.Or(aws.ToString(r.TargetRegion), aws.ToString(r.Target))
}

// add is a time so many days, weeks, months or years later.
func add(t time.Time, n int32, unit types.RetentionIntervalUnitValues) time.Time {
	switch unit {
	case types.RetentionIntervalUnitValuesWeeks:
		return t.AddDate(0, 0, 7*int(n))
	case types.RetentionIntervalUnitValuesMonths:
		return t.AddDate(0, int(n), 0)
	case types.RetentionIntervalUnitValuesYears:
		return t.AddDate(int(n), 0, 0)
	}
	return t.AddDate(0, 0, int(n))
}
