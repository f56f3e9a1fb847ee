package s3

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	maxLifecycleRules = 1000
	maxRuleID         = 255
	maxBound          = 1_099_511_627_776_000 // bytes in a filter
)

// checkLifecycle is what S3 asks of a lifecycle configuration (Amazon S3 User Guide, "Lifecycle configuration elements"). The words are those it
// answers with; the first fault found is the answer.
func checkLifecycle(rules []types.LifecycleRule) error {
	if len(rules) == 0 {
		return malformed()
	}
	if len(rules) > maxLifecycleRules {
		return refuseRule("The number of lifecycle rules must not exceed the allowed limit of 1000 rules.")
	}
	ids := map[string]bool{}
	for _, r := range rules {
		id := aws.ToString(r.ID)
		switch {
		case len(id) > maxRuleID:
			return invalid("ID length should not exceed allowed limit of 255", "ID", id)
		case ids[id]:
			return invalid("Rule ID must be unique. Found same ID for more than one rule", "ID", id)
		case id != "":
			ids[id] = true
		}
	}
	filtered := rules[0].Filter != nil
	for _, r := range rules {
		if err := checkFilter(r, filtered); err != nil {
			return err
		}
		if err := ruled(r).check(filtered); err != nil {
			return err
		}
	}
	if !filtered {
		return checkOverlap(rules)
	}
	return nil
}

func refuseRule(format string, values ...any) error {
	return fault("InvalidRequest", fmt.Sprintf(format, values...))
}

// checkFilter checks which objects a rule is for. All rules have filters, or none has: then they have prefixes.
func checkFilter(r types.LifecycleRule, filtered bool) error {
	f := r.Filter
	//lint:ignore SA1019 rules from before filters have it
	prefix := r.Prefix
	switch {
	case f == nil && prefix == nil:
		return malformed()
	case filtered && prefix != nil:
		return refuseRule("Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the Filter.")
	case !filtered && f != nil:
		return refuseRule("Filter element can only be used in Lifecycle V2.")
	case f == nil:
		return nil
	}
	given := 0
	for _, is := range []bool{f.And != nil, f.Prefix != nil, f.Tag != nil, f.ObjectSizeGreaterThan != nil, f.ObjectSizeLessThan != nil} {
		if is {
			given++
		}
	}
	if given > 1 {
		return malformed()
	}
	l := ruled(r)
	keys := map[string]bool{}
	for _, t := range l.tags {
		switch key := aws.ToString(t.Key); {
		case key == "":
			return malformed()
		case keys[key]:
			return refuseRule("Duplicate Tag Keys are not allowed.")
		default:
			keys[key] = true
		}
	}
	switch {
	case len(l.prefix) > maxKey:
		return invalid("The maximum size of a prefix is 1024.", "Prefix", l.prefix)
	case l.over != nil && (*l.over < 0 || *l.over > maxBound):
		return refuseRule("'ObjectSizeGreaterThan' should be between 0 and 1099511627776000.")
	case l.under != nil && (*l.under < 1 || *l.under > maxBound):
		return refuseRule("'ObjectSizeLessThan' should be between 1 and 1099511627776000.")
	case l.over != nil && l.under != nil && *l.over >= *l.under:
		return refuseRule("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.")
	}
	return nil
}

// filter is the rule's filter as S3's errors write it.
func (r lifeRule) filter() string {
	var parts []string
	if r.prefix != "" || len(r.tags) == 0 && r.over == nil && r.under == nil {
		parts = append(parts, "prefix="+r.prefix)
	}
	for _, t := range r.tags {
		parts = append(parts, fmt.Sprintf("tag={key=%s, value=%s}", aws.ToString(t.Key), aws.ToString(t.Value)))
	}
	if r.over != nil {
		parts = append(parts, fmt.Sprintf("objectsizegreaterthan=%d", *r.over))
	}
	if r.under != nil {
		parts = append(parts, fmt.Sprintf("objectsizelessthan=%d", *r.under))
	}
	return "(" + strings.Join(parts, " and ") + ")"
}

// check checks a rule's actions.
func (r lifeRule) check(filtered bool) error {
	if r.Expiration == nil && r.NoncurrentVersionExpiration == nil && r.AbortIncompleteMultipartUpload == nil && len(r.Transitions)+len(r.NoncurrentVersionTransitions) == 0 {
		return refuseRule("At least one action needs to be specified in a rule")
	}
	for _, check := range []func() error{r.checkExpiration, func() error { return r.checkNoncurrent(filtered) }, r.checkAbort, r.checkTransitions} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// unfiltered refuses an action that cannot be for some tags or sizes only.
func (r lifeRule) unfiltered(action string) error {
	switch {
	case len(r.tags) > 0:
		return refuseRule("%s cannot be specified with Tags.", action)
	case r.over != nil || r.under != nil:
		return refuseRule("%s cannot be specified with Object Size.", action)
	}
	return nil
}

func positive(name, action string, n int32) error {
	if n < 1 {
		return invalid(fmt.Sprintf("'%s' for %s action must be a positive integer", name, action), name, fmt.Sprint(n))
	}
	return nil
}

func atMidnight(t time.Time) error {
	if !t.Equal(t.Truncate(24 * time.Hour)) {
		return invalid("'Date' must be at midnight GMT", "Date", t.UTC().Format(time.RFC3339))
	}
	return nil
}

func (r lifeRule) checkExpiration() error {
	e := r.Expiration
	switch {
	case e == nil:
		return nil
	case e.Date != nil && e.Days == nil && e.ExpiredObjectDeleteMarker == nil:
		return atMidnight(*e.Date)
	case e.Days != nil && e.Date == nil && e.ExpiredObjectDeleteMarker == nil:
		return positive("Days", "Expiration", *e.Days)
	case e.ExpiredObjectDeleteMarker != nil && e.Date == nil && e.Days == nil:
		return r.unfiltered("ExpiredObjectDeleteMarker")
	}
	return malformed()
}

func (r lifeRule) checkNoncurrent(filtered bool) error {
	e := r.NoncurrentVersionExpiration
	switch {
	case e == nil:
		return nil
	case e.NoncurrentDays == nil:
		return malformed()
	case e.NewerNoncurrentVersions != nil && !filtered:
		return refuseRule("NewerNoncurrentVersions element can only be used in Lifecycle V2.")
	}
	if err := positive("NoncurrentDays", "NoncurrentVersionExpiration", *e.NoncurrentDays); err != nil {
		return err
	}
	return newerVersions(e.NewerNoncurrentVersions)
}

func newerVersions(n *int32) error {
	if n != nil && *n < 1 {
		return invalid("'NewerNoncurrentVersions' must be a positive integer", "NewerNoncurrentVersions", fmt.Sprint(*n))
	}
	return nil
}

func (r lifeRule) checkAbort() error {
	a := r.AbortIncompleteMultipartUpload
	switch {
	case a == nil:
		return nil
	case a.DaysAfterInitiation == nil:
		return malformed()
	}
	if err := positive("DaysAfterInitiation", "AbortIncompleteMultipartUpload", *a.DaysAfterInitiation); err != nil {
		return err
	}
	return r.unfiltered("AbortIncompleteMultipartUpload")
}

// checkOverlap refuses rules with prefixes of which one begins with the other and that have actions of one kind.
func checkOverlap(rules []types.LifecycleRule) error {
	kinds := []struct {
		name string
		has  func(types.LifecycleRule) bool
	}{
		{"Expiration", func(r types.LifecycleRule) bool { return r.Expiration != nil }},
		{"Transition", func(r types.LifecycleRule) bool { return len(r.Transitions) > 0 }},
		{"NoncurrentVersionTransition", func(r types.LifecycleRule) bool { return len(r.NoncurrentVersionTransitions) > 0 }},
		{"NoncurrentVersionExpiration", func(r types.LifecycleRule) bool { return r.NoncurrentVersionExpiration != nil }},
		{"AbortIncompleteMultipartUpload", func(r types.LifecycleRule) bool { return r.AbortIncompleteMultipartUpload != nil }},
	}
	for _, kind := range kinds {
		var prefixes []string
		for _, r := range rules {
			if kind.has(r) {
				prefixes = append(prefixes, ruled(r).prefix)
			}
		}
		slices.Sort(prefixes) // one that begins another begins the one after it
		for i, prefix := range prefixes[min(1, len(prefixes)):] {
			if strings.HasPrefix(prefix, prefixes[i]) {
				return refuseRule("Found overlapping prefixes '%s' and '%s' for same action type '%s'", prefixes[i], prefix, kind.name)
			}
		}
	}
	return nil
}
