// Package prices says what a call costs: list prices of us-east-1, each with the date it is from and its source, embedded
// (prices.csv). A price that is not there is said to be unknown, and what costs nothing is said to be free. Prices are in
// USD without tax, discounts and free tier; a GB is 2^30 bytes.
package prices

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed prices.csv
var file string

// Price is one row of the list.
type Price struct {
	ID        string // "gp3"
	Service   string
	Dimension string  // in AWS's words
	Unit      string  // "GB-month", "1000 requests"
	USD       float64 // for one Unit
	AsOf      string  // as exact as it is known: "2026-04-13", "2026-08" or "2024"
	Source    string
}

var list = sync.OnceValue(func() map[string]Price {
	rows, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	if err != nil {
		panic(fmt.Sprintf("prices.csv: %v", err)) // embedded, and read by the tests
	}
	m := make(map[string]Price, len(rows))
	for _, r := range rows[1:] {
		usd, err := strconv.ParseFloat(r[4], 64)
		if err != nil {
			panic(fmt.Sprintf("prices.csv: %s: %v", r[0], err))
		}
		m[r[0]] = Price{r[0], r[1], r[2], r[3], usd, r[5], r[6]}
	}
	return m
})

// Find gives a price by its id.
func Find(id string) (Price, bool) {
	p, ok := list()[id]
	return p, ok
}

// Cost is what one call costs, or starts to cost.
type Cost struct {
	Text string  // for people: "0.08 USD a month while it exists (gp3, 1 GiB; us-east-1 list price of 2024)"
	USD  float64 // the number in Text; 0 when it is free or depends on what is not known beforehand
	Per  string  // of USD: "month", "hour", "call", "GB-month", "GB"; empty when free or unknown
	Free bool
	AsOf string
	From string // source of the price
}

func cost(p Price, usd float64, per, format string, a ...any) Cost {
	return Cost{Text: fmt.Sprintf(format, a...) + "; us-east-1 list price of " + p.month() + ")", USD: usd, Per: per, AsOf: p.AsOf, From: p.Source}
}

// month is when the price was one, as texts say it: the month where that is known ("2026-04"), else the year.
func (p Price) month() string { return p.AsOf[:min(len(p.AsOf), len("2026-04"))] }

func free(text string) Cost { return Cost{Text: text, Free: true} }

func unknown(what string) (Cost, bool) {
	return Cost{Text: "price not known here: " + what}, false
}

// usd writes an amount without needless zeros, and at least as cents.
func usd(v float64) string {
	s := strconv.FormatFloat(v, 'f', 6, 64)
	s = strings.TrimRight(s, "0")
	for dot := strings.IndexByte(s, '.'); len(s)-dot < 3; {
		s += "0"
	}
	return s + " USD"
}
