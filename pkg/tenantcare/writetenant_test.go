package tenantcare_test

import (
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
)

// TestWhose: what a write that died made, or deleted, is looked for only in the tenant that it was sent to.
func TestWhose(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		tenant string
		there  bool
		before string
		status migration.OutcomeStatus
		open   bool
		waits  time.Duration
	}{
		"Ours":               {tenant: "Us", there: true, before: `{"tenant":"us"}`, status: migration.OutcomeAdopted},
		"OursWithoutEffect":  {tenant: "us", before: `{"tenant":"us"}`, status: migration.OutcomeDone, waits: 2 * time.Minute},
		"Theirs":             {tenant: "us", there: true, before: `{"tenant":"them"}`, status: migration.OutcomeAdopted, open: true},
		"TheirsIsNotWaited":  {tenant: "us", before: `{"tenant":"them"}`, status: migration.OutcomeDone, open: true},
		"Nobodys":            {tenant: "us", there: true, status: migration.OutcomeAdopted, open: true},
		"NobodysIsWaited":    {tenant: "us", status: migration.OutcomeDone, open: true, waits: 2 * time.Minute},
		"UnknownTenant":      {there: true, before: `{"tenant":"them"}`, status: migration.OutcomeAdopted, open: true},
		"UnknownAndUnstated": {there: true, status: migration.OutcomeAdopted, open: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				j := &journal{writes: []migration.Write{{Effect: tenantcare.GroupCreate, Target: "t", At: begun}}}
				if tc.before != "" {
					j.writes[0].Before = []byte(tc.before)
				}
				x := thing{there: tc.there, acts: true}
				e := x.effect()
				e.Effect = tenantcare.GroupCreate
				out, err := tenantcare.Writer{Journal: j, Clock: cloud.Clock{}, Tenant: tc.tenant}.Do(t.Context(), e)
				if err != nil || out.Status != tc.status || j.writes[0].Undecided() != tc.open || time.Since(begun) != tc.waits {
					t.Errorf("%v, %s after %s, undecided %v; want %s after %s, %v", err, out.Status, time.Since(begun), j.writes[0].Undecided(), tc.status, tc.waits, tc.open)
				}
				if len(j.writes) > 1 && (!tenantcare.In(tc.tenant, j.writes[1]) || !tenantcare.Elsewhere("another", j.writes[1])) {
					t.Errorf("the new write does not say where it went: %s", j.writes[1].Before)
				}
			})
		})
	}
	deleted := migration.Write{Effect: tenantcare.ImageDelete, Before: []byte(`{"tenant":"us","was":"Own"}`)}
	if got := string(tenantcare.Was(deleted)); got != `"Own"` {
		t.Errorf("what stood there was %s", got)
	}
	if w := (migration.Write{Effect: tenantcare.GroupLeave, Before: []byte(`1`)}); !tenantcare.In("us", w) || tenantcare.Elsewhere("us", w) || string(tenantcare.Was(w)) != "1" {
		t.Errorf("a write to an id is taken for another tenant's")
	}
}
