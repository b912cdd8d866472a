package playbook

import (
	"context"
	"sync"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
)

// accessPatience is how long refusals of everything are taken for a token that is just being renewed, or a role that has not
// reached every server yet.
const accessPatience = 2 * time.Minute

// codeLapsed is the code of a run that ends because the tenant refuses what validation could read. A refusal that is about one
// row keeps that row's own code.
const codeLapsed = "permission.lapsed"

// access watches whether the tenant still takes our token, and still lets us read what validation read. Safe for concurrent
// use.
type access struct {
	mu sync.Mutex
	// signedOut is since when sign-in is refused, without an answered call in between; zero: it is not refused.
	signedOut time.Time
	// refused is since when calls of a step are refused for lack of permission, without one in between that was not.
	refused map[migration.Step]time.Time
}

// watched makes a step end the run when sign-in is refused for longer than accessPatience, or the permission to read
// what validation could read: then no row can continue, and none should fail for it. The rows keep their state.
func (b *Playbook) watched(w migration.Work) migration.Work {
	do := w.Do
	w.Do = func(ctx context.Context, rows []migration.Row) ([]migration.Result, error) {
		results, err := do(ctx, rows)
		if err != nil {
			return nil, err
		}
		for _, res := range results {
			since, lapsed := b.access.judge(res, w.Step, b.clock.Now())
			if since.IsZero() {
				continue
			}
			if !lapsed {
				return nil, lost(*res.Problem, "cloud.sign-in", "the sign-in has been refused since "+stamp(since),
					"sign in again (a token may have expired or been revoked), then resume: every row continues where it stopped")
			}
			if ctx.Err() == nil && b.refusesAll(ctx, rows) {
				return nil, lost(*res.Problem, codeLapsed, "a permission that validation had has been missing since "+stamp(since),
					"activate the role again (Privileged Identity Management gives it for some hours), or have the permission granted again, then resume: every row continues where it stopped")
			}
		}
		return results, nil
	}
	return w
}

// lost is the fault of a run that has lost its access.
func lost(p migration.Problem, code, msg, hint string) error {
	return &fault.Fault{
		Kind: fault.Denied, Code: code, Msg: msg + ": " + p.Message, Hint: hint, Commands: []fault.Command{fault.NewCommand("resume")},
		Remote: &fault.Remote{Service: p.Service, Status: p.Status, RequestID: p.RequestID, ClientRequestID: p.ClientRequestID},
	}
}

// judge records what a step's result shows about our access. It returns since when access is lost, once for longer than
// accessPatience, and whether a permission rather than sign-in is lost; zero: access is not lost, as far as this result
// shows.
func (a *access) judge(res migration.Result, step migration.Step, now time.Time) (since time.Time, lapsed bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p, answered := res.Problem, res.Kind == migration.ResultDone || res.Kind == migration.ResultWait
	switch {
	case p != nil && p.SignedOut():
		if a.signedOut.IsZero() {
			a.signedOut = now
		}
		since = a.signedOut
	case p != nil && res.Kind == migration.ResultAgain && p.Service == "graph" && p.Status == statusForbidden:
		if a.refused[step].IsZero() {
			if a.refused == nil {
				a.refused = map[migration.Step]time.Time{}
			}
			a.refused[step] = now
		}
		since, lapsed = a.refused[step], true
	case answered:
		if delete(a.refused, step); step != migration.StepCheck {
			a.signedOut = time.Time{}
		}
	}
	if !since.IsZero() && now.Sub(since) < accessPatience {
		since = time.Time{}
	}
	return since, lapsed
}

// refusesAll reports whether what concerns every row cannot be read any more either: a refusal to read one user or group
// concerns that row only.
func (b *Playbook) refusesAll(ctx context.Context, rows []migration.Row) bool {
	if _, err := b.graph.ProvisioningPolicies(ctx); fault.Is(err, fault.Denied) {
		return true
	}
	_, err := b.graph.UsersTogether(ctx, []string{rows[0].Target.UserID})
	return fault.Is(err, fault.Denied)
}
