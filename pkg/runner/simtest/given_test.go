package simtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"wave365/pkg/migration"
)

// What others give to somebody in the wave while it goes on.
const (
	giveLicense    = "gives the license"
	giveMembership = "adds the user to the group"
	giveImport     = "imports a disk for the user"
	giveCloudPC    = "gives the user a Cloud PC"
)

// give draws what others give, in every fourth story.
func (s *story) give(r *rand.Rand) {
	if r.IntN(4) > 0 {
		return
	}
	for range 1 + r.IntN(3) {
		m := meddling{what: pick(r, giveLicense, giveLicense, giveMembership, giveImport, giveCloudPC), n: r.IntN(len(s.people))}
		m.after = time.Duration(r.Int64N(int64(pick(r, 10*time.Minute, 2*time.Hour)))) // often before its turn comes
		s.others = append(s.others, m)
	}
}

// gift is what a user has from somebody else.
type gift struct {
	what string
	at   time.Time
}

// giveTo lets somebody give something to a row's user.
func (w *world) giveTo(_ context.Context, what string, n int) {
	r, ok := w.row(n)
	if !ok {
		return
	}
	event := map[string]string{
		giveLicense: fmt.Sprintf(`"do":"give-license","what":%q`, w.story.scenario.Licenses[0].SKU), giveMembership: fmt.Sprintf(`"do":"join","what":%q`, r.Target.GroupID),
		giveImport: `"do":"give-import"`, giveCloudPC: fmt.Sprintf(`"do":"give-cloud-pc","what":%q`, r.Target.PolicyID),
	}[what]
	w.meddled.note(n, what)
	if what == giveImport {
		var state tenantState
		if w.admin(http.MethodGet, "/sandbox/state", "", &state) != nil {
			return
		}
		if mine, _ := state.imports(r.Target.UserID); len(mine) > 0 {
			return // a user has one at most: nothing is given
		}
	}
	if w.admin(http.MethodPost, "/sandbox/events", `{"user":"`+r.Target.UserID+`",`+event+`}`, nil) != nil {
		return
	}
	w.meddled.mu.Lock()
	defer w.meddled.mu.Unlock()
	if _, before := w.meddled.given[n]; !before {
		w.meddled.given[n] = gift{what, time.Now()}
	}
}

// decides reports whether what was given would start a Cloud PC from the image, or is in the way of an import, so that a look before
// it must find it. Who is licensed already gets nothing by a license, and who joins the group as the first thing nothing by that.
func (g gift) decides(p person, lists bool) bool {
	switch g.what {
	case giveLicense:
		return p.trigger == migration.TriggerLicense
	case giveMembership:
		return p.trigger == migration.TriggerMembership
	case giveImport:
		return lists
	}
	return true
}

// checkGiven wants that nothing was imported for somebody who, for longer than anybody may overlook, had what the cut-over is, an import or
// a Cloud PC.
func (w *world) checkGiven(p person, r migration.Row) (broken []error) {
	w.meddled.mu.Lock()
	g, given := w.meddled.given[w.person(r.Index)]
	w.meddled.mu.Unlock()
	if !given || !g.decides(p, w.story.scenario.Knobs.ListImports) || w.meddled.with(w.person(r.Index), unlicense) || w.meddled.with(w.person(r.Index), unjoin) || w.meddled.with(w.person(r.Index), purge) {
		return nil
	}
	for _, s := range w.truth.sendsOf(r.Target.UserID) {
		if s.at.After(g.at.Add(blindFor)) {
			broken = append(broken, fmt.Errorf("an import was sent at %s, and somebody else %s at %s", stamp(s.at), g.what, stamp(g.at)))
		}
	}
	return broken
}

// endsOf is how a row may end because somebody else gave that, besides how it ends without.
func (w *world) endsOf(_ person, what string) []string {
	switch what {
	case giveImport:
		return []string{"failed user.has-import", "failed import.exists", "failed user.already-targeted"}
	case giveCloudPC:
		return []string{"failed user.has-cloud-pc", "failed user.already-targeted", "failed provision.older", "failed proof.not-from-snapshot"}
	}
	// A lost import that became a Cloud PC by what was given is in no list any more.
	return []string{"failed user.already-targeted", "failed user.has-cloud-pc", "failed provision.older", "failed proof.not-from-snapshot", "failed provision.failed", "held import.unknown"}
}
