package classes

import (
	"math"
	"time"
)

// used bills what depends on how often objects are read: the reads, the expected restores, and where reads keep objects
// of Intelligent-Tiering warm.
func (c class) used(b *bill, n need, reads float64) {
	held, before := c.shares(n)
	restores := n.restores()
	if c.id == "INTELLIGENT_TIERING" {
		c.tiered(b, n, reads+restores)
	}
	p := price("s3-get")
	b.add(Reading, "read out of Standard", n.objects*before*reads, &p)
	b.add(Getting, "read out of Standard", n.objects*before*restores, &p)
	c.readOut(b, Reading, n, held, reads)
	c.readOut(b, Getting, n, held, restores)
}

// restores is how often an object takes part in a restore, a month.
func (n need) restores() float64 {
	if n.every == 0 {
		return 0
	}
	return n.part * float64(month) / float64(n.every)
}

// readOut bills that every object is read so many times a month, for the share of it that is in the class.
func (c class) readOut(b *bill, kind string, n need, held, times float64) {
	b.add(kind, "GET", n.objects*held*times, c.get)
	switch {
	case c.archive():
		asked := times
		if kind == Reading {
			asked = often(times)
		}
		c.restore(b, kind, n, c.tier(n), held*asked)
	case c.retrieval != nil:
		b.add(kind, "retrieval", n.gib()*held*times, c.retrieval)
	}
}

// often is how many restores reads that come at any time cause: one that comes while the copy is still there needs none.
func often(reads float64) float64 {
	return reads / (1 + reads*float64(restoredFor)/float64(month))
}

// restore bills that every object is restored so many times out of an archive, with the copy in Standard beside it.
func (c class) restore(b *bill, kind string, n need, t tier, times float64) {
	if t.request == nil {
		b.add(kind, "restore requests, "+t.name, n.objects*times, nil)
	} else {
		b.add(kind, "restore requests, "+t.name, n.objects*times, t.request)
		b.add(kind, "retrieval, "+t.name, n.gib()*times, t.data)
	}
	b.inStandard(kind, "copies in Standard for 7 days", n.gib()*times*float64(restoredFor)/float64(month))
}

// Days without a read after which Intelligent-Tiering moves an object (S3 User Guide, intelligent-tiering-overview).
const (
	infrequentAfter = 30 * day
	instantAfter    = 90 * day
)

// tiered bills the storage of Intelligent-Tiering by its tiers. Smaller objects stay in the frequent one.
func (c class) tiered(b *bill, n need, reads float64) {
	held, _ := c.shares(n)
	rest := n.keep - n.before(c)
	var cold, colder float64
	if c.watches(n) {
		cold, colder = idle(rest, infrequentAfter, reads), idle(rest, instantAfter, reads)
	}
	warm, infrequent, instant := price("s3-int-frequent"), price("s3-int-infrequent"), price("s3-int-instant")
	b.add(Storing, "Frequent Access tier", n.gib()*held*(1-cold), &warm)
	b.add(Storing, "Infrequent Access tier", n.gib()*held*(cold-colder), &infrequent)
	b.add(Storing, "Archive Instant Access tier", n.gib()*held*colder, &instant)
}

// idle is the share of an object's time in which it was not read for so long, when reads come at any time: no read falls
// into the last stretch of that length, which has to fit in the object's life.
func idle(life, unread time.Duration, reads float64) float64 {
	if life <= unread {
		return 0
	}
	return float64(life-unread) / float64(life) * math.Exp(-reads*float64(unread)/float64(month))
}
