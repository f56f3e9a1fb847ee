package plan

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"lifeboat/aws/spelling"
)

// Kind of a question: what a view offers to answer it.
type Kind string

const (
	Select Kind = "select" // one of Options; another value is fine where Validate takes it
	Multi  Kind = "multi"  // one or more of Options
	Number Kind = "number"
	Text   Kind = "text"
)

// Question is one thing the plan has to know. The same list feeds the wizard, the plain prompter and the answers file,
// where ID is the key.
type Question struct {
	ID       string
	Text     string
	Help     string
	Kind     Kind
	Options  []Option
	Default  []string // taken when nobody is asked; empty when there is none
	Optional bool     // may stay without an answer
	// Validate tells what is wrong with one value (each one, for Multi), as a sentence to show; nil when it is right.
	Validate func(string) error
}

// Option is one value to choose.
type Option struct {
	Value string
	Label string
	Note  string
}

// Questions lists what the plan asks, in order. The list is made anew on every call, so that a view may keep it.
func Questions() []Question {
	return []Question{
		{
			ID: "resources", Kind: Multi, Options: resourceOptions(),
			Text: "What do you keep your data in?",
			Help: "Choose everything that holds data nobody could make again. Leave out what can be rebuilt from something else.",
		},
		{
			ID: "loss", Kind: Select, Default: []string{"4h"}, Validate: objective,
			Text: "How much work may be lost?",
			Help: "The recovery point objective (RPO): the longest stretch of data, counted back from the disaster, that may be gone for good.",
			Options: []Option{
				{"1m", "one minute", "no backup reaches this; a live copy beside the backups does"},
				{"5m", "5 minutes", "the edge of what a continuous database backup gives"},
				{"15m", "15 minutes", "continuous backup or replication"},
				{"1h", "an hour", "an hourly schedule alone does not keep this: its worst case is longer than 2 h"},
				{"4h", "4 hours", "snapshots every hour or two"},
				{"24h", "a day", "snapshots a few times a day"},
				{"7d", "a week", "a snapshot every few days"},
			},
		},
		{
			ID: "outage", Kind: Select, Default: []string{"4h"}, Validate: objective,
			Text: "How long may it be down?",
			Help: "The recovery time objective (RTO): from the disaster until people work again. Noticing, deciding, restoring, checking and switching over all count.",
			Options: []Option{
				{"15m", "15 minutes", "usually a second copy that runs already"},
				{"1h", "an hour", "a rehearsed restore of something small"},
				{"4h", "4 hours", "a rehearsed restore"},
				{"24h", "a day", "any restore from warm storage"},
				{"72h", "3 days", "even archived snapshots are back by then"},
			},
		},
		{
			ID: "keep", Kind: Select, Default: []string{"35d"}, Validate: span("keep", 24*time.Hour, 36500*24*time.Hour),
			Text: "How far back must you be able to go?",
			Help: "The retention. Damage that nobody notices for a month needs more than a month of recovery points.",
			Options: []Option{
				{"7d", "a week", ""},
				{"35d", "35 days", "as far as any continuous backup reaches"},
				{"90d", "90 days", "a second, rarer schedule comes in"},
				{"1y", "a year", ""},
				{"7y", "7 years", "check that a law asks for it, and for which records"},
			},
		},
		{
			ID: "away", Kind: Select, Default: []string{"region"},
			Text: "Where else must a copy be?",
			Help: "A copy in the same Region dies with the Region, a copy in the same account dies with the account.",
			Options: []Option{
				{"none", "nowhere else", "the loss of the Region or the account loses everything"},
				{"region", "a second Region", "for the loss of a Region"},
				{"account", "a second account", "for stolen credentials and for insiders"},
				{"region-and-account", "a second account, in a second Region", "for both"},
			},
		},
		{
			ID: "guard", Kind: Select, Default: []string{"operators"},
			Text: "Who must not be able to delete the copies?",
			Help: "Whoever can delete the data and the backups can end the company in one afternoon; so can whoever steals their keys.",
			Options: []Option{
				{"nobody", "no one is kept from it", "only mistakes are feared, and one of them is enough"},
				{"operators", "the people who run the workload", "permissions and a lock that a few can open"},
				{"administrators", "an administrator of this account", "a lock that nobody in this account can open"},
				{"anyone", "anyone at all, us and AWS too, until it expires", "cannot be undone after a grace of at least 3 days"},
			},
		},
		{
			ID: "size", Kind: Number, Optional: true, Validate: size,
			Text: "How much data is it, in GiB, for each resource?",
			Help: "For the cost and the restore time. Leave it empty when you do not know; the plan then gives no figures that would need it.",
		},
	}
}

// check tells what is wrong with one value of an answer.
func (q Question) check(value string) error {
	if q.Validate != nil {
		return q.Validate(value)
	}
	var values []string
	for _, o := range q.Options {
		if o.Value == value {
			return nil
		}
		values = append(values, o.Value)
	}
	return fmt.Errorf("%q is not an answer to %s; %s", value, q.ID, suggest(value, values))
}

// objective checks an RPO or RTO. Zero is refused: AWS Resilience Hub reports a policy with a zero target as breached
// whatever protects the resource (Resilience Hub User Guide, "Managing resiliency policies").
func objective(s string) error {
	d, err := ParseSpan(s)
	if err != nil {
		return err
	}
	if d == 0 {
		return fmt.Errorf("0 is not a target that anything can keep; say a minute, or run the workload in two places at once")
	}
	return span("target", time.Second, 365*24*time.Hour)(s)
}

func span(name string, least, most time.Duration) func(string) error {
	return func(s string) error {
		d, err := ParseSpan(s)
		if err != nil {
			return err
		}
		if d < least || d > most {
			return fmt.Errorf("%s is %s, which is not between %s and %s", name, s, Span(least), Span(most))
		}
		return nil
	}
}

func size(s string) error {
	if s == "" {
		return nil
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || !(n > 0 && n <= 1e9) {
		return fmt.Errorf("%q is not a size; write a number of GiB such as 500", s)
	}
	return nil
}

var spanParts = regexp.MustCompile(`^(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?$`)

// ParseSpan reads a length of time such as 90m, 1h30m, 35d or 7y (a year is 365 days).
func ParseSpan(s string) (time.Duration, error) {
	parts := spanParts.FindStringSubmatch(s)
	wrong := fmt.Errorf("%q is not a length of time; write it like 15m, 4h, 35d or 7y", s)
	if s == "0" {
		return 0, nil
	}
	if s == "" || parts == nil {
		return 0, wrong
	}
	units := []time.Duration{365 * day, 7 * day, day, time.Hour, time.Minute, time.Second}
	var total time.Duration
	for i, p := range parts[1:] {
		if p == "" {
			continue
		}
		n, err := strconv.ParseInt(p[:len(p)-1], 10, 64)
		if err != nil || n > int64(200*365*day/units[i]) {
			return 0, wrong
		}
		total += time.Duration(n) * units[i]
	}
	if total > 200*365*day {
		return 0, wrong
	}
	return total, nil
}

const day = 24 * time.Hour

// Span writes a length of time for people: "2 h 20 min", "35 d".
func Span(d time.Duration) string {
	if d == 0 {
		return "0"
	}
	var out []string
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if n := d / u.unit; n > 0 && len(out) < 3 {
			if u.name == "d" && n%365 == 0 {
				out = append(out, fmt.Sprintf("%d y", n/365))
			} else {
				out = append(out, fmt.Sprintf("%d %s", n, u.name))
			}
			d -= n * u.unit
		}
	}
	if len(out) == 0 {
		return "under 1 s"
	}
	return strings.Join(out, " ")
}

// suggest names the nearest of the right words, or all of them when none is near.
func suggest(got string, right []string) string {
	if best := spelling.Nearest(strings.ToLower(got), right); best != "" {
		return "did you mean " + best + "?"
	}
	return "write one of " + strings.Join(right, ", ")
}
