package classes

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"lifeboat/runbooks/plan"
)

// AnswersSchema is the version of the answers file.
const AnswersSchema = "lifeboat.storage-class-answers/1"

// Form is the advisor's questions with the file that answers them.
func Form() plan.Form {
	return plan.Form{Schema: AnswersSchema, Command: "lifeboat plan storage-class", Questions: Questions(), Together: together}
}

// Questions lists what the advisor asks, in order. Those that may stay without an answer have one that is assumed, and
// the comparison says so.
func Questions() []plan.Question {
	return []plan.Question{
		{
			ID: "objects", Kind: plan.Select, Default: []string{"1M"}, Validate: countOf,
			Text: "How many objects are there?",
			Help: "At any time, not a month. Requests, monitoring and the overhead of archives are paid for each object, so a million small ones and a few large ones of the same weight belong into different classes.",
			Options: []plan.Option{
				{Value: "1k", Label: "a thousand"}, {Value: "100k", Label: "a hundred thousand"}, {Value: "1M", Label: "a million"},
				{Value: "100M", Label: "a hundred million", Note: "a request for each of them is a bill of its own"},
			},
		},
		{
			ID: "size", Kind: plan.Select, Default: []string{"1MiB"}, Validate: sizeOf,
			Text: "How large is one of them?",
			Help: "On average. Below 128 KiB the infrequent classes charge for 128 KiB, lifecycle rules leave objects where they are, and Intelligent-Tiering does not move them; in an archive each object takes 40 KiB more.",
			Options: []plan.Option{
				{Value: "8KiB", Label: "8 KiB", Note: "most of what an archive stores would be its own overhead"}, {Value: "100KiB", Label: "100 KiB"},
				{Value: "1MiB", Label: "1 MiB"}, {Value: "100MiB", Label: "100 MiB"}, {Value: "5GiB", Label: "5 GiB"},
			},
		},
		{
			ID: "reads", Kind: plan.Select, Default: []string{"unknown"}, Validate: readsOf,
			Text: "How often is one of them read?",
			Help: "The colder a class, the less it costs to store in and the more to read from. Restores are asked for below; this is everyday reading.",
			Options: []plan.Option{
				{Value: "unknown", Label: "I don't know", Note: "then the class that costs least too much, however often it is"},
				{Value: "never", Label: "never"}, {Value: "1/year", Label: "once a year"}, {Value: "4/year", Label: "once a quarter"},
				{Value: "1/month", Label: "once a month"}, {Value: "10/month", Label: "ten times a month"}, {Value: "1/day", Label: "every day"},
			},
		},
		{
			ID: "wait", Kind: plan.Select, Default: []string{"0"}, Validate: waitOf,
			Text: "How long may it take until a first byte comes?",
			Help: "In an outage this wait is part of the recovery time (RTO). Two classes are archives: an object there must be restored before it can be read, which takes from minutes to two days.",
			Options: []plan.Option{
				{Value: "0", Label: "it must come at once", Note: "milliseconds: no archive does that"},
				{Value: "5m", Label: "5 minutes", Note: "Glacier Flexible Retrieval, Expedited, for hundreds of objects at a time"}, {Value: "5h", Label: "5 hours", Note: "Glacier Flexible Retrieval, Standard"},
				{Value: "12h", Label: "12 hours", Note: "Deep Archive, Standard"}, {Value: "48h", Label: "2 days", Note: "Deep Archive, Bulk"},
			},
		},
		{
			ID: "keep", Kind: plan.Select, Default: []string{"1y"}, Validate: keepOf,
			Text: "How long is an object kept?",
			Help: "Until it is deleted or overwritten, whichever comes first, on average. The colder classes charge for 30, 90 or 180 days at least, and what an object costs once is spread over this time.",
			Options: []plan.Option{
				{Value: "7d", Label: "a week"}, {Value: "30d", Label: "30 days"}, {Value: "90d", Label: "90 days"}, {Value: "180d", Label: "180 days"},
				{Value: "1y", Label: "a year"}, {Value: "7y", Label: "7 years"},
			},
		},
		{
			ID: "only-copy", Kind: plan.Select, Default: []string{"yes"}, Optional: true,
			Text: "Is this the only copy?",
			Help: "A class in one zone loses its objects with the zone. That is fine for a replica or for what can be made again, never for the only copy.",
			Options: []plan.Option{
				{Value: "yes", Label: "yes, or I don't know", Note: "nothing that lives in one zone comes into question"},
				{Value: "no", Label: "no, there is another, or it can be made again"},
			},
		},
		{
			ID: "restore-every", Kind: plan.Select, Default: []string{"1y"}, Optional: true, Validate: everyOf,
			Text: "How often do you expect to restore from it?",
			Help: "Rehearsals count. Getting data out of a cold class costs by the GB and by the object; a restore a month can cost more than a warmer class.",
			Options: []plan.Option{
				{Value: "never", Label: "never", Note: "then why keep it?"}, {Value: "30d", Label: "once a month"}, {Value: "90d", Label: "once a quarter"},
				{Value: "1y", Label: "once a year"}, {Value: "5y", Label: "once in five years"},
			},
		},
		{
			ID: "restore", Kind: plan.Select, Default: []string{"all"}, Optional: true, Validate: restoreOf,
			Text: "How much is restored each time?",
			Help: "The whole after a disaster, a part of it after a mistake.",
			Options: []plan.Option{
				{Value: "all", Label: "all of it"}, {Value: "1GiB", Label: "1 GiB"}, {Value: "100GiB", Label: "100 GiB"}, {Value: "10TiB", Label: "10 TiB"},
			},
		},
		{
			ID: "arrive", Kind: plan.Select, Default: []string{"direct"}, Optional: true, Validate: arriveOf,
			Text: "How do objects get into the class?",
			Help: "Written there directly, or written to Standard and moved by a lifecycle rule after some days. A move is a request that is paid for, and the days before it are paid for as Standard.",
			Options: []plan.Option{
				{Value: "direct", Label: "they are written there"}, {Value: "30d", Label: "lifecycle moves them after 30 days", Note: "the earliest for the infrequent access classes"},
				{Value: "90d", Label: "lifecycle moves them after 90 days"},
			},
		},
	}
}

// need is what was answered, in numbers.
type need struct {
	objects, bytes float64
	reads          float64 // of an object a month
	unknown        bool    // reads
	wait           time.Duration
	keep           time.Duration
	only           bool
	every          time.Duration // between restores; 0 is never
	part           float64       // of all data that a restore brings back, 0 to 1
	after          time.Duration // lifecycle moves objects; 0 is written directly
}

const (
	day   = 24 * time.Hour
	month = 30 * day
	kib   = 1 << 10
	gib   = 1 << 30

	// assumedReads is the frequency that lines are written for where it is unknown: the border between AWS's "more than
	// once a month" and "about once a month".
	assumedReads = 1.0
	mostObjects  = 1e12
	mostData     = 1 << 60
	mostReads    = 1e6
	mostBytes    = 50 << 40 // of one object (S3 User Guide, "Uploading objects")
)

// read turns answers that were checked into numbers.
func read(a plan.Answers) need {
	n := need{reads: assumedReads, only: a.One("only-copy") != "no", part: 1}
	n.objects, _ = parseCount(a.One("objects"))
	n.bytes, _ = parseBytes(a.One("size"))
	if n.unknown = a.One("reads") == "unknown"; !n.unknown {
		n.reads, _ = parseReads(a.One("reads"))
	}
	n.wait, _ = plan.ParseSpan(a.One("wait"))
	n.keep, _ = plan.ParseSpan(a.One("keep"))
	if a.One("restore-every") != "never" {
		n.every, _ = plan.ParseSpan(a.One("restore-every"))
	}
	if b, err := parseBytes(a.One("restore")); err == nil {
		n.part = min(1, b/(n.objects*n.bytes))
	}
	if a.One("arrive") != "direct" {
		n.after, _ = plan.ParseSpan(a.One("arrive"))
	}
	return n
}

// gib is the weight of all objects in GB of 2^30 bytes.
func (n need) gib() float64 { return n.objects * n.bytes / gib }

// together finds answers that contradict each other.
func together(a plan.Answers) []plan.Wrong {
	n := read(filled(a))
	var out []plan.Wrong
	say := func(id, instead, format string, args ...any) {
		out = append(out, plan.Wrong{Question: id, Text: fmt.Sprintf(format, args...), Instead: instead})
	}
	if n.objects*n.bytes > mostData {
		say("size", "write fewer or smaller objects", "size: %s objects of %s are more than 1,024 PiB, and more than that is not reckoned with", grouped(n.objects), bytesText(n.bytes))
	}
	if n.after >= n.keep {
		say("arrive", "write a shorter time, or arrive: direct", "arrive: lifecycle would move objects after %s, but they are kept for %s only", plan.Span(n.after), plan.Span(n.keep))
	}
	if b, err := parseBytes(a.One("restore")); err == nil && b > n.objects*n.bytes {
		say("restore", "write restore: all", "restore: %s cannot come back out of %s", bytesText(b), bytesText(n.objects*n.bytes))
	}
	return out
}

// filled puts in what is assumed where an optional question has no answer.
func filled(a plan.Answers) plan.Answers {
	out := plan.Answers{}
	for _, q := range Questions() {
		out[q.ID] = a[q.ID]
		if q.Optional && len(a[q.ID]) == 0 {
			out[q.ID] = q.Default
		}
	}
	return out
}

// assumed says what is taken for questions without an answer.
func assumed(a plan.Answers) []string {
	out := []string{}
	for _, q := range Questions() {
		if !q.Optional || len(a[q.ID]) > 0 {
			continue
		}
		for _, o := range q.Options {
			if o.Value == q.Default[0] {
				out = append(out, fmt.Sprintf("%s %s (%s: %s)", q.Text, o.Label, q.ID, o.Value))
			}
		}
	}
	return out
}

var countParts = regexp.MustCompile(`^(\d+(?:\.\d+)?)([kMG]?)$`)

func parseCount(s string) (float64, error) {
	parts := countParts.FindStringSubmatch(s)
	if parts == nil {
		return 0, fmt.Errorf("%q is not a number of objects; write it like 1000, 100k or 1M", s)
	}
	n, err := strconv.ParseFloat(parts[1], 64)
	n *= map[string]float64{"": 1, "k": 1e3, "M": 1e6, "G": 1e9}[parts[2]]
	if err != nil || n < 1 || n > mostObjects || n != math.Trunc(n) {
		return 0, fmt.Errorf("objects is %s, which is not a whole number between 1 and 1000G", s)
	}
	return n, nil
}

func countOf(s string) error {
	_, err := parseCount(s)
	return err
}

var byteParts = regexp.MustCompile(`^(\d+(?:\.\d+)?) ?([KMGT]?)(i?B)$`)

// parseBytes reads a size. The units are powers of 2^10 with or without the i, since those on AWS's bills are.
func parseBytes(s string) (float64, error) {
	parts := byteParts.FindStringSubmatch(s)
	if parts == nil || parts[2] == "" && parts[3] != "B" {
		if _, err := strconv.ParseFloat(s, 64); err == nil {
			return 0, fmt.Errorf("%q has no unit; write it like %sKiB, %sMiB or %sGiB", s, s, s, s)
		}
		return 0, fmt.Errorf("%q is not a size; write it like 100KiB, 1MiB or 5GiB", s)
	}
	n, err := strconv.ParseFloat(parts[1], 64)
	n *= map[string]float64{"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}[parts[2]]
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no size that anything has; write it like 100KiB, 1MiB or 5GiB", s)
	case n < 1:
		return 0, fmt.Errorf("%q is less than a byte; write it like 100KiB, 1MiB or 5GiB", s)
	}
	return n, nil
}

func sizeOf(s string) error {
	n, err := parseBytes(s)
	if err == nil && n > mostBytes {
		return fmt.Errorf("size is %s, and no object of S3 is larger than 50 TiB", s)
	}
	return err
}

var readsParts = regexp.MustCompile(`^(\d+(?:\.\d+)?)/(day|week|month|year)$`)

// parseReads reads a frequency as reads a month.
func parseReads(s string) (float64, error) {
	if s == "never" {
		return 0, nil
	}
	parts := readsParts.FindStringSubmatch(s)
	if parts == nil {
		if _, err := strconv.ParseFloat(s, 64); err == nil {
			return 0, fmt.Errorf("%q does not say in what time; write it like %s/month or %s/year", s, s, s)
		}
		return 0, fmt.Errorf("%q is not a frequency; write it like 1/month, 4/year, never or unknown", s)
	}
	n, err := strconv.ParseFloat(parts[1], 64)
	n *= float64(month) / float64(map[string]time.Duration{"day": day, "week": 7 * day, "month": month, "year": 365 * day}[parts[2]])
	if err != nil || n > mostReads {
		return 0, fmt.Errorf("reads is %s, and more than a million a month is not reckoned with", s)
	}
	return n, nil
}

func readsOf(s string) error {
	if s == "unknown" {
		return nil
	}
	_, err := parseReads(s)
	return err
}

// spanBetween checks a length of time; words are answers beside it.
func spanBetween(name string, least, most time.Duration, words ...string) func(string) error {
	return func(s string) error {
		for _, w := range words {
			if s == w {
				return nil
			}
		}
		d, err := plan.ParseSpan(s)
		switch {
		case err != nil && len(words) > 0:
			return fmt.Errorf("%w, or %s", err, strings.Join(words, " or "))
		case err != nil:
			return err
		case d < least || d > most:
			return fmt.Errorf("%s is %s, which is not between %s and %s", name, s, plan.Span(least), plan.Span(most))
		}
		return nil
	}
}

func waitOf(s string) error   { return spanBetween("wait", 0, 365*day)(s) }
func keepOf(s string) error   { return spanBetween("keep", day, 36500*day)(s) }
func everyOf(s string) error  { return spanBetween("restore-every", day, 36500*day, "never")(s) }
func arriveOf(s string) error { return spanBetween("arrive", day, 36500*day, "direct")(s) }

func restoreOf(s string) error {
	if s == "all" {
		return nil
	}
	_, err := parseBytes(s)
	if err != nil {
		return fmt.Errorf("%w, or all", err)
	}
	return nil
}
