package classes

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"lifeboat/aws/prices"
	"lifeboat/runbooks/plan"
)

//go:embed classes.csv
var classRows string

//go:embed tiers.csv
var tierRows string

// class is one row of classes.csv. Its prices are nil where AWS takes none, or none is known.
type class struct {
	id, letter, name, use    string
	wait                     string // for the first byte, where no restore is needed
	quick                    time.Duration
	zones                    int
	durability, availability string
	least                    time.Duration // charged at least
	smallest                 float64       // bytes of an object that are charged at least
	own, standard            float64       // bytes beside each object, at the class's rate and at Standard's
	storage, put, get        *prices.Price
	retrieval, upload, move  *prices.Price
	note, source             string
	mark                     plan.Mark
	tiers                    []tier // slowest and cheapest first; none where no restore is needed
}

// tier is one way to restore out of an archive, a row of tiers.csv.
type tier struct {
	name          string
	from, to      time.Duration
	most          float64 // objects it is for at a time; 0 is any number
	data, request *prices.Price
	note, source  string
	mark          plan.Mark
}

// classes are the rows, read once.
var classes = sync.OnceValue(func() []class {
	tiers := map[string][]tier{}
	for _, r := range records(tierRows) {
		tiers[r["class"]] = append(tiers[r["class"]], tier{
			name: r["tier"], from: r.duration("from_seconds", time.Second), to: r.duration("to_seconds", time.Second),
			most: r.number("most_objects"), data: r.price("data"), request: r.price("request"), note: r["note"], source: r["source"], mark: plan.Mark(r["mark"]),
		})
	}
	var out []class
	for _, r := range records(classRows) {
		out = append(out, class{
			id: r["id"], letter: r["letter"], name: r["name"], use: r["use"], wait: r["wait"], quick: r.duration("wait_ms", time.Millisecond),
			zones: int(r.number("zones")), durability: r["durability"], availability: r["availability"],
			least: r.duration("min_days", day), smallest: r.number("min_billable_kib") * kib,
			own: r.number("class_overhead_kib") * kib, standard: r.number("standard_overhead_kib") * kib,
			storage: r.price("storage"), put: r.price("put"), get: r.price("get"), retrieval: r.price("retrieval"),
			upload: r.price("upload"), move: r.price("transition"),
			note: r["note"], source: r["source"], mark: plan.Mark(r["mark"]), tiers: tiers[r["id"]],
		})
	}
	return out
})

// record is a row by the names of its columns. What it cannot be read as panics: the rows are part of the program, and
// the tests read them all.
type record map[string]string

func records(src string) []record {
	lines, err := csv.NewReader(strings.NewReader(src)).ReadAll()
	if err != nil {
		panic("storage classes: " + err.Error())
	}
	var out []record
	for _, l := range lines[1:] {
		r := record{}
		for i, name := range lines[0] {
			r[name] = l[i]
		}
		out = append(out, r)
	}
	return out
}

func (r record) number(column string) float64 {
	if r[column] == "" {
		return 0
	}
	n, err := strconv.ParseFloat(r[column], 64)
	if err != nil {
		panic(fmt.Sprintf("storage classes: %s: %v", column, err))
	}
	return n
}

func (r record) duration(column string, unit time.Duration) time.Duration {
	return time.Duration(r.number(column)) * unit
}

func (r record) price(column string) *prices.Price {
	if r[column] == "" {
		return nil
	}
	p := price(r[column])
	return &p
}

func price(id string) prices.Price {
	p, ok := prices.Find(id)
	if !ok {
		panic("storage classes: no price " + id)
	}
	return p
}

// archive reports whether an object must be restored before it can be read.
func (c class) archive() bool { return len(c.tiers) > 0 }

// infrequent are the classes that lifecycle moves objects to after 30 days in Standard only (S3 User Guide,
// lifecycle-transition-general-considerations).
func (c class) infrequent() bool { return c.id == "STANDARD_IA" || c.id == "ONEZONE_IA" }

// tier is the cheapest way to restore within the wait, which is the slowest that fits. Where none does it is the cheapest
// of all: a class that is ruled out is billed as if one could wait, to show what the hurry costs.
func (c class) tier(n need) tier {
	for _, t := range c.tiers {
		if t.longest(n) <= n.wait && t.takes(n.objects*n.part) {
			return t
		}
	}
	return c.tiers[0]
}

// slow reports whether no restore of the class comes within the wait.
func (c class) slow(n need) bool {
	t := c.tier(n)
	return t.longest(n) > n.wait || !t.takes(n.objects*n.part)
}

// fastest is the fastest way to restore what is restored at a time.
func (c class) fastest(n need) tier {
	for _, t := range slices.Backward(c.tiers) {
		if t.takes(n.objects * n.part) {
			return t
		}
	}
	return c.tiers[0]
}

// takes reports whether the tier is meant for so many objects at a time.
func (t tier) takes(objects float64) bool { return t.most == 0 || objects <= t.most }

// The rate that large objects are restored at by Expedited (S3 User Guide, restoring-objects-retrieval-options).
const (
	expeditedBytes = 250 << 20
	expeditedRate  = 300 << 20 // bytes a second
)

// longest is how long the tier takes at the most for one object of this size.
func (t tier) longest(n need) time.Duration {
	if t.name == "Expedited" && n.bytes > expeditedBytes {
		return t.to + time.Duration(n.bytes/expeditedRate*float64(time.Second)).Round(time.Second)
	}
	return t.to
}
