package calls

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

func TestCall(t *testing.T) {
	f := serve(t, func(_ int, w http.ResponseWriter, r *http.Request, _ string) {
		if !strings.Contains(r.UserAgent(), "app/"+AppID) {
			t.Errorf("user agent %q does not name this program", r.UserAgent())
		}
		volumes(w, 2)
	})
	c := New(f.target(), Guard{})
	res, err := c.Call(t.Context(), Request{Op: "ec2.DescribeVolumes", Params: map[string]any{"VolumeIds": []any{"vol-1"}}})
	if err != nil {
		t.Fatal(err)
	}
	vols := res.Output["Volumes"].([]any)
	first := vols[0].(map[string]any)
	if len(vols) != 2 || first["Size"] != float64(1) || first["Encrypted"] != true || first["State"] != "available" || first["CreateTime"] != "2026-11-23T10:00:00Z" {
		t.Errorf("answer %v", res.Output)
	}
	if res.RequestID != "req-1" || res.Attempts != 1 || res.Took <= 0 {
		t.Errorf("request %q, %d attempts, took %s", res.RequestID, res.Attempts, res.Took)
	}
}

// A streamed answer is read whole, bytes as bytes.
func TestStreamedAnswer(t *testing.T) {
	block := bytes.Repeat([]byte{7, 0, 255}, 100_000)
	f := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request, op string) {
		w.Header().Set("x-amz-Data-Length", "300000")
		w.Write(block)
	})
	res, err := New(f.target(), Guard{}).Call(t.Context(), Request{Op: "ebs.GetSnapshotBlock", Params: map[string]any{"SnapshotId": "snap-00000000000000001", "BlockIndex": 1, "BlockToken": "t"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := res.Output["BlockData"].([]byte); !bytes.Equal(got, block) || res.Output["DataLength"] != float64(300000) {
		t.Errorf("got %d bytes, length %v", len(got), res.Output["DataLength"])
	}
}

func TestClientsAreKept(t *testing.T) {
	f := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request, _ string) { volumes(w, 0) })
	c := New(f.target(), Guard{})
	if len(c.clients.made) != 0 {
		t.Error("a client was built before the first call")
	}
	for _, r := range []Request{{}, {Region: "us-east-2"}, {Region: "us-west-2"}, {As: "partner"}, {}} {
		r.Op = "ec2.DescribeVolumes"
		if _, err := c.Call(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.clients.made) != 3 {
		t.Errorf("%d clients for 3 pairs of identity and Region", len(c.clients.made))
	}
	if _, err := c.Call(t.Context(), Request{Op: "ec2.DescribeVolumes", As: "nobody"}); err == nil {
		t.Error("an unknown identity was served")
	}
}

// n calls made are n calls seen, whatever the size of the answer: the SDK's race does not make calls run twice.
func TestEveryCallOnce(t *testing.T) {
	for _, size := range []int{1, 130, 600} { // 0.3, 32 and 150 KB
		f := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request, _ string) { volumes(w, size) })
		c := New(f.target(), Guard{})
		const each, workers = 25, 4
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for range each {
					res, err := c.Call(context.Background(), Request{Op: "ec2.DescribeVolumes"})
					if err != nil || res.Attempts != 1 {
						t.Errorf("%d attempts, %v", res.Attempts, err)
					}
				}
			})
		}
		wg.Wait()
		if n := f.count(); n != each*workers {
			t.Errorf("answers of %d volumes: %d calls made, %d seen", size, each*workers, n)
		}
	}
}

// Without the mend the same calls do run twice now and then: the test above would notice. It is a race, so this only says
// what was seen.
func TestRaceWithoutTheMend(t *testing.T) {
	f := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request, _ string) { volumes(w, 600) })
	cfg, err := f.target().Config("", "us-east-2")
	if err != nil {
		t.Fatal(err)
	}
	client := ec2.NewFromConfig(cfg, func(o *ec2.Options) {
		o.Retryer = retryer("", func(int) time.Duration { return 0 })
	})
	const n = 60
	for range n {
		if _, err := client.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{}); err != nil {
			t.Log(err)
		}
	}
	t.Logf("plain client: %d calls made, %d seen", n, f.count())
}

func TestThrottledIsRepeated(t *testing.T) {
	f := serve(t, func(n int, w http.ResponseWriter, _ *http.Request, _ string) {
		if n == 1 {
			refuse(w, 503, "RequestLimitExceeded", "Request limit exceeded.")
			return
		}
		snapshot(w)
	})
	res, err := New(f.target(), Guard{}).Call(t.Context(), Request{Op: "ec2.CreateSnapshot", Params: map[string]any{"VolumeId": "vol-1"}})
	if err != nil || res.Attempts != 2 || res.RequestID != "req-2" {
		t.Errorf("%d attempts, request %q, %v", res.Attempts, res.RequestID, err)
	}
}

// What happens when the server does the work and the answer is lost, or fails: n is how many requests it may see.
func TestLostAnswers(t *testing.T) {
	lose := func(_ int, w http.ResponseWriter, _ *http.Request, _ string) { cut(w) }
	half := func(_ int, w http.ResponseWriter, _ *http.Request, _ string) {
		w.Header().Set("Content-Length", "500")
		w.Write([]byte("<CreateSnapshotResponse><snapsh"))
		w.(http.Flusher).Flush()
		cut(w)
	}
	fail := func(code string, status int) func(int, http.ResponseWriter, *http.Request, string) {
		return func(_ int, w http.ResponseWriter, _ *http.Request, _ string) {
			refuse(w, status, code, "An internal error has occurred")
		}
	}
	vol := map[string]any{"VolumeId": "vol-1"}
	for _, c := range []struct {
		name   string
		answer func(int, http.ResponseWriter, *http.Request, string)
		op     string
		params map[string]any
		seen   int
		kind   Kind
		may    bool
	}{
		{"lost create", lose, "ec2.CreateSnapshot", vol, 1, Lost, true},
		{"half an answer", half, "ec2.CreateSnapshot", vol, 1, Lost, true},
		{"lost delete", lose, "ec2.DeleteVolume", vol, 1, Lost, true},
		{"lost create with a token", lose, "ec2.CreateVolume", map[string]any{"AvailabilityZone": "us-east-2a", "Size": 1, "ClientToken": "t"}, 3, Lost, true},
		{"lost read", lose, "ec2.DescribeVolumes", nil, 3, Lost, false},
		{"lost tag", lose, "ec2.CreateTags", map[string]any{"Resources": []any{"vol-1"}, "Tags": []any{map[string]any{"Key": "a", "Value": "b"}}}, 3, Lost, true},
		// What is named by its caller has no token: it is not made again, and looked for by its name.
		{"lost instance", lose, "rds.CreateDBInstance", map[string]any{"DBInstanceIdentifier": "a", "DBInstanceClass": "db.t4g.micro", "Engine": "postgres"}, 1, Lost, true},
		{"lost restore", lose, "rds.RestoreDBInstanceToPointInTime", map[string]any{"TargetDBInstanceIdentifier": "a"}, 1, Lost, true},
		{"lost share", lose, "rds.ModifyDBSnapshotAttribute", map[string]any{"DBSnapshotIdentifier": "a", "AttributeName": "restore"}, 3, Lost, true},
		{"lost secret", lose, "secretsmanager.CreateSecret", map[string]any{"Name": "a"}, 3, Lost, true},
		{"lost bucket", lose, "s3.CreateBucket", map[string]any{"Bucket": "lifeboat-a"}, 1, Lost, true},
		{"lost setting", lose, "s3.PutBucketVersioning", map[string]any{"Bucket": "lifeboat-a", "VersioningConfiguration": map[string]any{"Status": "Enabled"}}, 3, Lost, true},
		{"lost object", lose, "s3.PutObject", map[string]any{"Bucket": "lifeboat-a", "Key": "k", "Body": []byte("x")}, 1, Lost, true},
		{"lost, then refused", func(n int, w http.ResponseWriter, _ *http.Request, _ string) {
			if n == 1 {
				cut(w)
				return
			}
			refuse(w, 400, "IdempotentParameterMismatch", "other parameters")
		}, "ec2.CreateVolume", map[string]any{"AvailabilityZone": "us-east-2a", "Size": 1, "ClientToken": "t"}, 2, Client, true},
		{"failed create", fail("InternalError", 500), "ec2.CreateSnapshot", vol, 1, Server, true},
		{"failed read", fail("InternalError", 500), "ec2.DescribeVolumes", nil, 3, Server, false},
		{"create turned away", fail("Unavailable", 503), "ec2.CreateSnapshot", vol, 3, Server, false},
		{"throttled for ever", fail("RequestLimitExceeded", 503), "ec2.CreateSnapshot", vol, 3, Throttled, false},
		{"refused", fail("VolumeInUse", 400), "ec2.DeleteVolume", vol, 1, Client, false},
		{"denied", fail("UnauthorizedOperation", 403), "ec2.DeleteVolume", vol, 1, Denied, false},
		{"not there", fail("InvalidVolume.NotFound", 400), "ec2.DeleteVolume", vol, 1, NotFound, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := serve(t, c.answer)
			_, err := New(f.target(), Guard{}).Call(t.Context(), Request{Op: c.op, Params: c.params})
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v is no *Error", err)
			}
			if e.Kind != c.kind || e.MayHaveRun != c.may || f.count() != c.seen || e.Attempts != c.seen {
				t.Errorf("kind %s, may have run %v, %d attempts, %d seen (%v); want %s, %v, %d", e.Kind, e.MayHaveRun, e.Attempts, f.count(), e, c.kind, c.may, c.seen)
			}
			if e.Hint() == "" || !strings.HasPrefix(e.Error(), c.op+" in us-east-2: ") {
				t.Errorf("error %q, hint %q", e, e.Hint())
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	f := serve(t, nil)
	f.Close()
	_, err := New(f.target(), Guard{}).Call(t.Context(), Request{Op: "ec2.CreateSnapshot", Params: map[string]any{"VolumeId": "vol-1"}})
	var e *Error
	if !errors.As(err, &e) || e.Kind != Unreachable || e.MayHaveRun {
		t.Errorf("got %+v", err)
	}
	t.Log(err)
}

func TestTimeout(t *testing.T) {
	done := make(chan struct{})
	f := serve(t, func(_ int, w http.ResponseWriter, r *http.Request, _ string) {
		select { // an answer that never comes
		case <-done:
		case <-r.Context().Done():
		}
	})
	defer close(done)
	_, err := New(f.target(), Guard{}, Timeout(20*time.Millisecond)).Call(t.Context(), Request{Op: "ec2.CreateSnapshot", Params: map[string]any{"VolumeId": "vol-1"}})
	var e *Error
	if !errors.As(err, &e) || e.Kind != TimedOut || !e.MayHaveRun || f.count() != 1 {
		t.Errorf("got %+v, %d seen", err, f.count())
	}
	t.Log(err)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err = New(f.target(), Guard{}).Call(ctx, Request{Op: "ec2.DescribeVolumes"})
	if !errors.As(err, &e) || e.Kind != Stopped || !errors.Is(err, context.Canceled) {
		t.Errorf("got %+v", err)
	}
}

func TestBadParameters(t *testing.T) {
	f := serve(t, nil)
	c := New(f.target(), Guard{})
	for op, params := range map[string]map[string]any{
		"ec2.CreateVolume":   {"AvailabilityZone": "us-east-2a", "Size": "large"},
		"ec2.CreateVolum":    nil,
		"ec2.CreateSnapshot": nil, // VolumeId is required: the SDK checks it
	} {
		_, err := c.Call(t.Context(), Request{Op: op, Params: params})
		var e *Error
		if !errors.As(err, &e) || e.Kind != Client && op != "ec2.CreateSnapshot" {
			t.Errorf("%s: %+v", op, err)
		}
		t.Log(err)
	}
	if f.count() != 0 {
		t.Errorf("%d requests were sent", f.count())
	}
}

// A refused call never reaches the wire.
func TestGuard(t *testing.T) {
	yes, no := func(Request) bool { return true }, func(Request) bool { return false }
	confirmed := Guard{Real: true, Confirmed: true, Owned: no}
	for _, c := range []struct {
		name   string
		guard  Guard
		op     string
		params map[string]any
		code   string // empty: let through
	}{
		{"read in a read-only run", Guard{ReadOnly: true, Real: true}, "ec2.DescribeVolumes", nil, ""},
		{"create in a read-only run", Guard{ReadOnly: true}, "ec2.CreateVolume", nil, CodeReadOnly},
		{"tag in a read-only run", Guard{ReadOnly: true, Real: true, Confirmed: true}, "ec2.CreateTags", nil, CodeReadOnly},
		{"anything in the sandbox", Guard{}, "ec2.LockSnapshot", nil, ""},
		{"delete in the sandbox", Guard{}, "ec2.DeleteVolume", nil, ""},
		{"create before confirmation", Guard{Real: true, Owned: yes}, "ec2.CreateVolume", nil, CodeNotConfirmed},
		{"delete before confirmation", Guard{Real: true, Owned: yes}, "ec2.DeleteVolume", nil, CodeNotConfirmed},
		{"create", confirmed, "ec2.CreateVolume", nil, ""},
		{"delete of another's", confirmed, "ec2.DeleteVolume", nil, CodeNotOwned},
		{"delete with no ledger", Guard{Real: true, Confirmed: true}, "ec2.DeleteVolume", nil, CodeNotOwned},
		{"delete of our own", Guard{Real: true, Confirmed: true, Owned: yes}, "ec2.DeleteVolume", nil, ""},
		{"irreversible once", Guard{Real: true, Confirmed: true, Owned: yes}, "ec2.LockSnapshot", nil, CodeNotTwice},
		{"irreversible, not ours", Guard{Real: true, Confirmed: true, Owned: no, Twice: yes}, "ec2.LockSnapshot", nil, CodeNotOwned},
		{"irreversible twice", Guard{Real: true, Confirmed: true, Owned: yes, Twice: yes}, "ec2.LockSnapshot", nil, ""},
		{"dry run", Guard{ReadOnly: true}, "ec2.DeleteVolume", map[string]any{"DryRun": true}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request, _ string) { refuse(w, 400, "Reached", "the wire") })
			params := map[string]any{}
			for k, v := range map[string]any{"ec2.DeleteVolume": "VolumeId", "ec2.LockSnapshot": "SnapshotId", "ec2.CreateVolume": "AvailabilityZone"} {
				if k == c.op {
					params[v.(string)] = "x"
				}
			}
			switch c.op {
			case "ec2.LockSnapshot":
				params["LockMode"] = "governance"
			case "ec2.CreateTags":
				params["Resources"], params["Tags"] = []any{"x"}, []any{map[string]any{"Key": "k"}}
			}
			for k, v := range c.params {
				params[k] = v
			}
			_, err := New(f.target(), c.guard).Call(t.Context(), Request{Op: c.op, Params: params})
			var e *Error
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			if c.code == "" && (e.Code != "Reached" || f.count() != 1) || c.code != "" && (e.Code != c.code || e.Kind != Refused || f.count() != 0) {
				t.Errorf("%v; %d requests reached the wire, want code %q", err, f.count(), c.code)
			}
			if e.Hint() == "" {
				t.Error("no hint")
			}
		})
	}
}

// Every operation that is no read is refused by a read-only guard, and none of them reaches the wire.
func TestReadOnlyRefusesAll(t *testing.T) {
	f := serve(t, nil)
	c := New(f.target(), Guard{ReadOnly: true})
	for _, op := range All() {
		if op.Effect == Read {
			continue
		}
		_, err := c.Call(t.Context(), Request{Op: op.Name})
		var e *Error
		if !errors.As(err, &e) || e.Kind != Refused {
			t.Errorf("%s: %v", op.Name, err)
		}
	}
	if f.count() != 0 {
		t.Errorf("%d requests reached the wire", f.count())
	}
}

func BenchmarkCall(b *testing.B) {
	f := serve(b, func(_ int, w http.ResponseWriter, _ *http.Request, _ string) { volumes(w, 10) })
	b.Run("table", func(b *testing.B) {
		c := New(f.target(), Guard{})
		for b.Loop() {
			if _, err := c.Call(b.Context(), Request{Op: "ec2.DescribeVolumes"}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sdk", func(b *testing.B) { // what the SDK alone costs
		cfg, _ := f.target().Config("", "us-east-2")
		client := ec2.NewFromConfig(cfg)
		for b.Loop() {
			if _, err := client.DescribeVolumes(b.Context(), &ec2.DescribeVolumesInput{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkTable(b *testing.B) {
	for b.Loop() {
		ec2Lines()
	}
}
