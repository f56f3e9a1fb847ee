package classes

import (
	"math"
	"strconv"
	"strings"
)

// micros rounds to a millionth of a dollar: finer differences are the machine's, not AWS's.
func micros(usd float64) float64 { return math.Round(usd*1e6) / 1e6 }

// grouped writes a whole number with commas.
func grouped(n float64) string {
	s := strconv.FormatFloat(math.Round(n), 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// figure writes a quantity with as many decimals as say something.
func figure(n float64) string {
	if n >= 1000 || n == math.Trunc(n) {
		return grouped(n)
	}
	if n >= 1 {
		return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(n, 'f', 2, 64), "0"), ".")
	}
	return strconv.FormatFloat(n, 'g', 2, 64)
}

// Money writes an amount of USD: cents from a dollar on, and below it what is left of it.
func Money(usd float64) string {
	switch {
	case usd >= 1e12:
		return strconv.FormatFloat(usd, 'g', 3, 64)
	case usd >= 1000:
		return grouped(usd)
	case usd >= 1 || usd == 0:
		return strconv.FormatFloat(usd, 'f', 2, 64)
	case usd < 0.000001:
		return "under 0.000001"
	}
	digits := 2
	for d := usd; d < 0.1; d *= 10 {
		digits++
	}
	return strconv.FormatFloat(usd, 'f', digits, 64)
}

// Often writes a frequency for people: "once a month", "once in 8 months".
func Often(reads float64) string {
	near := func(n float64) string { return figure(math.Round(n*10) / 10) }
	switch {
	case reads == 0:
		return "never"
	case reads == 1:
		return "once a month"
	case reads > 1:
		return near(reads) + " times a month"
	}
	if years := near(float64(month) / float64(365*day) / reads); years == "1" {
		return "once a year"
	} else if 1/reads > 24 {
		return "once in " + years + " years"
	}
	return "once in " + near(1/reads) + " months"
}

func bytesText(b float64) string {
	for _, u := range []struct {
		name string
		size float64
	}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if b >= u.size {
			return figure(b/u.size) + " " + u.name
		}
	}
	return figure(b) + " B"
}
