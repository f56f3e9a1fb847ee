package plan

import (
	_ "embed"
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// mechanism is one way of AWS to have data twice, as a row of mechanisms.json. Times are seconds.
type mechanism struct {
	ID      string   `json:"id"`
	Service []string `json:"service"` // ids of resources; a control has none
	Name    string   `json:"name"`
	// Kind is schedule (recovery points at intervals), continuous (any second up to Lag ago), history (every change is
	// kept beside the data), replica (a live copy elsewhere) or control (keeps recovery points from being deleted).
	Kind string `json:"kind"`
	// Every is the shortest interval of a schedule, BesideContinuous the one when a continuous backup runs as well.
	Every            int64 `json:"every"`
	BesideContinuous int64 `json:"every_beside_continuous"`
	Lag              int64 `json:"lag"` // age of the newest recoverable moment
	Job              int64 `json:"job_seconds"`
	KeepsDays        int64 `json:"keeps_days"`
	Flat             bool  `json:"flat"` // costs its price for the size of the data, however much is kept
	Full             bool  `json:"full"` // every recovery point is full, none is incremental
	// Region and Account say how it gets there: copy, live, or empty for not at all, with the reason.
	Region     string   `json:"region"`
	RegionWhy  string   `json:"region_why"`
	Account    string   `json:"account"`
	AccountWhy string   `json:"account_why"`
	Locks      []string `json:"locks"`   // answers to guard that a lock on its recovery points can meet
	Lock       string   `json:"lock"`    // kind of lock: vault, snapshot, object
	Guards     []string `json:"guards"`  // of a control: the answers it meets
	NotFor     []string `json:"not_for"` // of a control: resources it cannot hold
	Basis      string   `json:"basis"`
	Restore    string   `json:"restore"`
	Drivers    struct {
		MiBPerSecond float64 `json:"mib_per_second"` // 0: no rate is published
		Text         string  `json:"text"`
	} `json:"drivers"`
	Limits []string `json:"limits"`
	Price  *price   `json:"price"`
	Source string   `json:"source"`
	Mark   Mark     `json:"mark"`
}

// price is a list price of us-east-1 for a GB (2^30 bytes) and month.
type price struct {
	USD    float64 `json:"usd"`
	AsOf   string  `json:"as_of"`
	Source string  `json:"source"`
	Mark   Mark    `json:"mark"`
}

// resource is one kind of thing that holds data, as a row of resources.json.
type resource struct {
	ID   string   `json:"id"`
	Name string   `json:"name"`
	Ops  []string `json:"ops"` // a lab that makes one of these calls rehearses this resource
	Lab  string   `json:"lab"` // what the lab is called while there is none yet
	// Zone says why the loss of one zone loses no data; empty when it does.
	Zone       string `json:"zone"`
	ZoneSource string `json:"zone_source"`
	ZoneMark   Mark   `json:"zone_mark"`
	CMK        bool   `json:"cross_account_cmk"` // a copy in another account needs a customer managed key
	DBWindow   bool   `json:"db_window"`         // its maintenance window keeps scheduled jobs from starting
}

//go:embed mechanisms.json
var mechanismRows []byte

//go:embed resources.json
var resourceRows []byte

// data is read once, when the first plan or wizard needs it. The rows are part of the program: a test reads them all.
var (
	mechanisms = sync.OnceValue(func() []mechanism { return rows[mechanism](mechanismRows) })
	resources  = sync.OnceValue(func() []resource { return rows[resource](resourceRows) })
)

func rows[T any](src []byte) []T {
	var out []T
	if err := json.Unmarshal(src, &out); err != nil {
		panic("plan: embedded rows: " + err.Error())
	}
	return out
}

func resourceOptions() []Option {
	var out []Option
	for _, r := range resources() {
		out = append(out, Option{Value: r.ID, Label: r.Name})
	}
	return out
}

// forResource lists the mechanisms of a resource, the simplest that can do it first.
func forResource(id string) []mechanism {
	var out []mechanism
	for _, m := range mechanisms() {
		if slices.Contains(m.Service, id) {
			out = append(out, m)
		}
	}
	return out
}

// backs reports whether the mechanism keeps the past, so that it also helps against deletion and corruption.
func (m mechanism) backs() bool {
	return m.Kind == "schedule" || m.Kind == "continuous" || m.Kind == "history"
}

func (m mechanism) keeps() time.Duration { return time.Duration(m.KeepsDays) * day }

func (m mechanism) locksFor(guard string) bool {
	return guard == "nobody" || slices.Contains(m.Locks, guard)
}
