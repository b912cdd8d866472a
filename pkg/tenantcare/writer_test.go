package tenantcare_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
)

type journal struct {
	writes       []migration.Write
	refuse, lost error
}

func (j *journal) Holds(context.Context) error { return j.lost }

func (j *journal) IntendWrite(_ context.Context, w migration.Write) (migration.Write, error) {
	if j.refuse != nil {
		return w, j.refuse
	}
	w.ID = int64(len(j.writes))
	j.writes = append(j.writes, w)
	return w, nil
}

func (j *journal) ConcludeWrite(_ context.Context, w migration.Write, out migration.Outcome) error {
	j.writes[w.ID].Outcome = &out
	return nil
}

func (j *journal) Writes(_ context.Context, f migration.WriteFilter) ([]migration.Write, error) {
	var out []migration.Write
	for _, w := range j.writes {
		if !f.Undecided || w.Undecided() {
			out = append(out, w)
		}
	}
	return out, nil
}

// thing is something in the tenant that one call makes.
type thing struct {
	there  bool
	shows  time.Time
	calls  int
	answer error
	acts   bool
	unread error
}

func (x *thing) effect() tenantcare.Effect {
	return tenantcare.Effect{
		Write: migration.Write{Effect: "thing.make", Target: "t"},
		Present: func(context.Context) (string, string, bool, error) {
			return "id", "seen", x.there && !time.Now().Before(x.shows), x.unread
		},
		Call: func(context.Context) (string, error) {
			x.calls++
			x.there = x.there || x.acts
			return "id", x.answer
		},
	}
}

func TestDo(t *testing.T) {
	t.Parallel()
	lost, refused := fault.New(fault.OutcomeUnknown, "", "lost", ""), fault.New(fault.Invalid, "", "no", "")
	open := []migration.Write{{Effect: "thing.make", Target: "t"}}
	for name, tc := range map[string]struct {
		thing  thing
		past   []migration.Write
		late   time.Duration
		status migration.OutcomeStatus
		kind   fault.Kind
		calls  int
	}{
		"Made":              {thing: thing{acts: true}, status: migration.OutcomeDone, calls: 1},
		"ThereAlready":      {thing: thing{there: true}, status: migration.OutcomeAdopted},
		"Refused":           {thing: thing{answer: refused}, status: migration.OutcomeRefused, kind: fault.Invalid, calls: 1},
		"LostButMade":       {thing: thing{acts: true, answer: lost}, status: migration.OutcomeAdopted, calls: 1},
		"LostShowsLate":     {thing: thing{acts: true, answer: lost}, late: time.Minute, status: migration.OutcomeAdopted, calls: 1},
		"LostAndNotMade":    {thing: thing{answer: lost}, status: migration.OutcomeNoEffect, kind: fault.Unavailable, calls: 1},
		"DiedButMade":       {thing: thing{there: true}, past: open, status: migration.OutcomeAdopted},
		"DiedBeforeTheCall": {thing: thing{acts: true}, past: open, status: migration.OutcomeDone, calls: 1},
		"DiedShowsLate":     {thing: thing{there: true}, past: open, late: time.Minute, status: migration.OutcomeAdopted},
		"CannotLook":        {thing: thing{unread: refused}, kind: fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				x, j := tc.thing, &journal{}
				for i, w := range tc.past {
					w.ID, w.At = int64(i), time.Now()
					j.writes = append(j.writes, w)
				}
				x.shows = time.Now().Add(tc.late)
				w := tenantcare.Writer{Journal: j, Clock: cloud.Clock{}, Command: "c", By: "b"}
				out, err := w.Do(t.Context(), x.effect())
				if out.Status != tc.status || fault.KindOf(err) != tc.kind || x.calls != tc.calls {
					t.Errorf("%s, %v (%s), %d calls; want %s, %s, %d", out.Status, err, fault.KindOf(err), x.calls, tc.status, tc.kind, tc.calls)
				}
				for _, done := range j.writes {
					if done.Undecided() && tc.thing.unread == nil {
						t.Errorf("left undecided: %+v", done)
					}
				}
			})
		})
	}
}

func TestNothingIsSentThatIsNotRecorded(t *testing.T) {
	t.Parallel()
	x := &thing{acts: true}
	w := tenantcare.Writer{Journal: &journal{refuse: fault.New(fault.Conflict, "ledger.lock-lost", "lost", "")}, Clock: cloud.Clock{}}
	if _, err := w.Do(t.Context(), x.effect()); fault.CodeOf(err) != "ledger.lock-lost" || x.calls != 0 {
		t.Errorf("%v, %d calls", err, x.calls)
	}
	taken := &journal{lost: fault.New(fault.Conflict, "ledger.lock-lost", "lost", "")}
	w.Journal = taken
	if _, err := w.Do(t.Context(), x.effect()); fault.CodeOf(err) != "ledger.lock-lost" || x.calls != 0 || taken.writes[0].Undecided() {
		t.Errorf("%v, %d calls, %+v", err, x.calls, taken.writes)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w.Journal = &journal{}
	if _, err := w.Do(ctx, x.effect()); !fault.Is(err, fault.Interrupted) || x.calls != 0 {
		t.Errorf("%v, %d calls", err, x.calls)
	}
}

func TestRowsOf(t *testing.T) {
	t.Parallel()
	row := func(user, id, name string) migration.Row {
		return migration.Row{Target: migration.Target{User: user, UPN: user, UserID: id, DisplayName: name}}
	}
	rows := []migration.Row{row("anna@x", "1", "Anna"), row("ANNA@x", "1", "Anna"), row("ben@x", "2", "Twin"), row("bea@x", "3", "Twin"), row("anna", "4", "Other")}
	for name, tc := range map[string]struct {
		n    int
		code string
	}{" Anna@X ": {2, ""}, "2": {1, ""}, "twin": {0, "user.ambiguous"}, "nobody": {0, "row.none"}, "": {0, "row.none"}, "Other": {1, ""}} {
		got, err := tenantcare.RowsOf(rows, name)
		if len(got) != tc.n || fault.CodeOf(err) != tc.code {
			t.Errorf("%q: %d rows, %v", name, len(got), err)
		}
	}
}

// A call that stood in line, or whose process stood still, sends nothing when the ledger's lock was taken away meanwhile.
func TestNothingIsSentWithoutTheLock(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]int{"before the first request": 0, "between two requests": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sent := 0
				calls, err := cloud.NewPipeline(cloud.PipelineConfig{Service: "graph", Transport: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					sent++
					return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
				})}})
				if err != nil {
					t.Fatal(err)
				}
				j := &journal{}
				x := (&thing{}).effect()
				x.Call = func(ctx context.Context) (string, error) {
					for n := range 2 {
						if n == before {
							time.Sleep(3 * time.Second)
							j.lost = fault.New(fault.Conflict, "ledger.lock-lost", "lost", "")
						}
						req, err := runtime.NewRequest(ctx, http.MethodPost, "https://graph.example.test/a")
						if err != nil {
							return "", err
						}
						resp, err := calls.Do(req)
						if err != nil {
							return "", err
						}
						_ = resp.Body.Close()
					}
					return "id", nil
				}
				w := tenantcare.Writer{Journal: j, Clock: cloud.Clock{}}
				if _, err := w.Do(t.Context(), x); fault.CodeOf(err) != "ledger.lock-lost" || sent != before {
					t.Errorf("%v, %d requests sent, want %d", err, sent, before)
				}
				if want := map[int]migration.OutcomeStatus{0: migration.OutcomeRefused, 1: migration.OutcomeUnknown}[before]; j.writes[0].Outcome == nil || j.writes[0].Outcome.Status != want {
					t.Errorf("recorded as %+v, want %s", j.writes[0].Outcome, want)
				}
			})
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
