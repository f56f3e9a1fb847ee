// Package plan turns answers into a plan for backing up and restoring: what is required, which mechanisms of AWS can
// meet it, the rules that follow, and what is left at risk.
//
// What AWS can do and what follows from it are rows of data (mechanisms.json, rules.csv); the Go here only filters,
// adds up and writes down. Each row carries its source and how well it is known. The same answers give the same plan,
// byte for byte. A plan supports a requirement; it never claims that one is complied with.
package plan

import "time"

// Schema is the version of a plan as JSON.
const Schema = "lifeboat.plan/1"

// Failures a plan is judged by, in order.
var Failures = []string{"deletion", "corruption", "zone", "region", "account"}

// Mark says how well something is known: V read in an AWS page, P from the AWS Price List, S a third party quoting
// AWS, D derived by arithmetic or inference, M from memory and not verified.
type Mark string

// Plan is what follows from answers.
type Plan struct {
	Schema       string         `json:"schema"`
	Answers      Answers        `json:"answers"`
	Requirements []Requirement  `json:"requirements"`
	Strategy     Strategy       `json:"strategy"`
	Resources    []ResourcePlan `json:"resources"`
	Conflicts    []Conflict     `json:"conflicts"` // what no mechanism chosen here can give, and what can
	Rules        []Rule         `json:"rules"`
	Schedule     []Job          `json:"schedule"`
	Labs         []Lab          `json:"labs"`
	Cost         *Cost          `json:"cost,omitempty"` // nil when no size was given
	Assumptions  []Assumption   `json:"assumptions"`
}

// Requirement is one answer as the plan reads it.
type Requirement struct {
	ID    string `json:"id"` // of the question
	Name  string `json:"name"`
	Value string `json:"value"`
	Means string `json:"means"`
}

// Strategy is the cheapest rung of the ladder of disaster recovery that can keep the targets.
type Strategy struct {
	Name   string `json:"name"`
	Why    string `json:"why"`
	Source string `json:"source"`
	Mark   Mark   `json:"mark"`
}

// ResourcePlan is the plan for one kind of resource.
type ResourcePlan struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Chosen   []Choice  `json:"chosen"`
	Refused  []Refusal `json:"refused"`
	Outcomes []Outcome `json:"outcomes"` // one a failure, in the order of Failures
}

// Choice is a mechanism that was chosen, and the part it plays.
type Choice struct {
	Role      string   `json:"role"` // recover | keep | away | lock
	Mechanism string   `json:"mechanism"`
	Name      string   `json:"name"`
	Why       string   `json:"why"`
	Basis     string   `json:"basis"` // what its recovery point rests on
	Restore   string   `json:"restore"`
	Limits    []string `json:"limits,omitempty"`
	Source    string   `json:"source"`
	Mark      Mark     `json:"mark"`
}

// Refusal is a mechanism that was not chosen, with every reason.
type Refusal struct {
	Mechanism string   `json:"mechanism"`
	Name      string   `json:"name"`
	Why       []string `json:"why"`
	Source    string   `json:"source"`
	Mark      Mark     `json:"mark"`
}

// Verdict compares what is achieved with its target.
type Verdict string

const (
	Meets       Verdict = "meets"
	Misses      Verdict = "misses"
	Fits        Verdict = "fits"        // the restore alone is within the target; the rest of an outage comes on top
	Unknown     Verdict = "unknown"     // no rate is published: rehearse
	Unprotected Verdict = "unprotected" // nothing in the plan survives this failure
)

// Outcome is what one kind of failure costs under the plan.
type Outcome struct {
	Failure    string        `json:"failure"`
	By         string        `json:"by,omitempty"` // name of the mechanism that recovers, empty when unprotected
	RPO        time.Duration `json:"-"`
	RPOSeconds int64         `json:"rpo_seconds"` // -1 when everything is lost
	RPOHow     string        `json:"rpo_how"`     // the sum, written out
	RPOVerdict Verdict       `json:"rpo_verdict"`
	RTO        time.Duration `json:"-"`
	RTOSeconds int64         `json:"rto_seconds"` // of the restore alone; -1 when unknown
	RTOHow     string        `json:"rto_how"`
	RTOVerdict Verdict       `json:"rto_verdict"`
}

// Conflict is a requirement that the mechanisms here cannot meet.
type Conflict struct {
	Rule     string `json:"rule"`
	Resource string `json:"resource,omitempty"`
	Text     string `json:"text"`
	Instead  string `json:"instead"`
	Source   string `json:"source"`
	Mark     Mark   `json:"mark"`
}

// Rule is one rule of the plan with its reason.
type Rule struct {
	ID       string `json:"id"`
	Resource string `json:"resource,omitempty"` // empty when it is about the whole plan
	Do       string `json:"do"`
	Why      string `json:"why"`
	Source   string `json:"source"`
	Mark     Mark   `json:"mark"`
}

// Job is one scheduled backup or copy.
type Job struct {
	Resource  string `json:"resource"`
	Name      string `json:"name"` // letters, digits and hyphens, at most 50
	Mechanism string `json:"mechanism"`
	Role      string `json:"role"`
	When      string `json:"when"` // in words
	Cron      string `json:"cron,omitempty"`
	Start     string `json:"start,omitempty"` // window in which it may start
	Keep      string `json:"keep"`
	Copy      string `json:"copy,omitempty"`
}

// Lab is a rehearsal. ID is empty where the program has no lab for it yet.
type Lab struct {
	ID       string `json:"id,omitempty"`
	Resource string `json:"resource"`
	Title    string `json:"title"`
	Why      string `json:"why"`
	Command  string `json:"command,omitempty"`
}

// Cost is what the plan's backup storage costs a month, by list prices.
type Cost struct {
	Lines []CostLine `json:"lines"`
	USD   float64    `json:"usd_a_month"`
	Says  string     `json:"says"`
}

// CostLine is one thing that is paid for.
type CostLine struct {
	Resource string  `json:"resource"`
	What     string  `json:"what"`
	How      string  `json:"how"`
	USD      float64 `json:"usd_a_month"`
	AsOf     string  `json:"as_of"`
	Source   string  `json:"source"`
	Mark     Mark    `json:"mark"`
}

// Assumption is a figure the plan uses that nobody was asked for.
type Assumption struct {
	Text string `json:"text"`
	Mark Mark   `json:"mark"`
}
