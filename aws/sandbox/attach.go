package sandbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"lifeboat/aws/sandbox/clock"
)

// remote is the sandbox of another process: its clock and its desk, over the control API.
type remote struct {
	running
	wall   clock.Wall
	client *http.Client
	signer *v4.Signer

	mu   sync.Mutex
	last time.Time // the virtual time that was last heard of
}

// A process that has just locked the folder needs a moment before it can be attached to.
const (
	attempts = 20
	between  = 100 * time.Millisecond
)

// attach connects to the process that has the folder.
func attach(o Options) (*Sandbox, error) {
	if o.AccessKey != "" || o.Weather != "" || o.Listen != "" {
		return nil, fmt.Errorf("sandbox: %s is open in another process, so its key, weather and address cannot be set here; stop that one first", o.Dir)
	}
	var err error
	for range attempts {
		var r *remote
		if r, err = reach(o); err == nil {
			return (&Sandbox{endpoint: r.Endpoint, clock: r, desk: r, close: r.release}).meet()
		}
		timer, _ := o.Wall.Timer(between)
		<-timer
	}
	return nil, fmt.Errorf("sandbox: %s is open in another process that does not answer: %w; end that process and try again", o.Dir, err)
}

func reach(o Options) (*remote, error) {
	text, err := os.ReadFile(filepath.Join(o.Dir, runningFile))
	if err != nil {
		return nil, err
	}
	r := &remote{wall: o.Wall, client: &http.Client{Transport: &http.Transport{}}, signer: v4.NewSigner()}
	if err := json.Unmarshal(text, &r.running); err != nil {
		return nil, fmt.Errorf("%s: %w", runningFile, err)
	}
	return r, r.tell(context.Background(), "clock/now", none{})
}

func (r *remote) release() error {
	r.client.CloseIdleConnections()
	return nil
}

// ask makes a signed call of the control API.
func (r *remote) ask(ctx context.Context, path string, question, answer any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.Endpoint+"/_lifeboat/"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	key := aws.Credentials{AccessKeyID: r.AccessKey, SecretAccessKey: r.SecretKey}
	if err := r.signer.SignHTTP(ctx, key, request, hex.EncodeToString(sum[:]), "lifeboat", Home, r.wall.Now()); err != nil {
		return err
	}
	response, err := r.client.Do(request)
	if err != nil {
		return fmt.Errorf("sandbox: the process that runs it does not answer: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return json.NewDecoder(response.Body).Decode(answer)
	}
	var refused struct{ Error string }
	if json.NewDecoder(response.Body).Decode(&refused) != nil || refused.Error == "" {
		return fmt.Errorf("sandbox: %s: %s", path, response.Status)
	}
	return errors.New(refused.Error)
}

// tell asks something about time, and remembers what it was told.
func (r *remote) tell(ctx context.Context, path string, question any) error {
	var answer timeAnswer
	if err := r.ask(ctx, path, question, &answer); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if answer.Now.After(r.last) {
		r.last = answer.Now
	}
	return nil
}

// Now is part of account.Clock. When the other process does not answer it is the time last heard of.
func (r *remote) Now() time.Time {
	_ = r.tell(context.Background(), "clock/now", none{})
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// Wait is part of account.Clock.
func (r *remote) Wait(ctx context.Context, d time.Duration) error {
	return r.tell(ctx, "clock/wait", timeAsk{d})
}

// Pass is part of account.Clock.
func (r *remote) Pass(ctx context.Context, d time.Duration) error {
	return r.tell(ctx, "clock/pass", timeAsk{d})
}

// Rate is part of account.Clock.
func (r *remote) Rate() float64 { return r.running.Rate }

// Login is part of desk.
func (r *remote) Login(name string) (l Login, err error) {
	if name == "" {
		return r.running.Login, nil
	}
	err = r.ask(context.Background(), "login", loginAsk{name}, &l)
	return l, err
}

// Names is part of desk.
func (r *remote) Names() ([]string, error) {
	var answer namesAnswer
	err := r.ask(context.Background(), "names", none{}, &answer)
	return answer.Names, err
}

// SetWeather is part of desk.
func (r *remote) SetWeather(presets string) error {
	return r.ask(context.Background(), "weather", weatherAsk{presets}, &weatherAsk{})
}

// Stop is part of desk.
func (r *remote) Stop() error { return r.ask(context.Background(), "stop", none{}, &none{}) }
