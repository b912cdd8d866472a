package clock_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/clock"
)

var friday = time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC)

// Service time runs as much faster as was said, can be moved forward, and goes on while the program is stopped, at the speed that
// it had.
func TestClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		at := func(c *clock.Clock, want time.Duration) {
			t.Helper()
			if got := c.Now().Sub(friday); got != want {
				t.Errorf("%s have passed, want %s", got, want)
			}
		}
		c := clock.New(clock.Mark{Wall: time.Now(), Service: friday, Speed: 60}, 60)
		at(c, 0)
		time.Sleep(time.Minute)
		at(c, time.Hour)
		if w := c.Wall(time.Hour); w != time.Minute {
			t.Errorf("an hour takes %s", w)
		}
		if m := c.Advance(8 * time.Hour); !m.Service.Equal(friday.Add(9*time.Hour)) || m.Speed != 60 {
			t.Errorf("%+v", m)
		}
		at(c, 9*time.Hour)
		time.Sleep(time.Minute)
		at(c, 10*time.Hour)
		// Stopped for a minute, and started again at another speed: that minute passed at the old one.
		kept := c.Mark()
		time.Sleep(time.Minute)
		again := clock.New(kept, 600)
		at(again, 11*time.Hour)
		time.Sleep(time.Minute)
		at(again, 21*time.Hour)
	})
}

// A wall clock that was set back does not turn service time back.
func TestClock_setBack(t *testing.T) {
	t.Parallel()
	c := clock.New(clock.Mark{Wall: time.Now().Add(time.Hour), Service: friday, Speed: 1}, 1)
	if c.Now().Before(friday) {
		t.Errorf("it is %s", c.Now())
	}
}

// Who asks for the time of something that is no sandbox is told so.
func TestOf(t *testing.T) {
	t.Parallel()
	for answer, ok := range map[string]bool{
		`{"now":"2026-11-20T18:00:00Z","speed":60}`: true, `{"now":"2026-11-20T18:00:00Z","speed":0}`: false, `{"speed":60}`: false, `<html>`: false, ``: false,
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/sandbox/clock" {
				w.WriteHeader(http.StatusNotFound)
			}
			_, _ = w.Write([]byte(answer))
		}))
		now, speed, err := clock.Of(t.Context(), s.URL)
		s.Close()
		if ok && (err != nil || !now.Equal(friday) || speed != 60) || !ok && fault.CodeOf(err) != "sandbox.gone" {
			t.Errorf("%q: %s, %g, %v", answer, now, speed, err)
		}
		if _, _, err := clock.Of(t.Context(), s.URL); fault.CodeOf(err) != "sandbox.gone" {
			t.Errorf("nobody there: %v", err)
		}
	}
}
