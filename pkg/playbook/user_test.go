package playbook_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// altered is the tenant after validation: of one user something is no longer what it was.
type altered struct {
	*graph.Client
	at       string
	user     func(*graph.UserAnswer)
	licenses func(*graph.LicenseAnswer)
	// calls counts those that read users before the first import was sent.
	calls atomic.Int32
	sent  atomic.Bool
}

func (a *altered) ImportSnapshot(ctx context.Context, user string, files []graph.SourceFile) (graph.Import, error) {
	a.sent.Store(true)
	return a.Client.ImportSnapshot(ctx, user, files)
}

func (a *altered) count() {
	if !a.sent.Load() {
		a.calls.Add(1)
	}
}

func (a *altered) UsersTogether(ctx context.Context, ids []string) ([]graph.UserAnswer, error) {
	a.count()
	answers, err := a.Client.UsersTogether(ctx, ids)
	for i, id := range ids {
		if a.user != nil && err == nil && strings.EqualFold(id, a.at) {
			a.user(&answers[i])
		}
		if a.licenses != nil && err == nil && strings.EqualFold(id, a.at) {
			answers[i].User.AssignedSKUs = append(answers[i].User.AssignedSKUs, "x")
		}
	}
	return answers, err
}

func (a *altered) LicenseDetailsOf(ctx context.Context, ids []string) ([]graph.LicenseAnswer, error) {
	a.count()
	answers, err := a.Client.LicenseDetailsOf(ctx, ids)
	for i, id := range ids {
		if a.licenses != nil && err == nil && strings.EqualFold(id, a.at) {
			a.licenses(&answers[i])
		}
	}
	return answers, err
}

// Who changed between validation and import is not imported, and it is said what changed. Ada's license comes last, Bob
// holds his.
func TestCheck_personChanged(t *testing.T) {
	t.Parallel()
	const ada, bob = 0, 1
	gone := fault.New(fault.NotFound, "", "gone", "")
	for _, tc := range []struct {
		name     string
		row      int
		user     func(*graph.UserAnswer)
		licenses func(s *stage, a *graph.LicenseAnswer)
		code     string // "": the row succeeds
		text     string
	}{
		{name: "Unchanged", row: ada},
		{name: "Disabled", row: ada, user: func(a *graph.UserAnswer) { a.User.Enabled = false }, code: "user.disabled", text: "disabled since validation"},
		{name: "Gone", row: bob, user: func(a *graph.UserAnswer) { *a = graph.UserAnswer{Err: gone} }, code: "user.not-found"},
		{name: "Renamed", row: bob, user: func(a *graph.UserAnswer) { a.User.UPN = "robert@contoso.example" }, code: "check.moved", text: "is called robert@contoso.example"},
		{name: "RenamedInOtherLetters", row: ada, user: func(a *graph.UserAnswer) { a.User.UPN = strings.ToUpper(a.User.UPN) }},
		{name: "LicensedMeanwhile", row: ada, licenses: func(s *stage, a *graph.LicenseAnswer) {
			a.Licenses = append(a.Licenses, graph.License{SKUID: s.rows[ada].Target.SKUID, SKUPartNumber: s.rows[ada].Target.SKUName, Plans: []graph.LicensePlan{{ID: "x", Status: "PendingActivation"}}})
		}, code: "user.already-targeted", text: "holds CPC_E_2C_8GB_128GB since validation"},
		{name: "OtherLicenseMeanwhile", row: ada, licenses: func(_ *stage, a *graph.LicenseAnswer) {
			a.Licenses = append(a.Licenses, graph.License{SKUID: "e5", Plans: []graph.LicensePlan{{ID: "x", Status: "Success"}}})
		}},
		{name: "LicenseTaken", row: bob, licenses: func(_ *stage, a *graph.LicenseAnswer) { a.Licenses = nil }, code: "license.missing", text: "any more"},
		{name: "LicenseNotUsable", row: bob, licenses: func(_ *stage, a *graph.LicenseAnswer) { a.Licenses[0].Plans[0].Status = "Error" }, code: "license.missing"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, story())
				defer s.close()
				tenant := &altered{Client: s.graph, at: s.rows[tc.row].Target.UserID, user: tc.user}
				if tc.licenses != nil {
					tenant.licenses = func(a *graph.LicenseAnswer) { tc.licenses(s, a) }
				}
				s.over = tenant
				s.play()
				r := s.rows[tc.row]
				if tc.code == "" {
					if r.State != migration.Succeeded {
						t.Errorf("%s: %+v", r.State, r.Problem)
					}
				} else if r.State != migration.Failed || r.Problem.Code != tc.code || !strings.Contains(r.Problem.Message, tc.text) || r.Problem.Hint == "" {
					t.Errorf("%s: %+v", r.State, r.Problem)
				} else if got := s.effects(tc.row); len(got) != 0 {
					t.Errorf("the user was touched all the same: %q", got)
				}
				if done := migration.Count(s.rows).Succeeded; tc.code != "" && done != 3 {
					t.Errorf("the other rows: %s", states(s.rows))
				}
				if tc.code == "" && tenant.calls.Load() != 2 {
					t.Errorf("%d calls read four users", tenant.calls.Load())
				}
			})
		})
	}
}
