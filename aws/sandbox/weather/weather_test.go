package weather

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"lifeboat/aws/sandbox/wire"
)

func caller(op string, more ...string) wire.Caller {
	service, operation, _ := strings.Cut(op, ".")
	c := wire.Caller{Service: service, Operation: operation, Region: "us-east-2", Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/x", RequestID: op}
	if len(more) > 0 {
		c.Region = more[0]
	}
	return c
}

func TestPresetsThatAreNone(t *testing.T) {
	w := New(1)
	if err := w.Set("throttled"); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"stormy", "outage", "outage:", "outage:mars", "throttled:x", "throttled:200", "slow:0", "calm:1", "slow,stormy"} {
		if err := w.Set(text); err == nil || !strings.Contains(err.Error(), "there is calm") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if w.String() != "throttled" {
		t.Errorf("after errors: %s", w)
	}
}

func TestOutage(t *testing.T) {
	w := New(1)
	if err := w.Set("outage:us-west-2"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		caller wire.Caller
		code   string
	}{
		{caller("ec2.DescribeVolumes"), ""}, {caller("ec2.DescribeVolumes", "us-west-2"), "Unavailable"},
		{caller("backup.ListBackupVaults", "us-west-2"), "ServiceUnavailable"}, {caller("iam.GetRole", "us-west-2"), ""},
	} {
		if got := w.Fault(context.Background(), c.caller); got.Code != c.code {
			t.Errorf("%v: %+v, want %q", c.caller, got, c.code)
		}
	}
	w.Set("calm")
	if got := w.Fault(context.Background(), caller("ec2.DescribeVolumes", "us-west-2")); got.Code != "" {
		t.Errorf("calm: %+v", got)
	}
}

func TestThrottledRepeatsBySeedAndSparesRetries(t *testing.T) {
	run := func() (calls string) {
		w := New(42)
		w.Set("throttled:50")
		last := false
		for range 200 {
			struck := w.Fault(context.Background(), caller("ec2.CreateVolume")).Code == "RequestLimitExceeded"
			if struck && last {
				t.Fatal("a retry was throttled too")
			}
			last = struck
			calls += fmt.Sprint(struck)[:1]
		}
		return calls
	}
	one := run()
	if one != run() {
		t.Error("one seed, two runs")
	}
	if n := strings.Count(one, "t"); n < 8 || n > 12 {
		t.Errorf("%d of 200 were throttled", n)
	}
}

func TestNth(t *testing.T) {
	w := New(1)
	w.RefuseNth(2, Denied, "")
	w.LoseNth(3)
	answered := 0
	w.AtNth(4, func() { answered++ })
	var got []string
	for range 5 {
		c := caller("kms.CreateKey")
		f := w.Fault(context.Background(), c)
		w.Answered(wire.Entry{Caller: c})
		got = append(got, fmt.Sprintf("%s %v %d", f.Code, f.Lose, answered))
	}
	want := []string{" false 0", "AccessDeniedException false 0", " true 0", " false 1", " false 1"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOutlook(t *testing.T) {
	w := New(1)
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	w.Set("slow:3")
	if due, fail := w.Outlook("ec2.snapshot", "k", now, now.Add(time.Minute)); due != now.Add(3*time.Minute) || fail != "" {
		t.Errorf("slow: %s %q", due, fail)
	}
	if due, _ := w.Outlook("dlm.run", "k", now, now.Add(time.Minute)); due != now.Add(time.Minute) {
		t.Errorf("a schedule became slow: %s", due)
	}
	w.Clear()
	w.AddLate(Late{Kinds: []string{"ec2.snapshot"}, Key: "*/snap-1", Times: 1, Fail: "broken"}, Late{Key: "never", Never: true})
	if _, fail := w.Outlook("ec2.snapshot", "r/snap-1", now, now); fail != "broken" {
		t.Errorf("fail: %q", fail)
	}
	if _, fail := w.Outlook("ec2.snapshot", "r/snap-1", now, now); fail != "" {
		t.Errorf("fails twice")
	}
	if due, _ := w.Outlook("x", "never", now, now); due.Sub(now) < 50*365*24*time.Hour {
		t.Errorf("never is %s", due)
	}
}
