package classes

import (
	"math"
	"slices"
	"strings"
	"testing"

	s3 "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/runbooks/plan"
)

// answers makes answers from words such as "objects=1M".
func answers(t testing.TB, words ...string) plan.Answers {
	t.Helper()
	a := plan.Answers{}
	for _, w := range words {
		id, value, _ := strings.Cut(w, "=")
		if err := Form().Set(a, id, value); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

func compare(t testing.TB, words ...string) *Comparison {
	t.Helper()
	c, err := Compare(answers(t, words...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *Comparison) get(id string) Class {
	return c.Classes[slices.IndexFunc(c.Classes, func(k Class) bool { return k.ID == id })]
}

// sum adds up the lines that pay for one thing and whose words begin so.
func sum(lines []Line, kind, what string) float64 {
	var usd float64
	for _, l := range lines {
		if l.For == kind && strings.HasPrefix(l.What, what) {
			usd += l.USD
		}
	}
	return usd
}

// The arithmetic, by AWS's own examples and by hand.
func TestArithmetic(t *testing.T) {
	day30 := []string{"size=1GiB", "objects=1000", "wait=48h", "keep=30d", "reads=never", "restore-every=never"}
	for _, c := range []struct {
		name, class  string
		answers      []string
		kind, what   string
		want, within float64
	}{
		// S3 FAQ, Express One Zone, example 1: 1,000,000 writes and 9,000,000 reads of 10 KB in 30 days.
		{"FAQ, PUT", "EXPRESS_ONEZONE", []string{"size=10KiB", "objects=1M", "wait=0", "keep=30d", "reads=9/month", "restore-every=never"}, Writing, "written", 1.13, 1e-6},
		{"FAQ, upload", "EXPRESS_ONEZONE", []string{"size=10KiB", "objects=1M", "wait=0", "keep=30d", "reads=9/month", "restore-every=never"}, Writing, "uploaded", 0.03, 0.005},
		{"FAQ, GET", "EXPRESS_ONEZONE", []string{"size=10KiB", "objects=1M", "wait=0", "keep=30d", "reads=9/month", "restore-every=never"}, Reading, "GET", 0.27, 1e-6},
		{"FAQ, retrieval", "EXPRESS_ONEZONE", []string{"size=10KiB", "objects=1M", "wait=0", "keep=30d", "reads=9/month", "restore-every=never"}, Reading, "retrieval", 0.05, 0.005},
		// 600 TB: 51,200 GB at 0.023, 460,800 at 0.022, 102,400 at 0.021.
		{"steps of Standard", "STANDARD", []string{"size=1TiB", "objects=600", "wait=0", "keep=30d", "reads=never"}, Storing, "", 1177.6 + 10137.6 + 2150.4, 1e-4},
		{"Standard, 1,000 GB", "STANDARD", day30, Storing, "", 23, 1e-6},
		// 1,000,000 of 64 KiB are charged as 122.07 GB in place of 61.04.
		{"smallest size, what is stored", "STANDARD_IA", []string{"size=64KiB", "objects=1M", "wait=0", "keep=1y", "reads=never"}, Storing, "", 1e6 * 64 / (1 << 20) * 0.0125, 1e-6},
		{"smallest size, the rest", "STANDARD_IA", []string{"size=64KiB", "objects=1M", "wait=0", "keep=1y", "reads=never"}, Charged, "", 1e6 * 64 / (1 << 20) * 0.0125, 1e-6},
		// 30 days kept, 180 charged: five times the storage on top, with 32 KiB beside each object.
		{"shortest time", "DEEP_ARCHIVE", day30, Charged, "180 days", (1000 + 1000*32.0/(1<<20)) * 0.00099 * 5, 1e-6},
		{"shortest time reached", "STANDARD_IA", day30, Charged, "", 0, 0},
		{"overhead at the class's rate", "GLACIER", []string{"size=1MiB", "objects=1M", "wait=12h", "keep=1y", "reads=never"}, Charged, "32 KiB beside each object", 1e6 * 32 / (1 << 20) * 0.0036, 1e-6},
		{"overhead at Standard's", "GLACIER", []string{"size=1MiB", "objects=1M", "wait=12h", "keep=1y", "reads=never"}, Charged, "8 KiB beside each object", 1e6 * 8 / (1 << 20) * 0.023, 1e-6},
		{"monitoring", "INTELLIGENT_TIERING", []string{"size=1MiB", "objects=1M", "wait=0", "keep=1y", "reads=never"}, Watching, "", 2.5, 1e-6},
		{"too small to be monitored", "INTELLIGENT_TIERING", []string{"size=100KiB", "objects=1M", "wait=0", "keep=1y", "reads=never"}, Watching, "", 0, 0},
		// Never read for 360 days: 30 frequent, 60 infrequent, 270 archive instant.
		{"tiers", "INTELLIGENT_TIERING", []string{"size=1GiB", "objects=360", "wait=0", "keep=360d", "reads=never", "restore-every=never"}, Storing, "", 30*0.023 + 60*0.0125 + 270*0.004, 1e-6},
		// Of 120 days 30 in Standard and 90 in the class; each month a quarter of the objects is written and moved.
		{"lifecycle, Standard before", "GLACIER_IR", []string{"size=1GiB", "objects=1000", "wait=0", "keep=120d", "reads=never", "arrive=30d"}, Storing, "Standard", 250 * 0.023, 1e-6},
		{"lifecycle, the class after", "GLACIER_IR", []string{"size=1GiB", "objects=1000", "wait=0", "keep=120d", "reads=never", "arrive=30d"}, Storing, "storage", 750 * 0.004, 1e-6},
		{"lifecycle, requests", "GLACIER_IR", []string{"size=1GiB", "objects=1000", "wait=0", "keep=120d", "reads=never", "arrive=30d"}, Writing, "", 0.25 * (0.005 + 0.02), 1e-6},
		// 1,000 GB and 1,000 requests, once in 300 days.
		{"restore out of Instant Retrieval", "GLACIER_IR", []string{"size=1GiB", "objects=1000", "wait=0", "keep=1y", "reads=never", "restore-every=300d"}, Getting, "", (30 + 0.01) / 10, 1e-6},
		{"restore of a part", "GLACIER_IR", []string{"size=1GiB", "objects=1000", "wait=0", "keep=1y", "reads=never", "restore-every=300d", "restore=100GiB"}, Getting, "", (3 + 0.001) / 10, 1e-6},
		{"restore out of Deep Archive", "DEEP_ARCHIVE", []string{"size=1GiB", "objects=1000", "wait=12h", "keep=1y", "reads=never", "restore-every=300d"}, Getting, "",
			(1000*0.02 + 0.1 + 0.0004 + 1000*0.023*7/30) / 10, 1e-6},
		// A read a month, of which one in 37/30 finds the copy gone.
		{"reads out of an archive", "GLACIER", []string{"size=1GiB", "objects=1000", "wait=5h", "keep=1y", "reads=1/month", "restore-every=never"}, Reading, "",
			0.0004 + (0.05+10+1000*0.023*7/30)*30/37, 1e-6},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := sum(compare(t, c.answers...).get(c.class).Lines, c.kind, c.what)
			if math.Abs(got-c.want) > c.within {
				t.Errorf("%g USD, want %g", got, c.want)
			}
		})
	}
}

// re:Post, "Manage data retrieval": 15,000,000 objects of 102,400 GB together cost 750 + 1,024 USD by Standard, 150,000 +
// 3,072 by Expedited, and nothing by Bulk.
func TestRestoreOfEverything(t *testing.T) {
	c := compare(t, "objects=15M", "size=7330078B", "reads=never", "wait=12h", "keep=1y")
	want := map[string][2]float64{"Standard": {750, 1024}, "Expedited": {150_000, 3072}, "Bulk": {0, 0}}
	for _, r := range c.get("GLACIER").Restores {
		for i, what := range []string{"restore requests", "retrieval"} {
			if got := sum(r.Lines, Getting, what); math.Abs(got-want[r.Tier][i]) > 0.01 {
				t.Errorf("%s, %s: %g USD, want %g", r.Tier, what, got, want[r.Tier][i])
			}
		}
		if r.Chosen != (r.Tier == "Bulk") || r.Fits != (r.Tier != "Expedited") {
			t.Errorf("%s: fits %v, chosen %v", r.Tier, r.Fits, r.Chosen)
		}
		if r.Tier == "Bulk" && r.Wait != "16 h 10 min" { // 12 h, and 15,000 s to ask for all
			t.Errorf("Bulk takes %s", r.Wait)
		}
	}
}

func TestRuledOut(t *testing.T) {
	base := []string{"objects=1000", "size=1MiB", "reads=1/month", "wait=0", "keep=1y"}
	for _, c := range []struct {
		name, class string
		more        []string
		why         string // part of it; empty when it fits
	}{
		{"only copy", "ONEZONE_IA", nil, "the only copy would be lost"},
		{"another copy", "ONEZONE_IA", []string{"only-copy=no"}, ""},
		{"no backup", "EXPRESS_ONEZONE", []string{"only-copy=no"}, "not for backups"},
		{"never", "REDUCED_REDUNDANCY", []string{"only-copy=no"}, "recommends it for nothing"},
		{"at once", "GLACIER", nil, "must come at once"},
		{"Expedited", "GLACIER", []string{"wait=5m", "objects=999"}, ""},
		{"Expedited of a few", "GLACIER", []string{"wait=5m", "objects=10k", "restore=1MiB"}, ""},
		{"Expedited, too many for it", "GLACIER", []string{"wait=5m"}, "its fastest restore of so many objects takes up to 5 h, and 5 min is the longest accepted"},
		{"Expedited, too large for it", "GLACIER", []string{"wait=5m", "size=5GiB", "objects=100"}, "its fastest restore takes up to 5 min 17 s, and 5 min is the longest accepted"},
		{"Standard", "DEEP_ARCHIVE", []string{"wait=11h"}, "up to 12 h, and 11 h is the longest"},
		{"Standard fits", "DEEP_ARCHIVE", []string{"wait=12h"}, ""},
		{"too early", "STANDARD_IA", []string{"arrive=29d"}, "after 30 days in Standard, not after 29 d"},
		{"early enough", "STANDARD_IA", []string{"arrive=30d"}, ""},
		{"never too early", "GLACIER_IR", []string{"arrive=1d"}, ""},
		{"not moved", "GLACIER_IR", []string{"arrive=30d", "size=127KiB"}, "under 128 KiB"},
		{"moved", "GLACIER_IR", []string{"arrive=30d", "size=128KiB"}, ""},
		{"Standard stays", "STANDARD", []string{"arrive=1d", "size=1KiB"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := compare(t, append(slices.Clone(base), c.more...)...).get(c.class)
			if k.Fits != (c.why == "") || k.Fits != (len(k.RuledOut) == 0) {
				t.Fatalf("fits %v: %v", k.Fits, k.RuledOut)
			}
			if c.why != "" && !slices.ContainsFunc(k.RuledOut, func(r Reason) bool { return strings.Contains(r.Text, c.why) && r.Source != "" && r.Mark != "" }) {
				t.Errorf("%v", k.RuledOut)
			}
		})
	}
}

// What is advised in cases that leave no doubt.
func TestBest(t *testing.T) {
	for _, c := range []struct {
		name, best string
		answers    []string
		near       []string
	}{
		{"cold, and one can wait", "DEEP_ARCHIVE", []string{"objects=1000", "size=1GiB", "reads=never", "wait=48h", "keep=7y", "restore-every=never"}, nil},
		{"cold, and one cannot wait", "GLACIER_IR", []string{"objects=1000", "size=1GiB", "reads=never", "wait=0", "keep=7y", "restore-every=never"}, nil},
		{"hot", "STANDARD", []string{"objects=1000", "size=1GiB", "reads=1/day", "wait=0", "keep=7y"}, []string{"INTELLIGENT_TIERING"}},
		{"many small ones for a week", "STANDARD", []string{"objects=100M", "size=8KiB", "reads=1/month", "wait=48h", "keep=7d"}, []string{"INTELLIGENT_TIERING"}},
		{"nobody knows", "INTELLIGENT_TIERING", []string{"objects=1000", "size=1GiB", "reads=unknown", "wait=0", "keep=1y"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := compare(t, c.answers...)
			if got.Best != c.best || !slices.Equal(got.Near, c.near) {
				t.Errorf("%s, nearly %v: %s", got.Best, got.Near, got.Why)
			}
		})
	}
}

func TestWrongAnswers(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"no unit", "size: 5", `a.yaml:2:7: "5" has no unit; write it like 5KiB`},
		{"no size", "size: big", `"big" is not a size`},
		{"too large", "size: 51TiB", "no object of S3 is larger"},
		{"a part of a byte", "size: 0.1B", "less than a byte"},
		{"no frequency", "reads: 3", `"3" does not say in what time; write it like 3/month`},
		{"strange frequency", "reads: often", `"often" is not a frequency`},
		{"negative", "reads: -1/month", "is not a frequency"},
		{"a wait without a unit", "wait: 5", "is not a length of time"},
		{"half an object", "objects: 1.5", "not a whole number"},
		{"no objects", "objects: 0", "not a whole number"},
		{"kept for no time", "keep: 1h", "keep is 1h, which is not between 1 d and 100 y"},
		{"unknown key", "sizes: 5", `a.yaml:2:1: there is no question "sizes"; did you mean size?`},
		{"another answer", "only-copy: perhaps", `"perhaps" is not an answer to only-copy`},
		{"moved after the end", "arrive: 2y\nobjects: 1\nsize: 1KiB\nreads: never\nwait: 0\nkeep: 1y", "a.yaml:2:9: arrive: lifecycle would move objects after 2 y"},
		{"more than there is", "restore: 2KiB\nobjects: 1\nsize: 1KiB\nreads: never\nwait: 0\nkeep: 1y", "a.yaml:2:10: restore: 2 KiB cannot come back out of 1 KiB; write restore: all"},
		{"missing", "size: 1KiB", `a.yaml: the answer "objects" is missing (How many objects are there?); write objects: 1M`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Form().Read("a.yaml", []byte("schema: "+AnswersSchema+"\n"+c.src+"\n"))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got\n%v\nwant %s", err, c.want)
			}
		})
	}
	if _, err := Compare(plan.Answers{"size": {"1KiB"}}); err == nil {
		t.Error("a comparison was made of too few answers")
	}
}

// Every row has what a reader needs to trust it, and is a class that the API knows.
func TestRows(t *testing.T) {
	known := s3.StorageClass("").Values()
	for _, c := range classes() {
		if !slices.Contains(known, s3.StorageClass(c.id)) || c.letter == "" || c.use == "" || c.source == "" || c.mark == "" || c.wait == "" || c.zones == 0 {
			t.Errorf("%s: %+v", c.id, c)
		}
		if c.storage == nil && c.id != "REDUCED_REDUNDANCY" {
			t.Errorf("%s has no price", c.id)
		}
		for i, x := range c.tiers {
			if x.source == "" || x.mark == "" || x.to <= x.from || i > 0 && x.to >= c.tiers[i-1].to || (x.data == nil) != (x.request == nil) {
				t.Errorf("%s, %s: %+v", c.id, x.name, x)
			}
		}
	}
	for _, q := range Questions() {
		if q.Help == "" || len(q.Default) == 0 {
			t.Errorf("%s lacks its reason or its default", q.ID)
		}
		for _, o := range q.Options {
			if err := Form().Set(plan.Answers{}, q.ID, o.Value); err != nil {
				t.Errorf("%s: %v", q.ID, err)
			}
		}
	}
}

func TestWords(t *testing.T) {
	for usd, want := range map[float64]string{0: "0.00", 1234567.8: "1,234,568", 12.345: "12.35", 0.5: "0.50", 0.0123: "0.012", 0.000012: "0.000012", 1e-9: "under 0.000001"} {
		if got := Money(usd); got != want {
			t.Errorf("%g: %s, want %s", usd, got, want)
		}
	}
	for reads, want := range map[float64]string{0: "never", 1: "once a month", 2.5: "2.5 times a month", 30.0 / 365: "once a year", 0.5: "once in 2 months", 0.01: "once in 8.2 years"} {
		if got := Often(reads); got != want {
			t.Errorf("%g: %s, want %s", reads, got, want)
		}
	}
}
