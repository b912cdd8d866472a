package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/sandbox"
)

// both runs a test over a real socket and in memory.
func both(t *testing.T, test func(t *testing.T, c client)) {
	t.Helper()
	for name, connect := range map[string]func(*testing.T, *sandbox.Sandbox) client{"in memory": inMemory, "over loopback": overLoopback} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, connect(t, start(t, sandbox.Config{})))
		})
	}
}

func (c client) fault(rule string) {
	c.t.Helper()
	c.do(200, "POST", "/sandbox/faults", rule)
}

const anna = "/v1.0/users/anna@contoso.example"

func TestDropReply(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c client) {
		c.fault(`{"match":"importSnapshot","kind":"drop-reply","count":1}`)
		body := c.importBody(c.user("anna"), "disks/anna.vhd", c.clock())
		_, err := c.try(t.Context(), "POST", virtualEndpoint+"/snapshots/importSnapshot", body)
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got %v, want the end of the connection", err)
		}
		got := c.do(400, "POST", virtualEndpoint+"/snapshots/importSnapshot", body)
		if !strings.Contains(got.body, "importedSnapshotAlreadyExists") {
			t.Errorf("the effect did not happen: %s", got.body)
		}
		var seen []string
		for _, e := range c.requests() {
			if strings.HasSuffix(e.Path, "importSnapshot") {
				seen = append(seen, fmt.Sprintf("%d %s %s", e.Status, e.Effect, e.Fault))
			}
		}
		if diff := cmp.Diff([]string{"0 importSnapshot accepted drop-reply", "400 importSnapshot refused "}, seen); diff != "" {
			t.Error(diff)
		}
	})
}

func TestReset(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c client) {
		c.fault(`{"match":"importSnapshot","kind":"reset","count":1}`)
		body := c.importBody(c.user("anna"), "disks/anna.vhd", c.clock())
		if _, err := c.try(t.Context(), "POST", virtualEndpoint+"/snapshots/importSnapshot", body); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %v, want a reset", err)
		}
		c.do(200, "POST", virtualEndpoint+"/snapshots/importSnapshot", body)
	})
}

func TestSpoiledAnswers(t *testing.T) {
	t.Parallel()
	blob := "/devstoreaccount1/disks?restype=container&comp=list"
	for name, c := range map[string]struct {
		rule, path string
		status     int
		body       string
		header     map[string]string
	}{
		"status":           {`{"kind":"status"}`, anna, 503, `"code":"ServiceUnavailable"`, map[string]string{"Retry-After": ""}},
		"status and code":  {`{"kind":"status","status":504,"code":"Mine"}`, anna, 504, `"code":"Mine"`, nil},
		"blob status":      {`{"kind":"status"}`, blob, 503, `<Code>ServerBusy</Code>`, map[string]string{"x-ms-error-code": "ServerBusy"}},
		"retry-after":      {`{"kind":"retry-after"}`, anna, 429, `"code":"TooManyRequests"`, map[string]string{"Retry-After": "10"}},
		"own seconds":      {`{"kind":"retry-after","retry_after":7,"status":503}`, anna, 503, ``, map[string]string{"Retry-After": "7"}},
		"without a header": {`{"kind":"retry-after","retry_after":-1}`, anna, 429, ``, map[string]string{"Retry-After": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, k client) {
				k.fault(c.rule)
				got := k.do(c.status, "GET", c.path, "")
				if !strings.Contains(got.body, c.body) {
					t.Errorf("body %s, want it to hold %s", got.body, c.body)
				}
				for h, want := range c.header {
					if got.header.Get(h) != want {
						t.Errorf("%s is %q, want %q", h, got.header.Get(h), want)
					}
				}
				k.do(200, "DELETE", "/sandbox/faults", "")
				k.do(200, "GET", anna, "")
			})
		})
	}
}

func TestRetryAfterAsDate(t *testing.T) {
	t.Parallel()
	c := inMemory(t, start(t, sandbox.Config{}))
	c.advance("1000h")
	c.fault(`{"kind":"retry-after","retry_after":90,"date":true}`)
	got := c.do(429, "GET", anna, "")
	until, err := http.ParseTime(got.header.Get("Retry-After"))
	if d := until.Sub(c.clock()); err != nil || d < 80*time.Second || d > 90*time.Second {
		t.Errorf("%v from now in service time, %v", d, err)
	}
	date, err := http.ParseTime(got.header.Get("Date"))
	if d := c.clock().Sub(date); err != nil || d < 0 || d > 2*time.Second {
		t.Errorf("Date is %v off service time, %v", d, err)
	}
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c client) {
		c.fault(`{"match":"/users/","kind":"malformed"}`)
		if got := c.do(200, "GET", anna, ""); json.Valid([]byte(got.body)) || got.body == "" {
			t.Errorf("got %s", got.body)
		}
	})
}

func TestAppliedStatus(t *testing.T) {
	t.Parallel()
	c := inMemory(t, start(t, sandbox.Config{}))
	c.fault(`{"match":"POST","kind":"status","status":504,"applied":true,"count":1}`)
	c.do(504, "POST", virtualEndpoint+"/userSettings", `{"displayName":"New","provisioningSourceType":"image"}`)
	if got := read[list](t, c.do(200, "GET", virtualEndpoint+"/userSettings", "")); len(got.Value) != 2 {
		t.Errorf("got %d user settings, want 2", len(got.Value))
	}
}

func TestFaultsReachIntoBatches(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c client) {
		c.fault(`{"match":"/users/anna","kind":"status","status":503}`)
		c.fault(`{"match":"/users/ben","kind":"drop-reply"}`)
		got := c.do(200, "POST", "/v1.0/$batch", `{"requests":[{"id":"1","method":"GET","url":"/users/anna@contoso.example"},
			{"id":"2","method":"GET","url":"/users/ben@contoso.example"},{"id":"3","method":"GET","url":"/users/cleo@contoso.example"}]}`)
		statuses := map[string]int{}
		for _, r := range read[struct {
			Responses []struct {
				ID     string
				Status int
			}
		}](t, got).Responses {
			statuses[r.ID] = r.Status
		}
		if diff := cmp.Diff(map[string]int{"1": 503, "2": 504, "3": 200}, statuses); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAdminIsNeverSpoiled(t *testing.T) {
	t.Parallel()
	c := inMemory(t, start(t, sandbox.Config{}))
	c.fault(`{"kind":"reset"}`)
	c.clock()
	c.requests()
	if _, err := c.try(t.Context(), "GET", anna, ""); err == nil {
		t.Error("the fault is not there")
	}
}

func TestInMemoryInVirtualTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := sandbox.New(sandbox.Config{Scenario: load(t, story), Speed: 60})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		c := inMemory(t, s)
		c.fault(`{"match":"/users/","kind":"delay","delay":"10m"}`)
		began := time.Now()
		c.do(200, "GET", anna, "")
		if d := time.Since(began); d != 10*time.Second {
			t.Errorf("a delay of 10 minutes at speed 60 took %v", d)
		}
		ctx, stop := context.WithTimeout(t.Context(), 3*time.Second)
		defer stop()
		began = time.Now()
		if _, err := c.try(ctx, "GET", anna, ""); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 3*time.Second {
			t.Errorf("a client that goes away: %v after %v", err, time.Since(began))
		}
		c.do(200, "DELETE", "/sandbox/faults", "")
		id := c.startImport("anna")
		time.Sleep(45 * time.Second)
		if got := c.importOf(id); got.ImportStatus != "succeeded" {
			t.Errorf("after 45 minutes of service time: %+v", got)
		}
	})
}

func TestTransportRefusesWholeDisks(t *testing.T) {
	t.Parallel()
	c := inMemory(t, start(t, sandbox.Config{}))
	path := strings.TrimPrefix(sign(t, c.root, "disks/ben.vhd", c.clock()), c.root)
	if _, err := c.try(t.Context(), "GET", path, ""); err == nil || !strings.Contains(err.Error(), "too long") || strings.Contains(errors.Unwrap(err).Error(), "sig=") {
		t.Errorf("got %v", err)
	}
}

func TestFaultsOfTheTenant(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := inMemory(t, start(t, sandbox.Config{StateDir: dir}))
	id := c.startImport("anna")
	c.fault(`{"kind":"quota","count":1}`)
	body := c.importBody(c.user("ben"), "disks/ben.vhd", c.clock())
	c.do(429, "POST", virtualEndpoint+"/snapshots/importSnapshot", body)
	if got := c.importOf(id); got.SnapshotID != id || got.ImportStatus == "failed" {
		t.Errorf("the import before the fault is %+v", got)
	}
	again := inMemory(t, start(t, sandbox.Config{StateDir: killed(t, dir)}))
	again.do(429, "POST", virtualEndpoint+"/snapshots/importSnapshot", body)
	c.do(200, "DELETE", "/sandbox/faults", "")
	c.fault(`{"kind":"expire-import","delay":"2h"}`)
	c.do(200, "POST", virtualEndpoint+"/snapshots/importSnapshot", body)
	c.advance("30m")
	c.fault(`{"kind":"lag","match":"member","delay":"30m"}`)
	group := read[list](t, c.do(200, "GET", "/v1.0/groups", "")).Value[0].ID
	c.do(204, "POST", "/v1.0/groups/"+group+"/members/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/`+c.user("cleo")+`"}`)
	if got := read[list](t, c.do(200, "GET", "/v1.0/groups/"+group+"/members", "")); len(got.Value) != 0 {
		t.Errorf("the membership is seen at once: %+v", got)
	}
	c.advance("31m")
	if got := read[list](t, c.do(200, "GET", "/v1.0/groups/"+group+"/members", "")); len(got.Value) != 1 {
		t.Errorf("the membership is never seen: %+v", got)
	}
}
