package clock

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"wave365/pkg/fault"
)

// Of asks the sandbox at root (scheme and host) for its time and its speed relative to the wall clock. It waits at most
// ten seconds. The fault is Unavailable, "sandbox.gone", when no sandbox answers there.
func Of(ctx context.Context, root string) (now time.Time, speed float64, err error) {
	gone := func(err error) error {
		return fault.Wrap(fault.Unavailable, "sandbox.gone", "no sandbox answers at "+root, "start one, or check the URL", err, fault.NewCommand("sandbox", "--scenario", "FILE.yaml"))
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, root+"/sandbox/clock", nil)
	if err != nil {
		return now, 0, gone(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return now, 0, gone(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var clock struct {
		Now   time.Time `json:"now"`
		Speed float64   `json:"speed"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&clock); err != nil || clock.Now.IsZero() || clock.Speed <= 0 {
		return now, 0, gone(err)
	}
	return clock.Now, clock.Speed, nil
}
