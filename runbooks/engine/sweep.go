package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"lifeboat/aws/calls"
	"lifeboat/runbooks/journal"
)

// settles is how long the sweep waits at most for what was removed to be listed no more: a deletion takes its time after its
// answer, and AWS lists by tag what was there some moments ago.
const settles = 2 * time.Minute

// sweep looks by the run's tag in every Region and identity that the run has used, and explains every hit. What was removed
// but is still listed it looks for again, as long as settles, before it says so.
func (r *run) sweep(ctx context.Context, known []journal.Left) ([]journal.Left, error) {
	var left []journal.Left
	until := r.o.Target.Clock.Now().Add(settles)
	places := slices.SortedFunc(maps.Keys(r.ledger.places), func(a, b place) int {
		return strings.Compare(a.as+" "+a.region, b.as+" "+b.region)
	})
	for _, p := range places {
		hits, err := r.tagged(ctx, p)
		for n := 1; err == nil && r.o.Target.Clock.Now().Before(until) && slices.ContainsFunc(hits, r.removed); n++ {
			if err := r.sleepCleaning(ctx, r.backoff(n)); err != nil {
				return nil, err
			}
			hits, err = r.tagged(ctx, p)
		}
		if broken := r.broken(ctx); broken != nil {
			return nil, broken
		}
		if err != nil {
			left = append(left, journal.Left{What: "anything with the tag " + RunTag + "=" + r.state.Run.ID, Region: p.region, Reason: "it could not be looked for: " + advised(err)})
			continue
		}
		for _, arn := range hits {
			why, err := r.explain(ctx, p, arn)
			if broken := r.broken(ctx); broken != nil {
				return nil, broken
			}
			reason := "it carries the run's tag, and no undo removed it"
			if err != nil {
				reason = "it carries the run's tag, and whether it is being deleted could not be asked: " + advised(err)
			}
			if why == "" && !slices.ContainsFunc(known, func(l journal.Left) bool { return l.What == arn }) {
				left = append(left, journal.Left{What: arn, Region: p.region, Reason: reason})
			}
		}
	}
	return left, nil
}

// tagged gives the ARNs of what carries the run's tag at a place.
func (r *run) tagged(ctx context.Context, p place) ([]string, error) {
	with := map[string]any{"TagFilters": []any{map[string]any{"Key": RunTag, "Values": []any{r.state.Run.ID}}}}
	c, err := r.look(ctx, journal.Call{Op: "resourcegroupstaggingapi.GetResources", Effect: calls.Read.String(), Region: p.region, As: p.as, Params: with, Role: "sweep"})
	if err != nil {
		return nil, err
	}
	var arns []string
	found, _ := c.Output["ResourceTagMappingList"].([]any)
	for _, m := range found {
		m, _ := m.(map[string]any)
		if arn, _ := m["ResourceARN"].(string); arn != "" {
			arns = append(arns, arn)
		}
	}
	return arns, nil
}

// look makes a read of the clean-up itself; what only failed for the moment is tried again.
func (r *run) look(ctx context.Context, c journal.Call) (journal.Call, error) {
	for n := 1; ; n++ {
		resp, err := r.call(ctx, c)
		if err == nil {
			c.Output = plainMap(resp.Output)
			return c, nil
		}
		if !transient(err) || n >= tries || r.broken(ctx) != nil {
			return c, err
		}
		if err := r.sleepCleaning(ctx, r.backoff(n)); err != nil {
			return c, err
		}
	}
}

// removed reports whether the deletion of what an ARN names was answered.
func (r *run) removed(arn string) bool {
	return r.ledger.gone[arn] || r.ledger.gone[lastPart(arn)]
}

// lastPart is the id at the end of an ARN: after its last slash, else its last colon.
func lastPart(arn string) string {
	if i := strings.LastIndex(arn, "/"); i >= 0 {
		return arn[i+1:]
	}
	return arn[strings.LastIndex(arn, ":")+1:]
}

// explain says, as a note, why something still carries the tag although nothing is left of it; empty when it is left.
func (r *run) explain(ctx context.Context, p place, arn string) (string, error) {
	why := ""
	if strings.HasPrefix(arn, "arn:aws:kms:") {
		c, err := r.look(ctx, journal.Call{Op: "kms.DescribeKey", Effect: calls.Read.String(), Region: p.region, As: p.as, Params: map[string]any{"KeyId": arn}})
		key, _ := c.Output["KeyMetadata"].(map[string]any)
		switch {
		case err != nil:
			return "", err
		case key["KeyState"] == "PendingDeletion":
			why = fmt.Sprintf("the key %s is not usable and costs nothing any more; AWS deletes it on %v", arn, key["DeletionDate"])
		}
	} else if r.removed(arn) {
		why = fmt.Sprintf("%s is still listed by its tag; AWS has answered its deletion", arn)
	}
	if why == "" {
		return "", nil
	}
	return why, r.emit(journal.Event{Kind: journal.Note, Text: why})
}
