package simtest

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"wave365/pkg/migration"
)

// reprovision is what a colleague does to somebody's new Cloud PC: it keeps its id and is built from the image.
const reprovision = "has the Cloud PC reprovisioned once it is ready"

// rebuild draws such colleagues, in every eighth story.
func (s *story) rebuild(r *rand.Rand) {
	if r.IntN(8) > 0 || s.forgets() || len(s.cares) > 0 || len(s.further) > 0 {
		return
	}
	for range 1 + r.IntN(3) {
		s.others = append(s.others, meddling{what: reprovision, n: r.IntN(len(s.people)), lasts: time.Duration(r.IntN(pick(r, 1, 1, 90))) * time.Minute})
	}
}

// reprovision waits until the row's user has a Cloud PC from the snapshot, and so long after that.
func (w *world) reprovision(ctx context.Context, n int, after time.Duration) {
	r, ok := w.row(n)
	for ok {
		var state tenantState
		if w.admin(http.MethodGet, "/sandbox/state", "", &state) == nil && state.ready(r.Target.UserID) {
			break
		}
		ok = until(ctx, time.Now().Add(20*time.Second)) == nil
	}
	if !ok || until(ctx, time.Now().Add(after)) != nil {
		return
	}
	w.toUser(n, reprovision, "reprovision", "")
	w.meddled.mu.Lock()
	w.meddled.rebuilt[n] = time.Now()
	w.meddled.mu.Unlock()
}

func (s tenantState) ready(user string) bool {
	for _, pc := range s.Tenant.CloudPCs {
		if strings.EqualFold(pc.UserID, user) {
			return strings.HasPrefix(pc.Status, "provisioned") && pc.Source == "snapshot"
		}
	}
	return false
}

// rebuiltAfter reports whether somebody had the Cloud PC of the row reprovisioned after the one that the row was proven by was ready.
func (w *world) rebuiltAfter(r migration.Row) bool {
	w.meddled.mu.Lock()
	defer w.meddled.mu.Unlock()
	at, ok := w.meddled.rebuilt[w.person(r.Index)]
	return ok && !r.Facts.Provisioned.After(at)
}
