package classes

import (
	"reflect"
	"testing"
)

// TestReadingIsComparing finds no difference between a comparison that was moved to a frequency and one made for it.
func TestReadingIsComparing(t *testing.T) {
	for _, wait := range []string{"0", "48h"} {
		a := Form().Defaults()
		a["wait"], a["only-copy"] = []string{wait}, []string{"no"}
		from, err := Compare(a)
		if err != nil {
			t.Fatal(err)
		}
		for reads, text := range map[float64]string{0: "never", 0.25: "0.25/month", 1: "1/month", 100: "100/month"} {
			a["reads"] = []string{text}
			want, err := Compare(a)
			if err != nil {
				t.Fatal(err)
			}
			got := from.Reading(reads)
			x, _ := got.JSON()
			y, _ := want.JSON()
			if string(x) != string(y) {
				t.Errorf("at %s:\n%s\nnot\n%s", text, x, y)
			}
			if !reflect.DeepEqual(got.At(0.5), want.At(0.5)) {
				t.Errorf("at %s the curves differ", text)
			}
		}
	}
}

func BenchmarkCompare(b *testing.B) {
	a := Form().Defaults()
	for b.Loop() {
		if _, err := Compare(a); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReading is what a key costs on the screen that moves the frequency.
func BenchmarkReading(b *testing.B) {
	c, err := Compare(Form().Defaults())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c.Reading(0.5)
	}
}
