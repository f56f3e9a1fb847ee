// Package try is the ground that tests try a service on: a store, a clock that jumps, and somebody who calls. Only tests use
// it.
package try

import (
	"context"
	"errors"
	"time"

	"github.com/aws/smithy-go"

	"lifeboat/aws/sandbox/clock"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Tester is what a test and a rapid check have in common.
type Tester interface {
	Helper()
	Error(...any)
	Fatal(...any)
	Cleanup(func())
}

// The accounts that call, and the Regions they call.
const (
	Mine   = "111111111111"
	Theirs = "222222222222"
	Home   = "us-east-2"
	Away   = "us-west-2"
)

// Ground is what a service stands on.
type Ground struct {
	T     Tester
	Clock *clock.Clock
	Store *store.Store
}

// Start is when the clock of every Ground begins.
func Start() time.Time { return time.Date(2026, 3, 1, 10, 30, 0, 0, time.UTC) }

// On opens a ground on a folder, or in memory where dir is "", until the test ends. What is due and fails, fails the test.
func On(t Tester, dir string) *Ground {
	t.Helper()
	c := clock.New(clock.Options{Start: Start()})
	st, err := store.Open(dir, c, store.Options{Failed: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); st.Close() })
	return &Ground{T: t, Clock: c, Store: st}
}

// Pass lets virtual time pass, with all that is due in it.
func (g *Ground) Pass(d time.Duration) {
	g.T.Helper()
	if err := g.Clock.Pass(context.Background(), d); err != nil {
		g.T.Fatal(err)
	}
}

// As is the context of a call by an account.
func As(account, region, service, operation string) context.Context {
	return wire.With(context.Background(), wire.Caller{Account: account, Region: region, Service: service, Operation: operation})
}

// Must gives an answer that may not be an error.
func Must[T any](out T, err error) T {
	if err != nil {
		panic(err)
	}
	return out
}

// Refusal gives the code and the text that a call was refused with, both empty where it went through.
func Refusal(err error) (code, text string) {
	var api smithy.APIError
	switch {
	case err == nil:
		return "", ""
	case errors.As(err, &api):
		return api.ErrorCode(), api.ErrorMessage()
	}
	return "not an API error", err.Error()
}
