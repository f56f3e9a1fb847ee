package clock

import "time"

// Wall is the time of the machine, which drives a running clock. Tests bring their own.
type Wall interface {
	Now() time.Time
	// Timer sends once after d; stop releases it earlier.
	Timer(d time.Duration) (fired <-chan time.Time, stop func())
}

// Machine is the time of this machine.
type Machine struct{}

// Now is time.Now.
func (Machine) Now() time.Time { return time.Now() }

// Timer is a time.Timer.
func (Machine) Timer(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}
