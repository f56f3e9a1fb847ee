package s3

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// step is a transition, of current or of noncurrent versions.
type step struct {
	class       types.TransitionStorageClass
	days, newer *int32
	date        *time.Time
}

// kind names the steps of a rule in S3's words.
type kind struct {
	action, days, expiration string
}

var (
	currents    = kind{"Transition", "Days", "Expiration"}
	noncurrents = kind{"NoncurrentVersionTransition", "NoncurrentDays", "NoncurrentVersionExpiration"}
)

func steps(transitions []types.Transition) (all []step) {
	for _, t := range transitions {
		all = append(all, step{class: t.StorageClass, days: t.Days, date: t.Date})
	}
	return all
}

func olderSteps(transitions []types.NoncurrentVersionTransition) (all []step) {
	for _, t := range transitions {
		all = append(all, step{class: t.StorageClass, days: t.NoncurrentDays, newer: t.NewerNoncurrentVersions})
	}
	return all
}

// descent are the classes in the order in which objects move through them.
var descent = []types.TransitionStorageClass{standardIA, intelligent, onezoneIA, instant, flexible, deep}

// begins is when a version is to be moved that has been current, or noncurrent, since a moment.
func (s step) begins(since time.Time) time.Time {
	if s.date != nil {
		return *s.date
	}
	return midnight(since, aws.ToInt32(s.days))
}

// stays is how many days an object must stay in a class before lifecycle moves it on ("Transitioning objects using Amazon S3 Lifecycle",
// constraints): what the class is paid for at least, unless it is already archived.
func stays(class types.TransitionStorageClass) int32 {
	switch class {
	case standardIA, onezoneIA:
		return 30
	case instant:
		return 90
	}
	return 0
}

// leastIA is how many days an object must have before it moves to an infrequent-access class.
const leastIA = 30

// checkTransitions checks both kinds of a rule's transitions, and against its expirations.
func (r lifeRule) checkTransitions() error {
	if err := r.checkSteps(currents, r.moves); err != nil {
		return err
	}
	if err := r.checkSteps(noncurrents, r.olderMoves); err != nil {
		return err
	}
	var days *int32
	if r.NoncurrentVersionExpiration != nil {
		days = r.NoncurrentVersionExpiration.NoncurrentDays
	}
	if err := r.checkEnd(noncurrents, r.olderMoves, step{days: days}); err != nil || r.Expiration == nil {
		return err
	}
	return r.checkEnd(currents, r.moves, step{days: r.Expiration.Days, date: r.Expiration.Date})
}

// checkSteps checks each transition for itself and in its order.
func (r lifeRule) checkSteps(k kind, steps []step) error {
	seen := map[types.TransitionStorageClass]bool{}
	for _, s := range steps {
		if err := s.check(k); err != nil {
			return err
		}
		if seen[s.class] {
			return refuseRule("'StorageClass' must be different for '%s' actions in same 'Rule' with filter '%s'", k.action, r.filter())
		}
		if seen[s.class] = true; (s.date == nil) != (steps[0].date == nil) {
			return refuseRule("Found mixed 'Date' and 'Days' based %s actions in lifecycle rule for filter '%s'", k.action, r.filter())
		}
	}
	steps = slices.Clone(steps)
	slices.SortFunc(steps, func(a, b step) int { return slices.Index(descent, a.class) - slices.Index(descent, b.class) })
	for i := range steps {
		for j := range i {
			if err := r.checkOrder(k, steps[j], steps[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s step) check(k kind) error {
	switch {
	case !slices.Contains(descent, s.class), s.days == nil && s.date == nil && k == noncurrents, s.days != nil && s.date != nil:
		return malformed()
	case s.days == nil && s.date == nil:
		return fault("InvalidArgument", "'Transition' action must specify either 'Days' or 'Date'")
	case s.date != nil:
		return atMidnight(*s.date)
	case *s.days < 0:
		return invalid(fmt.Sprintf("'%s' in %s action must be nonnegative", k.days, k.action), k.days, fmt.Sprint(*s.days))
	case *s.days < leastIA && (s.class == standardIA || s.class == onezoneIA):
		return invalid(fmt.Sprintf("'%s' in %s action must be greater than or equal to %d for storageClass '%s'", k.days, k.action, leastIA, s.class), k.days, fmt.Sprint(*s.days))
	}
	return newerVersions(s.newer)
}

// checkOrder asks that an object is in the first class before it goes to the next, and long enough.
func (r lifeRule) checkOrder(k kind, first, next step) error {
	name, least := k.days, stays(first.class)
	more := "greater than"
	if least > 0 {
		more = fmt.Sprintf("%d days more than", least)
	}
	var apart bool
	if next.date != nil {
		name = "Date"
		apart = next.date.After(*first.date) && !next.date.Before(first.date.AddDate(0, 0, int(least)))
	} else {
		apart = *next.days > *first.days && *next.days-*first.days >= least
	}
	if apart {
		return nil
	}
	where := func(s step) string {
		return fmt.Sprintf("'%s' in the %s action for StorageClass '%s' for filter '%s'", name, k.action, s.class, r.filter())
	}
	return fault("InvalidArgument", where(next)+" must be "+more+" "+where(first))
}

// checkEnd asks that versions expire after their last transition.
func (r lifeRule) checkEnd(k kind, steps []step, end step) error {
	for _, s := range steps {
		name, later := k.days, true
		switch {
		case s.date != nil && end.days != nil, s.days != nil && end.date != nil:
			return refuseRule("Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for filter '%s'", r.filter())
		case s.date != nil && end.date != nil:
			name, later = "Date", end.date.After(*s.date)
		case s.days != nil && end.days != nil:
			later = *end.days > *s.days
		}
		if !later {
			return fault("InvalidArgument", fmt.Sprintf("'%s' in the %s action for filter '%s' must be greater than '%s' in the %s action", name, k.expiration, r.filter(), name, k.action))
		}
	}
	return nil
}
