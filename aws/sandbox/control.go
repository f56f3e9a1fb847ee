package sandbox

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"lifeboat/aws/sandbox/wire"
)

// The control API is for other processes of the same person: requests under /_lifeboat/, signed as any other with a key of
// the sandbox's own account, a JSON object each way. An error is {"error": "..."}.

// timeAsk is what the clock is asked: a duration in nanoseconds of virtual time.
type timeAsk struct {
	For time.Duration `json:"for"`
}

type timeAnswer struct {
	Now time.Time `json:"now"`
}

type weatherAsk struct {
	Weather string `json:"weather"`
}

type loginAsk struct {
	Name string `json:"name"`
}

type namesAnswer struct {
	Names []string `json:"names"`
}

type none struct{}

func (h *house) control() http.Handler {
	mux := http.NewServeMux()
	on(mux, h, "POST /_lifeboat/clock/now", func(*http.Request, none) (timeAnswer, error) { return timeAnswer{h.clock.Now()}, nil })
	on(mux, h, "POST /_lifeboat/clock/wait", func(r *http.Request, ask timeAsk) (timeAnswer, error) {
		err := h.clock.Wait(r.Context(), ask.For)
		return timeAnswer{h.clock.Now()}, err
	})
	on(mux, h, "POST /_lifeboat/clock/pass", func(r *http.Request, ask timeAsk) (timeAnswer, error) {
		err := h.clock.Pass(r.Context(), ask.For)
		return timeAnswer{h.clock.Now()}, err
	})
	on(mux, h, "POST /_lifeboat/weather", func(_ *http.Request, ask weatherAsk) (weatherAsk, error) {
		if ask.Weather == "" { // a question
			return weatherAsk{h.weather.String()}, nil
		}
		return ask, h.SetWeather(ask.Weather)
	})
	on(mux, h, "POST /_lifeboat/login", func(_ *http.Request, ask loginAsk) (Login, error) { return h.Login(ask.Name) })
	on(mux, h, "POST /_lifeboat/names", func(*http.Request, none) (namesAnswer, error) {
		names, err := h.Names()
		return namesAnswer{names}, err
	})
	on(mux, h, "POST /_lifeboat/stop", func(*http.Request, none) (none, error) { return none{}, h.Stop() })
	return mux
}

// on answers a path with a function from one JSON object to another.
func on[Ask, Answer any](mux *http.ServeMux, h *house, pattern string, fn func(*http.Request, Ask) (Answer, error)) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		var ask Ask
		var answer any
		status := http.StatusOK
		err := errors.New("the sandbox is run with keys of its own account only")
		switch {
		case wire.From(r.Context()).Account != h.own.Account:
			status = http.StatusForbidden
		default:
			if err = json.NewDecoder(r.Body).Decode(&ask); err == nil {
				answer, err = fn(r, ask)
			}
			if err != nil {
				status = http.StatusBadRequest
			}
		}
		if err != nil {
			answer = map[string]string{"error": err.Error()}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(answer)
	})
}
