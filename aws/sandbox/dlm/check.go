package dlm

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dlm/types"
)

var clockTime = regexp.MustCompile(`^(0[0-9]|1[0-9]|2[0-3]):[0-5][0-9]$`)

// check refuses what Data Lifecycle Manager refuses, and by name what the sandbox does not do; it fills in the defaults
// (EBS User Guide, "Create Amazon Data Lifecycle Manager custom policy for EBS snapshots").
func check(d types.PolicyDetails) (types.PolicyDetails, error) {
	if d.PolicyType == "" {
		d.PolicyType = types.PolicyTypeValuesEbsSnapshotManagement
	}
	switch {
	case d.PolicyType != types.PolicyTypeValuesEbsSnapshotManagement:
		return d, refused("The sandbox runs policies of type EBS_SNAPSHOT_MANAGEMENT only, not %s.", d.PolicyType)
	case d.PolicyLanguage == types.PolicyLanguageValuesSimplified:
		return d, refused("The sandbox has no default policies.")
	case len(d.ResourceTypes) != 1:
		return d, refused("The following parameter is required: ResourceTypes, with one resource type.")
	case len(d.TargetTags) == 0:
		return d, refused("The following parameter is required: TargetTags.")
	case len(d.Schedules) == 0 || len(d.Schedules) > 4:
		return d, refused("A policy must have between 1 and 4 schedules.")
	}
	d.Schedules = slices.Clone(d.Schedules)
	var names []string
	for i, schedule := range d.Schedules {
		if err := checkSchedule(schedule); err != nil {
			return d, err
		}
		name := aws.ToString(schedule.Name)
		if slices.Contains(names, name) {
			return d, refused("Schedule names must be unique: %q is used twice.", name)
		}
		names = append(names, name)
		if r := *schedule.CreateRule; r.Interval != nil && len(r.Times) == 0 {
			r.Times = []string{"09:00"}
			d.Schedules[i].CreateRule = &r
		}
	}
	return d, nil
}

func checkSchedule(s types.Schedule) error {
	switch {
	case s.ArchiveRule != nil, s.FastRestoreRule != nil, len(s.ShareRules) > 0, s.DeprecateRule != nil:
		return refused("The sandbox does not run ArchiveRule, DeprecateRule, FastRestoreRule and ShareRules.")
	case aws.ToString(s.Name) == "":
		return refused("The following parameter is required: Name of a schedule.")
	case s.CreateRule == nil:
		return refused("The following parameter is required: CreateRule of schedule %q.", *s.Name)
	case len(s.CreateRule.Scripts) > 0:
		return refused("The sandbox has no instances to run Scripts on.")
	case s.RetainRule == nil:
		return refused("The following parameter is required: RetainRule of schedule %q.", *s.Name)
	case len(s.CrossRegionCopyRules) > 3:
		return refused("A schedule can have at most 3 cross-Region copy rules.")
	case len(s.TagsToAdd) > 45:
		return refused("A schedule can add at most 45 tags.")
	}
	for _, t := range slices.Concat(s.TagsToAdd, s.VariableTags) {
		if strings.HasPrefix(aws.ToString(t.Key), "aws:") {
			return refused("Tag keys starting with 'aws:' are reserved: %s", *t.Key)
		}
	}
	for _, r := range s.CrossRegionCopyRules {
		if r.Encrypted == nil || aws.ToString(r.Target) == "" && aws.ToString(r.TargetRegion) == "" {
			return refused("A cross-Region copy rule needs Encrypted and a TargetRegion.")
		}
	}
	if err := checkRetain(s.RetainRule); err != nil {
		return err
	}
	return checkCreate(s.CreateRule)
}

func checkRetain(r *types.RetainRule) error {
	byCount, byAge := r.Count != nil, r.Interval != nil
	switch {
	case byCount == byAge:
		return refused("A RetainRule has either Count, or Interval and IntervalUnit.")
	case byCount && (*r.Count < 1 || *r.Count > 1000):
		return refused("The Count of a RetainRule must be between 1 and 1000.")
	case byAge && (*r.Interval < 1 || r.IntervalUnit == ""):
		return refused("The Interval of a RetainRule must be at least 1, with an IntervalUnit.")
	}
	return nil
}

func checkCreate(r *types.CreateRule) error {
	if r.CronExpression != nil {
		if r.Interval != nil || len(r.Times) > 0 {
			return refused("A CreateRule has either CronExpression, or Interval, IntervalUnit and Times.")
		}
		if _, err := readCron(*r.CronExpression); err != nil {
			return refused("Invalid cron expression %s: %v", *r.CronExpression, err)
		}
		return nil
	}
	switch {
	case r.Interval == nil || r.IntervalUnit != types.IntervalUnitValuesHours:
		return refused("A CreateRule needs CronExpression, or Interval and IntervalUnit.")
	case !slices.Contains([]int32{1, 2, 3, 4, 6, 8, 12, 24}, *r.Interval):
		return refused("The Interval %d is invalid. The supported values are 1, 2, 3, 4, 6, 8, 12, and 24.", *r.Interval)
	case len(r.Times) > 1:
		return refused("A CreateRule has at most one time in Times.")
	case len(r.Times) == 1 && !clockTime.MatchString(r.Times[0]):
		return refused("The time %q is invalid. Expected hh:mm.", r.Times[0])
	}
	return nil
}
