package classes

import (
	"fmt"
	"strings"
	"time"

	"lifeboat/runbooks/plan"
)

// rule rules a class out.
type rule struct {
	when   func(class, need) bool
	text   func(class, need) string
	source string
	mark   plan.Mark
}

func always(text string) func(class, need) string { return func(class, need) string { return text } }

// rules are every reason there is against a class, most fundamental first.
var rules = []rule{
	{
		func(c class, _ need) bool { return c.id == "REDUCED_REDUNDANCY" },
		always("AWS recommends it for nothing: it is designed to lose one object in ten thousand a year"),
		"S3 User Guide, storage-class-intro", "V",
	}, {
		func(c class, _ need) bool { return c.id == "EXPRESS_ONEZONE" },
		always("not for backups: one zone, and a directory bucket has no versions and no replication"),
		"S3 User Guide, storage-class-intro", "V",
	}, {
		func(c class, n need) bool { return c.zones == 1 && n.only },
		always("the only copy would be lost with its one zone"),
		"S3 User Guide, storage-class-intro", "V",
	}, {
		func(c class, n need) bool { return c.archive() && c.slow(n) },
		func(c class, n need) string {
			t := c.fastest(n)
			text := fmt.Sprintf("its fastest restore takes up to %s, and ", plan.Span(t.longest(n)))
			if t.name != c.tiers[len(c.tiers)-1].name {
				text = fmt.Sprintf("its fastest restore of so many objects takes up to %s, and ", plan.Span(t.longest(n)))
			}
			if n.wait == 0 {
				return text + "the first byte must come at once"
			}
			return text + plan.Span(n.wait) + " is the longest accepted"
		},
		"S3 User Guide, restoring-objects-retrieval-options", "V",
	}, {
		func(c class, n need) bool { return n.after > 0 && c.infrequent() && n.after < 30*day },
		func(_ class, n need) string {
			return fmt.Sprintf("lifecycle moves objects there after 30 days in Standard, not after %s", plan.Span(n.after))
		},
		"S3 User Guide, lifecycle-transition-general-considerations", "V",
	}, {
		func(c class, n need) bool { return n.after > 0 && c.move != nil && n.bytes < 128*kib },
		always("lifecycle leaves objects under 128 KiB where they are, unless its rule has a size filter"),
		"S3 User Guide, lifecycle-transition-general-considerations", "V",
	}, {
		func(c class, n need) bool { return n.after > 0 && c.move == nil && c.id != "STANDARD" },
		always("lifecycle moves nothing there"),
		"S3 User Guide, lifecycle-transition-general-considerations", "V",
	},
}

// against collects what rules the class out.
func (c class) against(n need) []Reason {
	var out []Reason
	for _, r := range rules {
		if r.when(c, n) {
			out = append(out, Reason{r.text(c, n), r.source, r.mark})
		}
	}
	return out
}

// notes are what to know of a class that fits, or would.
func (c class) notes(n need) []Reason {
	var out []Reason
	say := func(text, source string, mark plan.Mark) { out = append(out, Reason{text, source, mark}) }
	if c.note != "" {
		say(c.note, c.source, c.mark)
	}
	for _, t := range c.tiers {
		if t.note != "" {
			say(t.name+": "+t.note, t.source, t.mark)
		}
	}
	if strings.Contains(c.name, "Glacier") {
		say("It is a class of ordinary buckets. The separate Glacier service, which kept archives in vaults, takes no new customers.", "Amazon Glacier Developer Guide, introduction", "V")
	}
	if c.archive() {
		say("GetObject is refused with InvalidObjectState until RestoreObject has made a readable copy; the lines keep it for 7 days. The waits are what AWS calls typical; tens of millions of objects or hundreds of TB can take longer.", "S3 User Guide, restoring-objects-retrieval-options", "V")
	}
	if rest := n.keep - n.before(c); rest < c.least {
		say(fmt.Sprintf("Kept there for %s, each object is charged for %d days.", plan.Span(rest), c.least/day), c.source, c.mark)
	}
	if c.id == "INTELLIGENT_TIERING" && n.bytes < 128*kib {
		say("Objects under 128 KiB are not moved and not monitored: they cost what Standard costs.", "S3 User Guide, intelligent-tiering-overview", "V")
	}
	return out
}

// The speed at which an account may ask for restores, and at which they come (S3 User Guide, restoring-objects: 1,000
// requests a second, 1 to 2 PB a day).
const (
	asksASecond   = 1000.0
	restoredADay  = float64(1 << 50)
	secondsInADay = float64(day / time.Second)
)
