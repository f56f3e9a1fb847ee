package dlm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dlm"
	"github.com/aws/aws-sdk-go-v2/service/dlm/types"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"lifeboat/aws/sandbox/ec2"
	"lifeboat/aws/sandbox/kms"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/try"
)

const (
	mine = try.Mine
	home = try.Home
	away = try.Away
	role = "arn:aws:iam::" + mine + ":role/dlm"
)

// roles knows which roles can be assumed, and under an action's or a resource's name what none of them may do.
type roles map[string]bool

func (r roles) Permits(_ *store.Tx, _, action, resource string) bool {
	return !r[action] && !r[resource]
}

func (r roles) Assumable(_ *store.Tx, _, roleARN, service string) error {
	if !r[roleARN] || service != principal {
		return fmt.Errorf("role %s is not there", roleARN)
	}
	return nil
}

type world struct {
	*Service
	*try.Ground
	ec2   *ec2.Service
	roles roles
}

func newWorld(t *testing.T, dir string) *world {
	t.Helper()
	g := try.On(t, dir)
	e := ec2.New(g.Store, kms.New(g.Store))
	known := roles{role: true}
	return &world{New(g.Store, e, known), g, e, known}
}

func in(region string) context.Context { return try.As(mine, region, "", "CreateVolume") }

func (w *world) volume(tags map[string]string) string {
	spec := ec2types.TagSpecification{ResourceType: ec2types.ResourceTypeVolume}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		spec.Tags = append(spec.Tags, ec2types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	out := try.Must(w.ec2.CreateVolume(in(home), &awsec2.CreateVolumeInput{Size: aws.Int32(1), AvailabilityZone: aws.String(home + "a"), TagSpecifications: []ec2types.TagSpecification{spec}}))
	return *out.VolumeId
}

func hourly(keep int32) types.Schedule {
	return types.Schedule{
		Name:       aws.String("hourly"),
		CreateRule: &types.CreateRule{Interval: aws.Int32(1), IntervalUnit: types.IntervalUnitValuesHours, Times: []string{"00:00"}},
		RetainRule: &types.RetainRule{Count: &keep},
	}
}

func (w *world) policy(schedules ...types.Schedule) string {
	w.T.Helper()
	return *try.Must(w.CreateLifecyclePolicy(in(home), input(schedules...))).PolicyId
}

func input(schedules ...types.Schedule) *dlm.CreateLifecyclePolicyInput {
	return &dlm.CreateLifecyclePolicyInput{
		Description: aws.String("lab"), ExecutionRoleArn: aws.String(role), State: types.SettablePolicyStateValuesEnabled,
		PolicyDetails: &types.PolicyDetails{
			ResourceTypes: []types.ResourceTypeValues{types.ResourceTypeValuesVolume},
			TargetTags:    []types.Tag{{Key: aws.String("backup"), Value: aws.String("yes")}},
			Schedules:     schedules,
		},
	}
}

// made are the snapshots of a policy, the oldest first.
func (w *world) made(region, policy string) []ec2types.Snapshot {
	w.T.Helper()
	out := try.Must(w.ec2.DescribeSnapshots(in(region), &awsec2.DescribeSnapshotsInput{OwnerIds: []string{"self"},
		Filters: []ec2types.Filter{{Name: aws.String("tag:aws:dlm:lifecycle-policy-id"), Values: []string{policy}}}})).Snapshots
	slices.SortFunc(out, func(a, b ec2types.Snapshot) int { return a.StartTime.Compare(*b.StartTime) })
	return out
}

func (w *world) shown(policy string) *types.LifecyclePolicy {
	w.T.Helper()
	return try.Must(w.GetLifecyclePolicy(in(home), &dlm.GetLifecyclePolicyInput{PolicyId: &policy})).Policy
}

func tagsOf(s ec2types.Snapshot) map[string]string {
	tags := map[string]string{}
	for _, t := range s.Tags {
		tags[*t.Key] = *t.Value
	}
	return tags
}

func TestADayOfHourlySnapshots(t *testing.T) {
	w := newWorld(t, "")
	vol := w.volume(map[string]string{"backup": "yes", "app": "shop"})
	w.volume(map[string]string{"backup": "Yes"}) // tags are case-sensitive
	w.Pass(time.Minute)
	s := hourly(6)
	s.CopyTags, s.TagsToAdd = aws.Bool(true), []types.Tag{{Key: aws.String("by"), Value: aws.String("dlm")}}
	id := w.policy(s)
	if got := len(w.made(home, id)); got != 0 {
		t.Fatalf("%d snapshots before the first time", got)
	}
	w.Pass(29 * time.Minute) // 11:00, the first time of the schedule
	w.Pass(time.Hour)
	first := w.made(home, id)
	if len(first) != 1 {
		t.Fatalf("an hour after its first time the policy has made %d snapshots, want 1", len(first))
	}
	if at := *first[0].StartTime; at.Before(time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC)) || at.After(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("the first run is at %s", at)
	}
	want := map[string]string{"app": "shop", "backup": "yes", "by": "dlm", "dlm:managed": "true", "aws:dlm:lifecycle-policy-id": id, "aws:dlm:lifecycle-schedule-name": "hourly"}
	if got := tagsOf(first[0]); !maps.Equal(got, want) || *first[0].VolumeId != vol {
		t.Errorf("tags %v\nwant %v", got, want)
	}
	for h := 2; h <= 26; h++ {
		w.Pass(time.Hour)
		if got := len(w.made(home, id)); got != min(h, 6) {
			t.Fatalf("after %d hours there are %d snapshots, want %d", h, got, min(h, 6))
		}
	}
	six := w.made(home, id)
	for i := 1; i < 6; i++ {
		if gap := six[i].StartTime.Sub(*six[i-1].StartTime); gap != time.Hour {
			t.Errorf("snapshots %d and %d are %s apart", i-1, i, gap)
		}
	}
	if newest, now := *six[5].StartTime, w.Clock.Now(); now.Sub(newest) >= time.Hour {
		t.Errorf("at %s the newest is of %s", now, newest)
	}

	try.Must(w.UpdateLifecyclePolicy(in(home), &dlm.UpdateLifecyclePolicyInput{PolicyId: &id, State: "DISABLED"}))
	w.Pass(5 * time.Hour)
	if got := w.made(home, id); len(got) != 6 || !got[5].StartTime.Equal(*six[5].StartTime) {
		t.Error("a disabled policy goes on")
	}
	try.Must(w.UpdateLifecyclePolicy(in(home), &dlm.UpdateLifecyclePolicyInput{PolicyId: &id, State: "ENABLED"}))
	w.Pass(2 * time.Hour)
	if got := w.made(home, id); len(got) != 6 || !got[5].StartTime.After(*six[5].StartTime) {
		t.Error("an enabled policy does not go on")
	}
	try.Must(w.DeleteLifecyclePolicy(in(home), &dlm.DeleteLifecyclePolicyInput{PolicyId: &id}))
	w.Pass(3 * time.Hour)
	if got := len(w.made(home, id)); got != 6 {
		t.Errorf("the deleted policy left %d snapshots, want 6", got)
	}
}

func TestRetainByAgeAndTogether(t *testing.T) {
	w := newWorld(t, "")
	w.volume(map[string]string{"backup": "yes"})
	w.Pass(time.Minute)
	daily := hourly(1)
	daily.Name, daily.CreateRule = aws.String("daily"), &types.CreateRule{CronExpression: aws.String("cron(0 12 * * ? *)")}
	daily.RetainRule = &types.RetainRule{Interval: aws.Int32(2), IntervalUnit: types.RetentionIntervalUnitValuesDays}
	id := w.policy(hourly(3), daily)
	w.Pass(3*time.Hour + 30*time.Minute) // over 11:00, 12:00, 13:00 and the hour after it
	names := map[string]int{}
	for _, s := range w.made(home, id) {
		names[tagsOf(s)["aws:dlm:lifecycle-schedule-name"]]++
		if _, ok := tagsOf(s)["aws:dlm:expirationTime"]; ok != (tagsOf(s)["aws:dlm:lifecycle-schedule-name"] == "daily") {
			t.Errorf("expiration of %v", tagsOf(s))
		}
	}
	if names["daily"] != 1 || names["hourly"] != 2 {
		t.Errorf("schedules that fall together make one snapshot, kept by the longer one: %v", names)
	}
	w.Pass(10 * 24 * time.Hour)
	names = map[string]int{}
	for _, s := range w.made(home, id) {
		names[tagsOf(s)["aws:dlm:lifecycle-schedule-name"]]++
	}
	if names["daily"] != 2 || names["hourly"] != 3 {
		t.Errorf("after ten days %v, want 2 daily and 3 hourly", names)
	}
}

func TestCopiesToAnotherRegion(t *testing.T) {
	w := newWorld(t, "")
	w.volume(map[string]string{"backup": "yes"})
	w.Pass(time.Minute)
	s := hourly(2)
	s.CreateRule.Interval = aws.Int32(12)
	s.CrossRegionCopyRules = []types.CrossRegionCopyRule{{TargetRegion: aws.String(away), Encrypted: aws.Bool(false),
		RetainRule: &types.CrossRegionCopyRetainRule{Interval: aws.Int32(2), IntervalUnit: types.RetentionIntervalUnitValuesDays}}}
	id := w.policy(s)
	w.Pass(10 * 24 * time.Hour)
	copies := w.made(away, id)
	if len(copies) != 4 && len(copies) != 5 { // two days of two a day; the oldest goes with the run after its age
		t.Errorf("%d copies, want those of two days", len(copies))
	}
	for _, c := range copies {
		if c.State != "completed" || !strings.Contains(*c.Description, "Copied") {
			t.Errorf("copy %s is %s: %s", *c.SnapshotId, c.State, *c.Description)
		}
	}
	if got := len(w.made(home, id)); got != 2 {
		t.Errorf("%d at home", got)
	}
}

func TestRoleIsLost(t *testing.T) {
	w := newWorld(t, "")
	w.volume(map[string]string{"backup": "yes"})
	w.Pass(time.Minute)
	id := w.policy(hourly(3))
	delete(w.roles, role)
	w.Pass(2 * time.Hour)
	if p := w.shown(id); p.State != "ERROR" || !strings.Contains(*p.StatusMessage, role) || len(w.made(home, id)) != 0 {
		t.Errorf("without its role the policy is %s: %s", p.State, *p.StatusMessage)
	}
	w.roles[role] = true
	w.Pass(time.Hour)
	if p := w.shown(id); p.State != "ENABLED" || len(w.made(home, id)) != 1 {
		t.Errorf("with its role back the policy is %s, with %d snapshots", p.State, len(w.made(home, id)))
	}
}

func TestRoleMayNot(t *testing.T) {
	for _, action := range []string{"ec2:CreateSnapshot", "ec2:CreateTags", "ec2:DeleteSnapshot", ""} {
		w := newWorld(t, "")
		volume := w.volume(map[string]string{"backup": "yes"})
		if action == "" { // everything but this volume
			action = "arn:aws:ec2:" + home + ":" + mine + ":volume/" + volume
		}
		w.Pass(time.Minute)
		id := w.policy(hourly(3))
		w.roles[action] = true
		w.Pass(2 * time.Hour)
		if p := w.shown(id); p.State != "ERROR" || *p.StatusMessage != notPermitted || len(w.made(home, id)) != 0 {
			t.Errorf("without %s the policy is %s: %s", action, p.State, *p.StatusMessage)
		}
		w.roles[action] = false
		w.Pass(time.Hour)
		if p := w.shown(id); p.State != "ENABLED" || *p.StatusMessage != "ENABLED" || len(w.made(home, id)) != 1 {
			t.Errorf("with %s the policy is %s, with %d snapshots", action, p.State, len(w.made(home, id)))
		}
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t, "")
	change := func(f func(*dlm.CreateLifecyclePolicyInput)) *dlm.CreateLifecyclePolicyInput {
		in := input(hourly(3))
		f(in)
		return in
	}
	schedule := func(f func(*types.Schedule)) *dlm.CreateLifecyclePolicyInput {
		s := hourly(3)
		f(&s)
		return input(s)
	}
	for text, c := range map[string]*dlm.CreateLifecyclePolicyInput{
		"execution role":  change(func(in *dlm.CreateLifecyclePolicyInput) { in.ExecutionRoleArn = aws.String("arn:aws:iam::1:role/x") }),
		"TargetTags":      change(func(in *dlm.CreateLifecyclePolicyInput) { in.PolicyDetails.TargetTags = nil }),
		"between 1 and 4": input(),
		"used twice":      input(hourly(1), hourly(2)),
		"IMAGE_MANAGEMENT": change(func(in *dlm.CreateLifecyclePolicyInput) {
			in.PolicyDetails.PolicyType = types.PolicyTypeValuesImageManagement
		}),
		"1, 2, 3, 4, 6, 8, 12": schedule(func(s *types.Schedule) { s.CreateRule.Interval = aws.Int32(5) }),
		"hh:mm":                schedule(func(s *types.Schedule) { s.CreateRule.Times = []string{"9:00"} }),
		"either Count":         schedule(func(s *types.Schedule) { s.RetainRule = &types.RetainRule{} }),
		"between 1 and 1000":   schedule(func(s *types.Schedule) { s.RetainRule = &types.RetainRule{Count: aws.Int32(0)} }),
		"more than one run": schedule(func(s *types.Schedule) {
			s.CreateRule = &types.CreateRule{CronExpression: aws.String("cron(*/15 * * * ? *)")}
		}),
		"day-of-week must be ?": schedule(func(s *types.Schedule) {
			s.CreateRule = &types.CreateRule{CronExpression: aws.String("cron(0 1 * * * *)")}
		}),
		"does not run":    schedule(func(s *types.Schedule) { s.ArchiveRule = &types.ArchiveRule{} }),
		"needs Encrypted": schedule(func(s *types.Schedule) { s.CrossRegionCopyRules = []types.CrossRegionCopyRule{{}} }),
	} {
		_, err := w.CreateLifecyclePolicy(in(home), c)
		var invalid *types.InvalidRequestException
		if !errors.As(err, &invalid) || !strings.Contains(*invalid.Message, text) {
			t.Errorf("want a refusal with %q, got %v", text, err)
		}
	}
	_, err := w.GetLifecyclePolicy(in(home), &dlm.GetLifecyclePolicyInput{PolicyId: aws.String("policy-0123456789abcdef0")})
	var gone *types.ResourceNotFoundException
	if !errors.As(err, &gone) {
		t.Errorf("a policy that is not there: %v", err)
	}
}

func TestListAndTags(t *testing.T) {
	w := newWorld(t, "")
	id := w.policy(hourly(3))
	list := func(in2 dlm.GetLifecyclePoliciesInput) int {
		return len(try.Must(w.GetLifecyclePolicies(in(home), &in2)).Policies)
	}
	if list(dlm.GetLifecyclePoliciesInput{TargetTags: []string{"backup=yes"}}) != 1 || list(dlm.GetLifecyclePoliciesInput{TargetTags: []string{"backup=no"}}) != 0 ||
		list(dlm.GetLifecyclePoliciesInput{State: "ERROR"}) != 0 || list(dlm.GetLifecyclePoliciesInput{PolicyIds: []string{id}}) != 1 {
		t.Error("GetLifecyclePolicies filters wrongly")
	}
	arn := w.shown(id).PolicyArn
	try.Must(w.TagResource(in(home), &dlm.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"a": "1", "b": "2"}}))
	try.Must(w.UntagResource(in(home), &dlm.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}}))
	if got := try.Must(w.ListTagsForResource(in(home), &dlm.ListTagsForResourceInput{ResourceArn: arn})).Tags; !maps.Equal(got, map[string]string{"b": "2"}) {
		t.Errorf("tags %v", got)
	}
	_ = w.Store.Update(func(tx *store.Tx) error {
		if own, err := w.Retag(tx, mine, home, *arn, map[string]string{"c": "3"}, []string{"b"}); !own || err != nil {
			t.Errorf("retag: %t %v", own, err)
		}
		if r := w.Tagged(tx, mine, home); len(r) != 1 || r[0].ARN != *arn || r[0].Type != "dlm:policy" || !maps.Equal(r[0].Tags, map[string]string{"c": "3"}) {
			t.Errorf("tagged %+v", r)
		}
		return nil
	})
}

// TestRestart closes and reopens the folder every 37 minutes of a day; no run is lost and none is doubled.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, dir)
	w.volume(map[string]string{"backup": "yes"})
	w.Pass(time.Minute)
	id := w.policy(hourly(1000))
	for range 39 { // a little more than 24 hours
		w.Pass(37 * time.Minute)
		w.Clock.Close()
		if err := w.Store.Close(); err != nil {
			t.Fatal(err)
		}
		w = newWorld(t, dir)
	}
	made := w.made(home, id)
	late := made[0].StartTime.Sub(time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC))
	want := int(w.Clock.Now().Sub(time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC).Add(late))/time.Hour) + 1
	if len(made) != want {
		t.Errorf("%d snapshots in a day of restarts, want %d", len(made), want)
	}
	for i := 1; i < len(made); i++ {
		if gap := made[i].StartTime.Sub(*made[i-1].StartTime); gap != time.Hour {
			t.Errorf("snapshots %d and %d are %s apart", i-1, i, gap)
		}
	}
}

func TestCron(t *testing.T) {
	from := time.Date(2026, 3, 1, 10, 30, 0, 0, time.UTC) // a Sunday
	for text, want := range map[string]string{
		"cron(0 12 * * ? *)":        "2026-03-01 12:00",
		"cron(15 10 ? * * *)":       "2026-03-02 10:15",
		"cron(0 18 ? * MON-FRI *)":  "2026-03-02 18:00",
		"cron(0 8 1 * ? *)":         "2026-04-01 08:00",
		"cron(5 8-17 ? * 2 *)":      "2026-03-02 08:05",
		"cron(0 0/6 * * ? *)":       "2026-03-01 12:00",
		"cron(0 9 L * ? *)":         "2026-03-31 09:00",
		"cron(0 9 ? * 6#3 *)":       "2026-03-20 09:00",
		"cron(0 9 ? * 6L *)":        "2026-03-27 09:00",
		"cron(0 9 1W * ? *)":        "2026-03-02 09:00",
		"cron(0 9 15W * ? *)":       "2026-03-16 09:00",
		"cron(30 6 29 FEB ? *)":     "2028-02-29 06:30",
		"cron(0 0 1 JAN ? 2030)":    "2030-01-01 00:00",
		"cron(0 0 1 JAN ? 2020)":    "0001-01-01 00:00",
		"cron(0 1 ? 6,9 SUN,WED *)": "2026-06-03 01:00",
	} {
		c, err := readCron(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := c.after(from).Format("2006-01-02 15:04"); got != want {
			t.Errorf("%s: next is %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"", "0 12 * * ? *", "cron(0 12 * * ?)", "cron(60 12 * * ? *)", "cron(0 12 * 13 ? *)", "cron(0 12 ? * 8 *)", "cron(0 12 ? * ? *)", "cron(0 12 40 * ? *)", "cron(x 1 1 1 ? *)", "cron(0 1 ? * 6#6 *)"} {
		if _, err := readCron(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}
