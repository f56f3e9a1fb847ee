// Package weather is what goes wrong in the sandbox, on purpose.
//
// It is calm unless rules are set. A Rule is about calls: which ones, how often, and what then happens to them. A Late rule is
// about what is due: jobs that fail, take longer or never end. Chance comes from a seed, so that a run repeats.
package weather

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"lifeboat/aws/sandbox/policy"
	"lifeboat/aws/sandbox/wire"
)

// Rule strikes calls. Patterns have * and ?; an empty one fits everything.
type Rule struct {
	Service, Operation, Region, Account string
	But                                 []string // operations ("ec2.Describe*") that are left alone

	Chance float64 // 0 < Chance < 1; else every call that fits
	Skip   int     // so many fitting calls pass first
	Times  int     // then so many are struck; 0 is all of them
	Spare  int     // after a strike so many calls of that operation pass, so that a retry gets through

	// Fault is what happens. Its Code may be one of Throttled, Denied and Unavailable, which become the service's own.
	Fault wire.Fault
	// Then is called when the struck call is over: answered, refused or lost.
	Then func()
}

// Late strikes what is due, at the moment it is set to be due. Patterns as in Rule.
type Late struct {
	Kinds  []string // ec2.snapshot; none is all
	Key    string
	Chance float64
	Skip   int
	Times  int

	Slower float64 // so many times longer; 0 leaves the time alone
	Never  bool    // it never ends
	Fail   string  // it ends badly, with this message
}

// Weather is the rules in force. The zero value is not usable; see New. It is safe for concurrent use.
type Weather struct {
	mu    sync.Mutex
	rand  *rand.Rand
	rules []*rule
	late  []*late
	then  map[string]func() // by request id, of calls that are on their way
	text  string
}

type rule struct {
	Rule
	counter
	spared map[string]int // calls still to be spared, by operation
}

type late struct {
	Late
	counter
}

// counter picks which of the fitting ones are struck.
type counter struct{ seen, struck int }

func (c *counter) strikes(r *rand.Rand, skip, times int, chance float64) bool {
	c.seen++
	if c.seen <= skip || times > 0 && c.struck >= times {
		return false
	}
	if chance > 0 && chance < 1 && r.Float64() >= chance {
		return false
	}
	c.struck++
	return true
}

// New is calm weather whose later chances the seed decides.
func New(seed uint64) *Weather {
	return &Weather{rand: rand.New(rand.NewPCG(seed, 0x77656174686572)), then: map[string]func(){}, text: Calm}
}

// Add puts a rule in force, after those that are.
func (w *Weather) Add(rules ...Rule) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range rules {
		w.rules = append(w.rules, &rule{Rule: r, spared: map[string]int{}})
	}
}

// AddLate puts a rule on what is due in force.
func (w *Weather) AddLate(rules ...Late) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range rules {
		w.late = append(w.late, &late{Late: l})
	}
}

// Clear makes it calm.
func (w *Weather) Clear() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rules, w.late, w.text = nil, nil, Calm
}

// RefuseNth answers the nth call from now on (1 is the next) with a code, or one of Throttled, Denied and Unavailable.
func (w *Weather) RefuseNth(n int, code, message string) {
	w.Add(Rule{Skip: n - 1, Times: 1, Fault: wire.Fault{Code: code, Message: message}})
}

// LoseNth lets the work of the nth call from now on be done and its answer be lost.
func (w *Weather) LoseNth(n int) {
	w.Add(Rule{Skip: n - 1, Times: 1, Fault: wire.Fault{Lose: true}})
}

// AtNth calls fn when the nth call from now on is answered.
func (w *Weather) AtNth(n int, fn func()) {
	w.Add(Rule{Skip: n - 1, Times: 1, Then: fn})
}

func fits(pattern, s string) bool { return pattern == "" || policy.Match(pattern, s) }

func (r *rule) fits(c wire.Caller) bool {
	if !fits(r.Service, c.Service) || !fits(r.Operation, c.Operation) || !fits(r.Region, c.Region) || !fits(r.Account, c.Account) {
		return false
	}
	return !slices.ContainsFunc(r.But, func(p string) bool { return policy.Match(p, c.Service+"."+c.Operation) })
}

// Fault is the server's question before each call. Every rule counts the calls that fit it; the first that strikes decides.
func (w *Weather) Fault(_ context.Context, c wire.Caller) (f wire.Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	decided := false
	for _, r := range w.rules {
		operation := c.Account + " " + c.Service + "." + c.Operation
		switch {
		case !r.fits(c):
			continue
		case r.spared[operation] > 0:
			r.spared[operation]--
			continue
		case !r.strikes(w.rand, r.Skip, r.Times, r.Chance) || decided:
			continue
		}
		decided, f = true, named(c, r.Fault)
		if r.Spare > 0 {
			r.spared[operation] = r.Spare
		}
		if r.Then != nil {
			w.then[c.RequestID] = r.Then
		}
	}
	return f
}

// Answered is for the server's log: the call is over.
func (w *Weather) Answered(e wire.Entry) {
	w.mu.Lock()
	then := w.then[e.Caller.RequestID]
	delete(w.then, e.Caller.RequestID)
	w.mu.Unlock()
	if then != nil {
		then()
	}
}

// forever is how much later something is that never happens.
const forever = 100 * 365 * 24 * time.Hour

// Outlook is the store's question when something is set to be due.
func (w *Weather) Outlook(kind, key string, now, at time.Time) (due time.Time, fail string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	due = at
	for _, l := range w.late {
		if !fits(l.Key, key) || len(l.Kinds) > 0 && !slices.ContainsFunc(l.Kinds, func(p string) bool { return policy.Match(p, kind) }) {
			continue
		}
		if !l.strikes(w.rand, l.Skip, l.Times, l.Chance) {
			continue
		}
		if l.Slower > 0 {
			due = now.Add(time.Duration(float64(due.Sub(now)) * l.Slower))
		}
		if l.Never {
			due = due.Add(forever)
		}
		if l.Fail != "" {
			fail = l.Fail
		}
	}
	return due, fail
}

// String is what Set was last given.
func (w *Weather) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.text == Calm && len(w.rules)+len(w.late) > 0 {
		return fmt.Sprintf("%d rules", len(w.rules)+len(w.late))
	}
	return w.text
}
