package undoing

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
)

// holder is a tenant with one person; calls that are not told here are not made.
type holder struct {
	Tenant
	member bool
	holds  bool
	given  time.Time
	skus   []graph.SKU
	full   error
}

func (h *holder) SubscribedSKUs(context.Context) ([]graph.SKU, error) { return h.skus, nil }

func (h *holder) User(context.Context, string) (graph.User, error) {
	u := graph.User{ID: "u"}
	if h.holds {
		u.LicenseStates = []graph.LicenseState{{SKUID: "SKU"}}
	}
	return u, nil
}

func (h *holder) IsMember(context.Context, string, string) (bool, error) { return h.member, nil }

func (h *holder) AssignLicense(context.Context, string, string) error {
	if h.full != nil {
		return h.full
	}
	h.holds, h.given = true, time.Now()
	return nil
}

type writes struct{ all []migration.Write }

func (j *writes) IntendWrite(_ context.Context, w migration.Write) (migration.Write, error) {
	w.ID = int64(len(j.all))
	j.all = append(j.all, w)
	return w, nil
}

func (j *writes) ConcludeWrite(_ context.Context, w migration.Write, out migration.Outcome) error {
	j.all[w.ID].Outcome = &out
	return nil
}

func (j *writes) Holds(context.Context) error { return nil }

func (j *writes) Writes(_ context.Context, f migration.WriteFilter) ([]migration.Write, error) {
	if f.Undecided {
		return nil, nil
	}
	return j.all, nil
}

// The license goes back ten minutes after the user left the group, and never while the user is in it.
func TestGiveBack(t *testing.T) {
	t.Parallel()
	left := func(ago time.Duration, no bool) migration.Write {
		return migration.Write{Effect: tenantcare.GroupLeave, Target: "g", Outcome: &migration.Outcome{Status: migration.OutcomeDone, NoChange: no, At: time.Now().Add(-ago)}}
	}
	for name, tc := range map[string]struct {
		member bool
		past   func() []migration.Write
		wait   time.Duration
		code   string
	}{
		"NeverInTheGroup": {past: func() []migration.Write { return nil }},
		"LeftNow":         {past: func() []migration.Write { return []migration.Write{left(0, false)} }, wait: migration.LeaveLag},
		"LeftAWhileAgo":   {past: func() []migration.Write { return []migration.Write{left(time.Hour, false), left(4*time.Minute, false)} }, wait: 6 * time.Minute},
		"LeftLongAgo":     {past: func() []migration.Write { return []migration.Write{left(time.Hour, false)} }},
		"WasNotIn":        {past: func() []migration.Write { return []migration.Write{left(0, true)} }},
		"InTheGroupAgain": {member: true, past: func() []migration.Write { return nil }, code: "undo.refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h, began := &holder{member: tc.member}, time.Now()
				w := tenantcare.Writer{Journal: &writes{all: tc.past()}, Clock: cloud.Clock{}, Command: "undo"}
				row := migration.Row{Target: migration.Target{User: "u@x", UserID: "u", GroupID: "g"}}
				err := giveBack(t.Context(), w, h, row, "SKU")
				if fault.CodeOf(err) != tc.code || h.holds != (tc.code == "") {
					t.Fatalf("%v; holds %v", err, h.holds)
				}
				if h.holds && h.given.Sub(began) != tc.wait {
					t.Errorf("given back after %v, want %v", h.given.Sub(began), tc.wait)
				}
			})
		})
	}
}

// A seat that was taken while the membership was waited for is told as that, and only that.
func TestGiveBackWithoutSeat(t *testing.T) {
	t.Parallel()
	refused := fault.New(fault.Invalid, graph.CodeRefused, "400 no available licenses", "")
	free := []graph.SKU{{ID: "sku", Status: "Enabled", Enabled: 1}}
	for name, tc := range map[string]struct {
		tenant holder
		code   string
	}{
		"NoSeat":          {holder{full: refused}, "undo.refused"},
		"AnotherReason":   {holder{full: refused, skus: free}, graph.CodeRefused},
		"NotAllowed":      {holder{full: fault.New(fault.Denied, graph.CodeDenied, "403", "")}, graph.CodeDenied},
		"AssignedWithout": {holder{}, ""},
	} {
		w := tenantcare.Writer{Journal: &writes{}, Clock: cloud.Clock{}, Command: "undo"}
		row := migration.Row{Run: "w1", Target: migration.Target{User: "u@x", UserID: "u", GroupID: "g"}}
		if err := giveBack(t.Context(), w, &tc.tenant, row, "SKU"); fault.CodeOf(err) != tc.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What undo does about a license that was taken for the import.
func TestRelease(t *testing.T) {
	t.Parallel()
	did := func(e migration.Effect, target string) migration.Write {
		return migration.Write{Effect: e, Target: target, Outcome: &migration.Outcome{Status: migration.OutcomeDone}}
	}
	join := Step{Did: did(migration.EffectJoin, "g")}
	stays := Step{Did: did(migration.EffectJoin, "g"), Why: "another run relies on it"}
	back := Step{Did: did(migration.EffectLicense, "sku"), Why: "it was the user's"}
	for name, tc := range map[string]struct {
		steps  []Step
		tenant holder
		told   bool
		back   bool
	}{
		"TheUserLeavesTheGroup": {[]Step{join}, holder{member: true}, true, true},
		"TheUserIsOut":          {nil, holder{}, true, true},
		"TheUserStaysInIt":      {nil, holder{member: true}, true, false},
		"AnotherRunReliesOnIt":  {[]Step{stays}, holder{member: true}, true, false},
		"TheUserHoldsItAgain":   {[]Step{join}, holder{holds: true}, true, false},
		"TheRunGaveItBack":      {[]Step{back}, holder{}, false, false},
	} {
		p := Plan{Row: migration.Row{Target: migration.Target{GroupID: "G"}}, Steps: tc.steps}
		user, _ := tc.tenant.User(t.Context(), "u")
		s, told, err := p.release(t.Context(), &tc.tenant, user, did(migration.EffectRelease, "SKU"))
		if err != nil || told != tc.told || told && s.Back() != tc.back {
			t.Errorf("%s: told %v, back %v (%s), %v", name, told, s.Back(), s.Why, err)
		}
	}
}

// Nothing is taken back when the license at the end has no seat to come back to; other steps need none.
func TestSeats(t *testing.T) {
	t.Parallel()
	step := func(e migration.Effect, why string) []Step {
		return []Step{{Did: migration.Write{Effect: e, Target: "SKU"}, Why: why}}
	}
	sku := func(status string, enabled, used int) []graph.SKU {
		return []graph.SKU{{ID: "other", Status: "Enabled", Enabled: 9}, {ID: "sku", Status: status, Enabled: enabled, Consumed: used}}
	}
	for name, tc := range map[string]struct {
		steps []Step
		skus  []graph.SKU
		code  string
	}{
		"OneIsFree":        {step(migration.EffectRelease, ""), sku("Enabled", 3, 2), ""},
		"NoneIsFree":       {step(migration.EffectRelease, ""), sku("Enabled", 3, 3), "undo.refused"},
		"Suspended":        {step(migration.EffectRelease, ""), sku("Suspended", 3, 2), "undo.refused"},
		"NotOwnedAnyMore":  {step(migration.EffectRelease, ""), nil, "undo.refused"},
		"HeldAgain":        {step(migration.EffectRelease, "the user holds it again"), sku("Enabled", 3, 3), ""},
		"AMembershipAlone": {step(migration.EffectJoin, ""), sku("Enabled", 3, 3), ""},
	} {
		p := Plan{Row: migration.Row{Run: "w1", Target: migration.Target{User: "u@x", SKUName: "PART"}}, Steps: tc.steps}
		if err := p.seats(t.Context(), &holder{skus: tc.skus}); fault.CodeOf(err) != tc.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}
