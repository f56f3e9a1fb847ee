// Package classes tells which storage class of S3 some objects should be in: what each class costs a month, line by
// line, how long a first byte and everything take to come back, and which classes are ruled out and why.
//
// What AWS's classes are is rows of data (classes.csv, tiers.csv), each with its source and how well it is known; what
// they cost comes from aws/prices, each price with its date. The Go here multiplies and compares. A month is 30 days and
// a GB is 2^30 bytes, as on AWS's bills. The same answers give the same bytes.
package classes

import "lifeboat/runbooks/plan"

// Schema is the version of a comparison as JSON.
const Schema = "lifeboat.storage-class/1"

// The ends of the curve, in reads of an object a month.
const (
	FewestReads = 0.001
	MostReads   = 100.0
)

// Comparison is every class side by side, for one set of answers.
type Comparison struct {
	Schema       string       `json:"schema"`
	Answers      plan.Answers `json:"answers"`
	Assumed      []string     `json:"assumed"` // what nobody said, and what is taken for it
	GiB          float64      `json:"gib"`     // all objects together
	Reads        float64      `json:"reads"`   // of an object a month, that the lines are written for
	ReadsUnknown bool         `json:"reads_unknown"`
	Classes      []Class      `json:"classes"` // in AWS's order, warm to cold
	Best         string       `json:"best"`    // id of the class that fits and costs least
	Why          string       `json:"why"`
	Hint         string       `json:"hint,omitempty"` // what would save money if an answer could be another
	Near         []string     `json:"near"`           // ids of classes that fit and cost nearly the same
	Crossings    []Crossing   `json:"crossings"`      // between classes that fit, by frequency
	Says         string       `json:"says"`           // what the figures leave out

	need   need
	fixed  map[string]*bill // what does not depend on reads, by class
	priced []class
}

// Class is one storage class as it would be for these objects.
type Class struct {
	ID           string    `json:"id"` // as the API names it
	Letter       string    `json:"letter"`
	Name         string    `json:"name"`
	Use          string    `json:"use"` // what AWS made it for
	Zones        int       `json:"zones"`
	Durability   string    `json:"durability"`
	Availability string    `json:"availability"` // designed for; the SLA is lower
	MinDays      int       `json:"min_days"`     // charged at least
	Fits         bool      `json:"fits"`
	RuledOut     []Reason  `json:"ruled_out,omitempty"`
	Wait         string    `json:"wait"` // for the first byte
	WaitSeconds  float64   `json:"wait_seconds"`
	Lines        []Line    `json:"lines"`
	USD          float64   `json:"usd_a_month"`
	Unpriced     string    `json:"unpriced,omitempty"` // why USD says nothing
	Regret       float64   `json:"regret,omitempty"`   // where reads are unknown: the most it can cost a month above the cheapest
	Restores     []Restore `json:"restores"`           // everything back once: one entry for each way
	Notes        []Reason  `json:"notes,omitempty"`
	Source       string    `json:"source"`
	Mark         plan.Mark `json:"mark"`
}

// Reason is a sentence with its source.
type Reason struct {
	Text   string    `json:"text"`
	Source string    `json:"source"`
	Mark   plan.Mark `json:"mark"`
}

// What a line pays for, in the order lines are written.
const (
	Storing  = "storing"
	Charged  = "charged though not stored" // smallest size, overhead, shortest time
	Watching = "watching"
	Writing  = "writing"
	Reading  = "reading"
	Getting  = "restoring"
)

// Line is one thing that is paid for.
type Line struct {
	For    string  `json:"for"` // one of the constants above
	What   string  `json:"what"`
	How    string  `json:"how"`
	USD    float64 `json:"usd"`
	AsOf   string  `json:"as_of"`
	Source string  `json:"source"`
}

// Restore is getting everything back once, in one way.
type Restore struct {
	Tier        string  `json:"tier,omitempty"` // of the archive classes
	Fits        bool    `json:"fits"`           // its first object comes within the longest accepted wait, and it is meant for so many
	Chosen      bool    `json:"chosen"`         // the cheapest way that fits, the cheapest of all where none does
	First       string  `json:"first"`          // wait for an object
	Wait        string  `json:"wait"`           // until everything can be read
	WaitSeconds float64 `json:"wait_seconds"`
	Lines       []Line  `json:"lines"`
	USD         float64 `json:"usd"`
}

// Crossing is where two classes cost the same.
type Crossing struct {
	Reads    float64 `json:"reads"` // of an object a month
	USD      float64 `json:"usd_a_month"`
	Below    string  `json:"below"`    // the cheaper one of the two where there are fewer reads
	Above    string  `json:"above"`    // and where there are more
	Cheapest bool    `json:"cheapest"` // no class that fits is cheaper there: the best class changes
}
