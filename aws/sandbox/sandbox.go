// Package sandbox is AWS in this process: an HTTP server on loopback that speaks AWS's own wire protocols, with behaviour,
// data, time and weather behind it.
//
// A folder belongs to one process at a time. Open makes the sandbox of a folder, or attaches to the one that runs there: what
// it gives looks the same. The journal in the folder and everything else there can be read by its owner only.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/gofrs/flock"

	"lifeboat/aws/account"
	"lifeboat/aws/sandbox/clock"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/sts"
	"lifeboat/aws/sandbox/weather"
)

// Options of Open. The zero value is a sandbox in memory whose time jumps.
type Options struct {
	Dir     string       // where it keeps its state; empty keeps it in memory
	Rate    float64      // virtual seconds per second; 0 jumps
	Idle    float64      // the rate while nobody waits; 0 is Rate
	Seed    uint64       // of account numbers, ids and the weather's chances; 0 draws one. A folder keeps its first for what it makes
	Weather string       // presets (weather.Names); empty is calm
	Listen  string       // address; empty is 127.0.0.1:0. Anything but loopback is refused
	Log     slog.Handler // nil is silence
	Start   time.Time    // first moment of a new sandbox; zero is this machine's time

	// AccessKey and SecretKey replace the own account's key, which is random otherwise.
	AccessKey, SecretKey string

	Wall clock.Wall // this machine's time; nil is clock.Machine

	// Around, when set, is given what answers the requests and gives what answers them instead: tests see, hold back and
	// cut off answers there.
	Around func(http.Handler) http.Handler
}

// Regions of a target.
const (
	Home = "us-east-2"
	Away = "us-west-2"
)

// lockFile is held by the process that has the folder open.
const lockFile = "lock"

// Partner is the other account that every target has; more come as they are asked for.
const Partner = "partner"

// Login is an account and the key of its administrator.
type Login struct {
	Account   string `json:"account"`
	ARN       string `json:"arn"`
	AccessKey string `json:"access_key"`
	SecretKey string `json:"secret_key"`
}

// Identity is who calls with it.
func (l Login) Identity() account.Identity { return account.Identity{Account: l.Account, ARN: l.ARN} }

// Sandbox is an open sandbox, in this process or attached.
type Sandbox struct {
	endpoint string
	clock    account.Clock
	desk     desk
	close    func() error
	house    *house // nil when attached
	own      account.Identity
	others   map[string]account.Identity // as they were when it was opened
}

// desk is what a sandbox can be asked beside AWS's calls: by the house in this process, over HTTP in another.
type desk interface {
	// Login makes the account of that name when it is not there; empty is the sandbox's own.
	Login(name string) (Login, error)
	Names() ([]string, error)
	SetWeather(presets string) error
	Stop() error
}

// Open opens the sandbox of a folder, or attaches to the process that has it open.
func Open(o Options) (*Sandbox, error) {
	if o.Wall == nil {
		o.Wall = clock.Machine{}
	}
	if o.Log == nil {
		o.Log = slog.DiscardHandler
	}
	for o.Seed == 0 {
		o.Seed = rand.Uint64()
	}
	if o.Dir == "" {
		return openHouse(o, nil)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("sandbox: %w; it needs a folder it can write to", err)
	}
	lock := flock.New(filepath.Join(o.Dir, lockFile), flock.SetPermissions(0o600))
	mine, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("sandbox: lock %s: %w; it needs a folder it can write to", o.Dir, err)
	}
	if !mine {
		return attach(o)
	}
	s, err := openHouse(o, lock)
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return s, nil
}

// Endpoint is its address: http://127.0.0.1:PORT.
func (s *Sandbox) Endpoint() string { return s.endpoint }

// Clock is its time.
func (s *Sandbox) Clock() account.Clock { return s.clock }

// Attached says that another process runs it.
func (s *Sandbox) Attached() bool { return s.house == nil }

// Weather is the weather, to be changed rule by rule; nil when attached.
func (s *Sandbox) Weather() *weather.Weather {
	if s.house == nil {
		return nil
	}
	return s.house.weather
}

// SetWeather sets presets, as in Options.
func (s *Sandbox) SetWeather(presets string) error { return s.desk.SetWeather(presets) }

// Login is the account of a name with its key, made when it is not there; the empty name is the sandbox's own.
func (s *Sandbox) Login(as string) (Login, error) { return s.desk.Login(as) }

// Credentials are those of Login, as the SDK takes them.
func (s *Sandbox) Credentials(as string) (aws.Credentials, error) {
	l, err := s.Login(as)
	return aws.Credentials{AccessKeyID: l.AccessKey, SecretAccessKey: l.SecretKey, Source: "lifeboat sandbox", AccountID: l.Account}, err
}

// Target is the sandbox as the target of a run. Closing the target closes the sandbox.
func (s *Sandbox) Target() *account.Target {
	return &account.Target{
		Kind: account.Sandbox, Home: Home, Away: Away, Clock: s.clock, Own: s.own, Others: maps.Clone(s.others),
		Endpoint: s.endpoint, Config: s.config, Close: s.Close,
	}
}

// meet learns who the sandbox's accounts are.
func (s *Sandbox) meet() (*Sandbox, error) {
	own, err := s.Login("")
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.own, s.others = own.Identity(), map[string]account.Identity{}
	names, err := s.desk.Names()
	for _, name := range append(names, Partner) {
		var l Login
		if err == nil {
			l, err = s.Login(name)
		}
		s.others[name] = l.Identity()
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Sandbox) config(as, region string) (aws.Config, error) {
	c, err := s.Credentials(as)
	if err != nil {
		return aws.Config{}, err
	}
	return aws.Config{
		Region: region, BaseEndpoint: aws.String(s.endpoint),
		Credentials:                credentials.StaticCredentialsProvider{Value: c},
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported, // as config.LoadDefaultConfig has it
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	}, nil
}

// Stop ends the sandbox wherever it runs: Done is told, and who opened it closes it.
func (s *Sandbox) Stop() error { return s.desk.Stop() }

// Done is closed when somebody asked the sandbox of this process to stop; nil, which never is, when attached.
func (s *Sandbox) Done() <-chan struct{} {
	if s.house == nil {
		return nil
	}
	return s.house.stop
}

// Close ends the sandbox of this process, or lets go of another's.
func (s *Sandbox) Close() error { return s.close() }

// Both kinds of sandbox give both.
var (
	_ account.Clock = (*clock.Clock)(nil)
	_ account.Clock = (*remote)(nil)
	_ desk          = (*house)(nil)
	_ desk          = (*remote)(nil)
)

// Reset deletes everything in a sandbox's folder. One that is open in a process is left alone, with an error.
func Reset(dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	lock := flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o600))
	mine, err := lock.TryLock()
	switch {
	case err != nil:
		return fmt.Errorf("sandbox: lock %s: %w", dir, err)
	case !mine:
		return fmt.Errorf("sandbox: %s is open in another process; end that process first", dir)
	}
	// Only what a sandbox puts there: the folder was named by a person.
	for _, name := range []string{store.JournalFile, store.BlobsFolder, databasesFolder, runningFile} {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, name)))
	}
	return errors.Join(err, lock.Unlock())
}

// login puts an account and its key together.
func login(a sts.Account, k sts.Key, err error) (Login, error) {
	return Login{Account: a.ID, ARN: a.User, AccessKey: k.ID, SecretKey: k.Secret}, err
}

// storeOptions of a house.
func (h *house) storeOptions(seed uint64) store.Options {
	return store.Options{Seed: seed, Outlook: h.weather.Outlook, Failed: func(err error) {
		h.log.LogAttrs(context.Background(), slog.LevelError, "not done", slog.Any("error", err))
	}}
}
