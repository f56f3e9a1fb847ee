package plan

import "time"

// ladder lists the strategies of the Well-Architected Reliability Pillar, cheapest first, each with the shortest
// targets it is for. The bounds are symbols for ordering, derived from the page's words (hours, minutes, seconds).
var ladder = []struct {
	name, words string
	rpo, rto    time.Duration
}{
	{"backup and restore", "RPO of hours (5 minutes with point-in-time recovery), RTO of up to a day", time.Hour, 4 * time.Hour},
	{"pilot light", "RPO of minutes, RTO of tens of minutes: the data is live elsewhere, the computers are off", 5 * time.Minute, 15 * time.Minute},
	{"warm standby", "RPO of seconds, RTO of minutes: a smaller copy runs elsewhere all the time", time.Second, time.Minute},
	{"active-active in several places", "RPO near zero, RTO potentially zero; data corruption still needs backups", 0, 0},
}

func strategy(n need) Strategy {
	for _, rung := range ladder {
		if n.rpo >= rung.rpo && n.rto >= rung.rto {
			return Strategy{Name: rung.name, Why: rung.words, Source: "Well-Architected Reliability Pillar, REL13-BP02", Mark: "D"}
		}
	}
	return Strategy{}
}
