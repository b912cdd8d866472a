package playbook

import (
	"context"
	"sync"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
)

// signInPatience is how long refused sign-ins are taken for a token that is just being renewed.
const signInPatience = 2 * time.Minute

// signIn watches whether the tenant still takes our token. Safe for concurrent use.
type signIn struct {
	mu    sync.Mutex
	since time.Time // of refusals without an answer in between; zero: none
}

// signedIn makes a step end the run when the sign-in is refused for longer than signInPatience: then no row can go on, and
// none should fail for it. The rows stay where they stand.
func (b *Playbook) signedIn(w migration.Work) migration.Work {
	do := w.Do
	w.Do = func(ctx context.Context, rows []migration.Row) ([]migration.Result, error) {
		results, err := do(ctx, rows)
		if err != nil {
			return nil, err
		}
		for _, res := range results {
			if err := b.login.judge(res, w.Step, b.clock.Now()); err != nil {
				return nil, err
			}
		}
		return results, nil
	}
	return w
}

func (s *signIn) judge(res migration.Result, step migration.Step, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := res.Problem
	switch {
	case p != nil && p.SignedOut():
		if s.since.IsZero() {
			s.since = now
		}
		if now.Sub(s.since) < signInPatience {
			return nil
		}
		return &fault.Fault{
			Kind: fault.Denied, Code: "cloud.sign-in", Msg: "the sign-in is refused since " + stamp(s.since) + ": " + p.Message,
			Hint: "sign in again (a token may have expired or been revoked), then resume: every row goes on where it stands", Commands: []fault.Command{fault.NewCommand("resume")},
			Remote: &fault.Remote{Service: p.Service, Status: p.Status, RequestID: p.RequestID, ClientRequestID: p.ClientRequestID},
		}
	case step != migration.StepCheck && (res.Kind == migration.ResultDone || res.Kind == migration.ResultWait):
		s.since = time.Time{}
	}
	return nil
}
