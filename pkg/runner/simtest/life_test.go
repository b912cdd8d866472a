package simtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/playbook"
	"wave365/pkg/runner/record"
)

// life is one process. When it dies, nothing that it still tries reaches the service or the ledger: what its goroutines
// do after that is as if they were no more.
type life struct {
	mu   sync.Mutex
	end  ending
	left int // requests and writes until the end; below zero: it never comes
	dead bool
	kill context.CancelFunc
	// drain and stop are the operator's wishes.
	drain   chan struct{}
	moments *moments
	// lastStep names what it died at.
	lastStep string
}

// errDead is what the dead get. It is not to be tried again.
type errDead struct{}

func (errDead) Error() string { return "simulation: the process is dead" }

// NonRetriable marks the error for the clients' pipeline.
func (errDead) NonRetriable() {}

// step counts one request or write. go on: it may take effect; answer: its outcome may be seen.
func (l *life) step(what string) (goOn, answer bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return false, false
	}
	if l.left--; l.left != 0 {
		return true, true
	}
	switch l.end.how {
	case drained:
		close(l.drain)
		return true, true
	case stopped:
		l.kill()
		return true, true
	}
	l.dead, l.lastStep = true, what
	l.kill()
	return l.end.effect, false
}

func (l *life) died() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dead
}

// mortalLedger is the ledger as the process sees it.
type mortalLedger struct {
	book
	life  *life
	truth *truth
}

// book is what a process needs of a ledger.
type book interface {
	record.Ledger
	playbook.Journal
}

func (m mortalLedger) Apply(ctx context.Context, t migration.Transition) error {
	_ = m.life.moments.wait(ctx, "apply", fmt.Sprint(t.To().Index, t.To().Version, t.To().Reason))
	goOn, answer := m.life.step("ledger: apply " + string(t.To().Reason))
	if !goOn {
		return errDead{}
	}
	if err := m.book.Apply(ctx, t); err != nil || answer {
		return err
	}
	return errDead{}
}

func (m mortalLedger) ApplyAll(ctx context.Context, list []migration.Transition) error {
	if len(list) == 0 {
		return nil
	}
	to := list[0].To()
	_ = m.life.moments.wait(ctx, "apply", fmt.Sprint(to.Index, to.Version, to.Reason))
	goOn, answer := m.life.step(fmt.Sprintf("ledger: apply %d, %s", len(list), to.Reason))
	if !goOn {
		return errDead{}
	}
	if err := m.book.ApplyAll(ctx, list); err != nil || answer {
		return err
	}
	return errDead{}
}

func (m mortalLedger) Intend(ctx context.Context, in migration.Intent) (migration.Intent, error) {
	goOn, answer := m.life.step("ledger: intend " + string(in.Effect))
	if !goOn {
		return migration.Intent{}, errDead{}
	}
	if in, err := m.book.Intend(ctx, in); err != nil || answer {
		return in, err
	}
	return migration.Intent{}, errDead{}
}

func (m mortalLedger) Conclude(ctx context.Context, in migration.Intent, out migration.Outcome) error {
	goOn, answer := m.life.step("ledger: conclude " + string(in.Effect))
	if !goOn {
		return errDead{}
	}
	if err := m.book.Conclude(ctx, in, out); err != nil {
		return err
	}
	m.truth.concluded(m.life, in, out)
	if answer {
		return nil
	}
	return errDead{}
}

// truth is what really became of each import call, as only the simulation can know.
type truth struct {
	mu    sync.Mutex
	calls map[string]*importCall // by client-request-id
	// sends are all import requests that left the tool, accepted or not, in order.
	sends []sending
	// repeated are the ids of calls that were sent again although nobody could know that they had had no effect.
	repeated []string
}

type sending struct {
	at       time.Time
	user, id string
}

type importCall struct {
	user string
	by   *life
	sent int
	// refused: the last answer was one after which the same call may be sent again (429), or it never left.
	refused bool
	// answered: the process got an answer that says what happened, and lived to record it.
	heard, answered bool
}

func (t *truth) call(id string) *importCall {
	if t.calls[id] == nil {
		t.calls[id] = &importCall{}
	}
	return t.calls[id]
}

func (t *truth) sent(l *life, id, user string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.call(id)
	if c.sent > 0 && !c.refused {
		t.repeated = append(t.repeated, id)
	}
	c.user, c.by, c.heard, c.refused = user, l, false, false
	c.sent++
	t.sends = append(t.sends, sending{time.Now(), user, id})
}

func (t *truth) refused(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.call(id).refused = true
}

// sendsOf are the import requests for a user, those at the very same time as an answer of the service before it.
func (t *truth) sendsOf(user string) (own []sending) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.sends {
		if strings.EqualFold(s.user, user) {
			own = append(own, s)
		}
	}
	return own
}

func (t *truth) heard(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.call(id).heard = true
}

// concluded notes that the process that made the call recorded its outcome.
func (t *truth) concluded(l *life, in migration.Intent, _ migration.Outcome) {
	if in.Effect != migration.EffectImport {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.call(in.ClientRequestID); c.by == l && c.heard {
		c.answered = true
	}
}

// lost reports whether nobody could know how the call with this id ended.
func (t *truth) lost(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.calls[id]
	return c == nil || !c.answered
}

// mortalWire is the network as the process sees it.
type mortalWire struct {
	http.RoundTripper
	life  *life
	truth *truth
}

func (m mortalWire) RoundTrip(req *http.Request) (*http.Response, error) {
	goOn, answer := m.life.step(req.Method + " " + req.URL.Path)
	if !goOn {
		return nil, errDead{}
	}
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	id := req.Header.Get("client-request-id")
	isImport := req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/importSnapshot")
	if isImport {
		var doc struct {
			User string `json:"assignedUserId"`
		}
		_ = json.Unmarshal(body, &doc)
		m.truth.sent(m.life, id, doc.User)
	}
	resp, err := m.RoundTripper.RoundTrip(req)
	if isImport && err == nil && resp.StatusCode == http.StatusTooManyRequests {
		m.truth.refused(id)
	}
	if !answer || m.life.died() {
		return nil, errDead{}
	}
	if isImport && err == nil && tells(resp) {
		m.truth.heard(id)
	}
	return resp, err
}

// tells reports whether an answer to an import says what happened: the id of the import, or a refusal.
func tells(resp *http.Response) bool {
	text, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(text))
	switch {
	case err != nil || resp.StatusCode >= 500:
		return false
	case resp.StatusCode >= 400:
		return true
	}
	var doc map[string]any
	return json.Unmarshal(text, &doc) == nil && (doc["snapshotId"] != nil || doc["id"] != nil)
}
