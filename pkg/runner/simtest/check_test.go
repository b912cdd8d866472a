package simtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/sandbox/reqlog"
)

// tenantState is what the service itself holds at the end, as far as it decides anything.
type tenantState struct {
	Tenant struct {
		CloudPCs []struct{ UserID, Status, Source, PolicyID string }
		Settings []struct {
			Props map[string]any
		}
		Imports []struct{ UserID, ID string }
	}
}

// imports are the ids of a user's imports, oldest first, and of everybody else's.
func (s tenantState) imports(user string) (mine, others []string) {
	for _, im := range s.Tenant.Imports {
		if strings.EqualFold(im.UserID, user) {
			mine = append(mine, im.ID)
		} else {
			others = append(others, im.ID)
		}
	}
	return mine, others
}

type reqEntry = reqlog.Entry

const acceptedImport = "importSnapshot accepted"

// check wants every promise kept, and says of each that is broken where.
func (w *world) check() error {
	ctx := context.Background()
	rows, err := w.store.Rows(ctx, w.run.ID)
	if err != nil {
		return err
	}
	intents, err := w.store.AllIntents(ctx, w.run.ID)
	if err != nil {
		return err
	}
	log, err := w.requests()
	if err != nil {
		return err
	}
	var state tenantState
	if err := w.admin(http.MethodGet, "/sandbox/state", "", &state); err != nil {
		return err
	}
	var broken []error
	say := func(format string, args ...any) { broken = append(broken, fmt.Errorf(format, args...)) }

	c := migration.Count(rows)
	if c.Total != w.deeds.rows || c.Open() != 0 || c.Done() != c.Total {
		say("totals: %+v of %d rows", c, w.deeds.rows)
	}
	built := map[string]string{} // user id → what their Cloud PC was built from
	for _, pc := range state.Tenant.CloudPCs {
		built[strings.ToLower(pc.UserID)] = pc.Status + " from " + pc.Source
	}
	for _, id := range w.truth.repeated {
		say("the import with the client-request-id %s was sent again, and nobody could know that it had had no effect", id)
	}
	own := map[string]int{} // by name: each wave has one
	for _, s := range state.Tenant.Settings {
		if name, _ := s.Props["displayName"].(string); strings.HasPrefix(name, "wave365") {
			own[name]++
		}
	}
	for name, n := range own {
		if n > 1 && w.other == nil && !w.story.isSecond { // two tools that begin at once may each make one
			say("%d user settings %s were made", n, name)
		}
	}
	if waves := 1 + len(w.waves); len(own) > waves && w.at == nil {
		say("%d user settings were made for %d waves", len(own), waves)
	}
	for i, r := range rows {
		for _, err := range w.checkRow(w.story.people[i], r, of(intents, i), log, built[strings.ToLower(r.Target.UserID)]) {
			say("row %d (%s, %s): %w", i, r.Target.User, r.Target.Trigger, err)
		}
	}
	if l, ok := w.store.(*ledger.Ledger); ok {
		if err := ledger.VerifyChain(l.Audit(ctx, "")); err != nil {
			say("the audit chain: %w", err)
		}
	}
	if w.other != nil {
		if err := w.other.check(); err != nil {
			say("the second ledger: %w", err)
		}
	}
	for _, o := range w.waves {
		o.store = w.store
		if err := o.check(); err != nil {
			say("the wave %s: %w", o.run.ID, err)
		}
	}
	return errors.Join(broken...)
}

func of(intents []migration.Intent, row int) (own []migration.Intent) {
	for _, in := range intents {
		if in.Row == row {
			own = append(own, in)
		}
	}
	return own
}

// checkRow compares how a row ended with what really happened.
func (w *world) checkRow(p person, r migration.Row, intents []migration.Intent, log []reqlog.Entry, built string) (broken []error) {
	say := func(format string, args ...any) { broken = append(broken, fmt.Errorf(format, args...)) }
	var accepted []reqlog.Entry // imports
	var cutOver, ready time.Time
	var gone time.Time // the import was purged by somebody who does not work for us
	purged, opened, chain := 0, 0, links{trigger: p.trigger}
	for _, e := range log {
		if !strings.EqualFold(e.User, r.Target.UserID) {
			continue
		}
		if opens(e) && !cutOver.IsZero() && (w.story.forgets() || w.shared(r) || cutOverLost(r, intents)) {
			opened++ // with the Cloud PC went all that could tell another ledger of it
		}
		switch {
		case e.Effect == acceptedImport:
			if accepted = append(accepted, e); len(accepted) > 1+purged+opened {
				say("%d imports were accepted, and %d purged", len(accepted), purged)
			}
			if is := w.meddled.written[w.person(r.Index)]; is.etag != "" && r.Target.DiskSince == 0 && (!w.shared(r) || sentBy(intents, e)) && is.etag != r.Target.Disk.ETag && e.Time.After(is.at.Add(blindFor)) {
				say("it was imported at %s, and its disk was written to at %s", stamp(e.Time), stamp(is.at))
			}
			if ready = e.Time.Add(p.takes); p.code == "import.failed" && len(accepted) == 1 {
				ready = time.Time{} // what goes wrong goes wrong once
			}
		case e.Effect == "import purged":
			purged++
			if ready = (time.Time{}); e.ClientRequestID == somebody {
				gone = e.Time
			}
		case chain.cutOver(e) && cutOver.IsZero():
			if cutOver = e.Time; w.meddled.imaged(r.Target.GroupID, cutOver) {
				say("it was cut over at %s, when the user setting said image", stamp(cutOver))
			}
			if w.story.forgets() || w.shared(r) {
				break // by whom, and for which of the imports, is not in the log
			}
			if ready.IsZero() && (gone.IsZero() || cutOver.After(gone.Add(blindFor))) {
				say("it was cut over at %s without an import that can be used", stamp(cutOver))
			} else if !ready.IsZero() && cutOver.Before(ready) {
				say("it was cut over at %s, before its import ended at %s", stamp(cutOver), stamp(ready))
			}
		}
	}
	broken = append(broken, w.checkSends(r, intents, log)...)
	broken = append(broken, w.checkGiven(p, r)...)
	if err := w.checkDisk(r, intents); err != nil {
		broken = append(broken, err)
	}
	if err := checkReleased(r, intents, log); err != nil {
		broken = append(broken, err)
	}
	if r.State == migration.Cancelled || r.State == migration.Deferred {
		w.deeds.mu.Lock()
		asked := w.deeds.deferring && r.State == migration.Deferred || r.State == migration.Cancelled && w.deeds.cancelled[r.Index]
		w.deeds.mu.Unlock()
		anew := r.Attempt > 1 && !r.Step.Imported() // its cut-over was that of an attempt whose import somebody purged
		if !asked || !cutOver.IsZero() && !anew && !w.story.forgets() && !w.shared(r) {
			say("it is %s; asked for: %t, cut over: %s", r.State, asked, stamp(cutOver))
		}
		if r.Problem.Code != "import.unknown" && unsettled(intents) { // a held row that is given up says what is not known
			say("it is %s, and an import was sent whose end is not known", r.State)
		}
		return broken
	}
	want := w.expected(p, r, intents, accepted)
	got := string(r.State)
	if r.Problem != nil {
		got += " " + r.Problem.Code
	}
	if r.Warned {
		got += " with warnings"
	}
	blind := got == "held import.unknown" && w.unreadable() && strings.Contains(r.Problem.Message, "could not be looked for") // for half a day
	nameless := got == "held import.unknown" && w.nameless(r, intents)
	if got != want && !blind && !nameless && !slices.Contains(slices.Concat(w.mayAlso(p, w.person(r.Index)), w.replacedEnds(p, r.Index)), got) && !w.confused(r, got) {
		say("it ended as %s, want %s: %s", got, want, r.Note)
	}
	if r.State == migration.Succeeded {
		if r.Facts.Proof == "" || r.Facts.CloudPCID == "" || !r.Facts.Provisioned.After(r.Facts.ImportEnded) {
			say("it succeeded without a proof: %+v", r.Facts)
		}
		if !gone.IsZero() && !seenGone(log, r, gone) {
			return broken // nobody looked while it was built: nothing could tell
		}
		if w.rebuiltAfter(r) {
			return broken // it was from the snapshot when it was proven
		}
		late := w.meddled.with(w.person(r.Index), deleteUser) || w.meddled.with(w.person(r.Index), unjoin) || w.meddled.with(w.person(r.Index), unlicense) // it was taken away again
		if !(late && built == "") && (!strings.HasPrefix(built, "provisioned") && !late || !strings.HasSuffix(built, " from snapshot")) {
			say("it succeeded, but its Cloud PC is: %s", built)
		}
	}
	return broken
}

// checkSends wants that no import was even sent for the row's user, whatever the service said to it, while one that we sent was
// there: accepted, and not purged since. Where the operator said that it was not there, nobody could know. What another ledger
// sent, or this one before it was put back, only the tenant knows, and as far as it shows it.
func (w *world) checkSends(r migration.Row, intents []migration.Intent, log []reqlog.Entry) (broken []error) {
	if w.deeds.lied[r.Index] {
		return nil
	}
	lost := cutOverLost(r, intents)
	for _, s := range w.truth.sendsOf(r.Target.UserID) {
		var there reqlog.Entry
		var cutOver time.Time
		used, opened := false, false
		chain := links{trigger: r.Target.Trigger}
		for _, e := range log {
			if !strings.EqualFold(e.User, r.Target.UserID) || !e.Time.Before(s.at) {
				continue
			}
			switch {
			case e.Effect == acceptedImport:
				there = e
			case e.Effect == "import purged":
				there = reqlog.Entry{}
			case chain.cutOver(e):
				cutOver, used = e.Time, true
			case opens(e):
				opened = opened || used
				cutOver = time.Time{} // the Cloud PC goes, and with it what shows the import
			}
		}
		memory := !w.story.forgets() && !((lost || w.shared(r)) && opened)
		shown := w.story.scenario.Knobs.ListImports && s.at.After(there.Time.Add(blindFor)) && (!used || w.story.scenario.Knobs.KeepImportRecord) ||
			!cutOver.IsZero() && s.at.After(cutOver.Add(blindFor+slowest))
		if !there.Time.IsZero() && (memory || shown) {
			broken = append(broken, fmt.Errorf("an import was sent at %s (%s), and the one with the client-request-id %s was there since %s, cut over at %s",
				stamp(s.at), s.id, there.ClientRequestID, stamp(there.Time), stamp(cutOver)))
		}
	}
	return broken
}

// cutOverLost reports whether the answer to a call that closed the row's link was lost: when somebody has opened the link again
// before anybody looked, the import is gone, there is no Cloud PC, and nothing says that there was one.
func cutOverLost(r migration.Row, intents []migration.Intent) bool {
	closing := migration.EffectJoin
	if r.Target.Trigger.Licenses() {
		closing = migration.EffectLicense
	}
	return slices.ContainsFunc(intents, func(in migration.Intent) bool {
		return in.Effect == closing && (in.Outcome == nil || !in.Outcome.Status.Happened() && in.Outcome.Status != migration.OutcomeRefused)
	})
}

// opens reports whether an effect opens a link of the chain that makes a Cloud PC, so that it leaves again.
func opens(e reqlog.Entry) bool {
	return e.Effect == "group member removed" || e.Effect == "license removed"
}

// slowest is how long a membership or a license may take to be seen in these stories.
const slowest = 30 * time.Minute

// seenGone reports whether the service said twice, before the Cloud PC was ready, that it does not know the row's import.
func seenGone(log []reqlog.Entry, r migration.Row, from time.Time) bool {
	times := 0
	for _, e := range log {
		if e.Status == http.StatusNotFound && strings.Contains(e.Path, r.Facts.SnapshotID) && e.Time.After(from) && e.Time.Before(r.Facts.Provisioned) {
			times++
		}
	}
	return times > 1
}

// sentBy reports whether a row's own call made an import.
func sentBy(intents []migration.Intent, e reqlog.Entry) bool {
	return slices.ContainsFunc(intents, func(in migration.Intent) bool { return in.ClientRequestID == e.ClientRequestID })
}

// unsettled reports whether nobody knows how the last import ended.
func unsettled(intents []migration.Intent) (open bool) {
	for _, in := range intents {
		if in.Effect == migration.EffectImport {
			open = in.Outcome == nil || in.Outcome.Status == migration.OutcomeUnknown
		}
	}
	return open
}

// expected is how the row must end: held when the answer to its import was lost and nothing shows the import, otherwise
// as its fate says, which strikes the first import and the first Cloud PC.
func (w *world) expected(p person, r migration.Row, intents []migration.Intent, accepted []reqlog.Entry) string {
	last := ""
	for _, in := range intents {
		if in.Effect == migration.EffectImport {
			last = in.ClientRequestID
		}
	}
	there := slices.ContainsFunc(accepted, func(e reqlog.Entry) bool { return e.ClientRequestID == last })
	k := w.story.scenario.Knobs
	switch {
	case last == "":
		return "an import"
	case w.truth.lost(last) && !w.deeds.settled[last] && !(there && (k.ListImports || !k.UnauditedImports)):
		return "held import.unknown"
	case w.deeds.lied[r.Index]:
		return "failed import.exists"
	case p.code == "import.failed" && (w.deeds.again[r.Index] || len(accepted) > 1): // the second one succeeds
	case p.code != "":
		return "failed " + p.code
	case p.warned:
		return "succeeded with warnings"
	}
	return "succeeded"
}

// nameless reports whether the answer to the row's last import was lost, and its user was renamed and then deleted: what the import
// says of its user is a name that nobody can read any more, so it is not taken over, and the row is held as if it were not shown.
func (w *world) nameless(r migration.Row, intents []migration.Intent) bool {
	last := ""
	for _, in := range intents {
		if in.Effect == migration.EffectImport {
			last = in.ClientRequestID
		}
	}
	n := w.person(r.Index)
	return last != "" && w.truth.lost(last) && !w.deeds.settled[last] && w.meddled.with(n, rename) && w.meddled.with(n, deleteUser)
}

func stamp(t time.Time) string { return t.UTC().Format("01-02 15:04:05") }
