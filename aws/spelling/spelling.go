// Package spelling finds the name that a wrong one was meant to be. There is one measure of it, so that a wrong operation, a
// wrong key of a runbook and a wrong answer to the planner are all helped alike.
package spelling

import "strings"

// Nearest gives the one of right that wrong was meant to be, or "" when none is near: up to a third of the letters of wrong
// may be added, dropped, changed or swapped with the next. Letters in the wrong case count as one slip together, and so do
// "-" and "_" that were left out or mixed up. Of names that are equally near it is the first.
func Nearest(wrong string, right []string) string {
	best, least := "", len(wrong)/3+1
	for _, name := range right {
		d := min(distance(wrong, name), 1+distance(strings.ToLower(wrong), strings.ToLower(name)))
		if strings.EqualFold(joints.Replace(wrong), joints.Replace(name)) {
			d = min(d, 1)
		}
		if d < least {
			best, least = name, d
		}
	}
	return best
}

// joints are what people leave out or mix up in names.
var joints = strings.NewReplacer("-", "", "_", "")

// distance counts the letters to add, drop, change or swap with the next (optimal string alignment).
func distance(a, b string) int {
	var before, row []int
	for j := range len(b) + 1 {
		row = append(row, j)
	}
	for i := range len(a) {
		next := []int{i + 1}
		for j := range len(b) {
			d := min(row[j+1]+1, next[j]+1)
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			d = min(d, row[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				d = min(d, before[j-1]+1)
			}
			next = append(next, d)
		}
		before, row = row, next
	}
	return row[len(b)]
}
