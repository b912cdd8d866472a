package fleet

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"wave365/pkg/fault"
)

// A slice that could not continue is retried, left to others, or left to a person, and never counted as done.
func TestRestOf(t *testing.T) {
	t.Parallel()
	timing := TimingOf(DefaultSlice)
	for _, tc := range []struct {
		name string
		err  error
		want string
	}{
		{"lock lost", fault.New(fault.Conflict, "ledger.lock-lost", "taken over", ""), "lost 1m0s"},
		{"at a terminal", fault.New(fault.Conflict, "ledger.locked", "in use", ""), "lost 20s"},
		{"no credential", fmt.Errorf("tenant: %w", ErrNoCredential), "left 20s"},
		{"stopped", fault.Wrap(fault.Interrupted, "", "stopped", "", context.Canceled), "again 0s"},
		{"database away", fault.New(fault.Unavailable, "ledger.unreachable", "away", ""), "retry"},
		{"password changed", fault.New(fault.Denied, "ledger.denied", "not let in", ""), "retry"},
		{"rights not granted", fault.New(fault.Denied, "ledger.readonly", "permission denied for schema a", ""), "retry"},
		{"another version", fault.New(fault.Invalid, "ledger.newer", "newer", ""), "left 20s"},
		{"throttled", fault.New(fault.Throttled, "", "slow down", ""), "retry"},
		{"surprise", errors.New("surprise"), "retry"},
		{"signed out", fault.New(fault.Denied, "cloud.sign-in", "refused", "sign in again"), "person refused; sign in again; then: wave365 resume r1"},
		{"wave changed", fault.New(fault.Conflict, "wave.changed", "edited", ""), "person edited; then: wave365 resume r1"},
		{"a setting of the tool", fault.New(fault.Conflict, "setting.conflict", "user setting wave365 r1 is in the way", ""), "person user setting wave365 r1 is in the way; then: wave365 resume r1"},
		{"no such run", fault.New(fault.NotFound, "ledger.no-run", "none", ""), "person none; then: wave365 resume r1"},
	} {
		rest := restOf(tc.err, "r1", timing)
		got := "again " + rest.After.String()
		switch {
		case rest.Done:
			got = "done"
		case rest.Lost:
			got = "lost " + rest.After.String()
		case rest.Left:
			got = "left " + rest.After.String()
		case rest.Retry != nil:
			got = "retry"
		case rest.Person != "":
			got = "person " + rest.Person
		}
		if got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// A dead worker is replaced within two minutes: River looks for jobs to rescue every 30 s and schedules every 5 s.
func TestTimingOf(t *testing.T) {
	t.Parallel()
	for _, slice := range []time.Duration{time.Second, DefaultSlice} {
		d := TimingOf(slice)
		if d.Timeout <= d.Slice || d.Rescue <= d.Timeout || d.Rescue+35*time.Second >= 2*time.Minute {
			t.Errorf("%+v", d)
		}
	}
	if d := TimingOf(DefaultSlice); !strings.HasPrefix(d.Rescue.String(), "1m15") {
		t.Errorf("rescued after %s", d.Rescue)
	}
}
