package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"lifeboat/aws/sandbox/clock"
	"lifeboat/aws/sandbox/rds"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/sts"
	"lifeboat/aws/sandbox/weather"
	"lifeboat/aws/sandbox/wire"
)

// house is the sandbox of this process: everything behind the address.
type house struct {
	log     *slog.Logger
	dir     string
	lock    *flock.Flock
	clock   *clock.Clock
	weather *weather.Weather
	store   *store.Store
	own     Login
	server  *http.Server

	logins    *sts.Service
	databases *rds.Service

	stop     chan struct{} // closed when somebody asked for it
	stopOnce sync.Once
	ended    sync.Once
}

// runningFile tells other processes where the sandbox of a folder is, and how to be let in.
const runningFile = "running.json"

type running struct {
	Endpoint string  `json:"endpoint"`
	Rate     float64 `json:"rate"`
	Process  int     `json:"process"`
	Login
}

func openHouse(o Options, lock *flock.Flock) (*Sandbox, error) {
	h := &house{
		log: slog.New(o.Log), dir: o.Dir, lock: lock, stop: make(chan struct{}), weather: weather.New(o.Seed),
		clock: clock.New(clock.Options{Start: o.Start, Rate: o.Rate, Idle: o.Idle, Wall: o.Wall}),
	}
	if o.Weather != "" {
		if err := h.weather.Set(o.Weather); err != nil {
			return nil, err
		}
	}
	listener, err := listen(o.Listen)
	if err != nil {
		return nil, err
	}
	if err := h.furnish(o, listener); err != nil {
		if h.databases != nil {
			err = errors.Join(err, h.databases.Close())
		}
		if h.store != nil {
			err = errors.Join(err, h.store.Close())
		}
		return nil, errors.Join(err, listener.Close())
	}
	s := &Sandbox{endpoint: "http://" + listener.Addr().String(), clock: h.clock, desk: h, close: h.Close, house: h}
	if err := h.announce(s.endpoint, o.Rate); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return s.meet()
}

// AddressError is an address that the sandbox cannot listen at.
type AddressError struct{ err error }

func (e *AddressError) Error() string { return "sandbox: " + e.err.Error() }
func (e *AddressError) Unwrap() error { return e.err }

// listen opens the address, which must be this machine's own. The error is an *AddressError.
func listen(address string) (net.Listener, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, &AddressError{fmt.Errorf("address %q: %w; write it as 127.0.0.1:4566", address, err)}
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, &AddressError{fmt.Errorf("address %q is not one of this machine alone; use 127.0.0.1 and a port", address)}
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, &AddressError{fmt.Errorf("%w; choose another port, or none", err)}
	}
	return l, nil
}

// furnish opens the store, makes the services and lets them answer.
func (h *house) furnish(o Options, listener net.Listener) (err error) {
	if h.store, err = store.Open(o.Dir, h.clock, h.storeOptions(o.Seed)); err != nil {
		return err
	}
	all := h.services(o)
	if err := h.store.Check(); err != nil {
		return err
	}
	h.sweep() // at the start too: a kill leaves what the end would have taken
	if err := h.databases.Listen(); err != nil {
		// The rest of the sandbox is as good as ever.
		h.log.LogAttrs(context.Background(), slog.LevelError, "a database cannot be connected to", slog.Any("error", err))
	}
	var given *sts.Key
	if o.AccessKey != "" || o.SecretKey != "" {
		if o.AccessKey == "" || o.SecretKey == "" {
			return errors.New("sandbox: an access key needs its secret, and the other way round; give both or none")
		}
		given = &sts.Key{ID: o.AccessKey, Secret: o.SecretKey}
	}
	if h.own, err = login(h.logins.Login("", given)); err != nil {
		return err
	}
	answers := wire.New(wire.Options{Keys: h.logins, Wall: o.Wall.Now, Fault: h.weather.Fault, Log: h.answered, Extra: h.control()})
	for _, m := range all {
		answers.Mount(m.name, m.service.Ops()...)
	}
	var handler http.Handler = answers
	if o.Around != nil {
		handler = o.Around(answers)
	}
	h.server = &http.Server{Handler: handler, ErrorLog: slog.NewLogLogger(o.Log, slog.LevelWarn), ReadHeaderTimeout: time.Minute}
	go h.server.Serve(listener)
	return nil
}

// sweep removes the content of what was deleted.
func (h *house) sweep() {
	if err := h.store.Sweep(); err != nil {
		h.log.LogAttrs(context.Background(), slog.LevelWarn, "content that is not needed stays", slog.Any("error", err))
	}
}

// answered is told of each call when it is over.
func (h *house) answered(e wire.Entry) {
	h.weather.Answered(e)
	level := slog.LevelInfo
	switch {
	case e.Status >= 500 || e.Status == 0:
		level = slog.LevelError
	case e.Status >= 400:
		level = slog.LevelWarn
	}
	if !h.log.Enabled(context.Background(), level) {
		return
	}
	h.log.LogAttrs(context.Background(), level, e.Caller.Service+"."+e.Caller.Operation,
		slog.Int("status", e.Status), slog.String("code", e.Code), slog.String("note", e.Note), slog.Duration("took", e.Took),
		slog.String("region", e.Caller.Region), slog.String("account", e.Caller.Account), slog.String("request", e.Caller.RequestID))
}

// announce writes the file that other processes attach by.
func (h *house) announce(endpoint string, rate float64) error {
	if h.dir == "" {
		return nil
	}
	text, err := json.Marshal(running{Endpoint: endpoint, Rate: rate, Process: os.Getpid(), Login: h.own})
	if err != nil {
		return err
	}
	if err := store.WriteFile(filepath.Join(h.dir, runningFile), append(text, '\n')); err != nil {
		return fmt.Errorf("sandbox: %w; it needs a folder it can write to", err)
	}
	return nil
}

// Login is part of desk.
func (h *house) Login(name string) (Login, error) {
	if name == "" {
		return h.own, nil
	}
	return login(h.logins.Login(name, nil))
}

// Names is part of desk.
func (h *house) Names() (names []string, err error) {
	all, err := h.logins.Accounts()
	for _, a := range all {
		names = append(names, a.Name)
	}
	return names, err
}

// SetWeather is part of desk.
func (h *house) SetWeather(presets string) error { return h.weather.Set(presets) }

// Stop is part of desk.
func (h *house) Stop() error {
	h.stopOnce.Do(func() { close(h.stop) })
	return nil
}

// grace is how long calls that are being answered may take when the house closes.
const grace = 250 * time.Millisecond

// Close ends the house: calls first, then databases, then content that nothing needs, then time, then the folder. Once is enough.
func (h *house) Close() (err error) {
	h.ended.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		if h.server.Shutdown(ctx) != nil {
			h.server.Close()
		}
		h.Stop()
		err = h.databases.Close()
		h.sweep()
		err = errors.Join(err, h.store.Close())
		if h.lock != nil {
			os.Remove(filepath.Join(h.dir, runningFile))
			err = errors.Join(err, h.lock.Unlock())
		}
	})
	return err
}
