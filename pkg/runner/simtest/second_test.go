package simtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"wave365/pkg/ledger"
	"wave365/pkg/migration"
)

// second is another wave with a ledger of its own: a colleague, or the same person at another machine.
type second struct {
	from  int // its people are the first wave's from here on
	after time.Duration
}

// confuse draws a second ledger in some stories, and in others an older copy of the ledger that is put back. Both meet an evening
// without the operator's own edits: those are told of one ledger.
func (s *story) confuse(r *rand.Rand) {
	what := r.IntN(8)
	if s.late > 0 || what > 1 {
		return
	}
	for i := range s.ends {
		s.ends[i].before = slices.DeleteFunc(s.ends[i].before, func(a act) bool { return a.what == lie })
	}
	if what == 0 {
		s.second = &second{after: time.Duration(r.Int64N(int64(pick(r, time.Minute, time.Hour, 5*time.Hour))))}
		s.second.from = r.IntN(len(s.people))
		return
	}
	s.ends = append(s.ends, ending{pause: time.Duration(r.IntN(300)) * time.Minute})
	s.copied = 1 + r.IntN(len(s.ends))
	s.restored = s.copied + 1 + r.IntN(2)
	for len(s.ends) <= s.restored {
		s.ends = append(s.ends, ending{pause: time.Duration(r.IntN(300)) * time.Minute})
	}
}

// forgets reports whether the ledger does not know all that its own tool did in this tenant.
func (s *story) forgets() bool { return s.second != nil || s.isSecond || s.restored > 0 }

// addSecond makes the second ledger, whose wave is validated now as the first one was: neither knows of the other.
func (w *world) addSecond() error {
	own := *w.story
	own.people, own.second, own.ends, own.others = w.story.people[w.story.second.from:], nil, nil, nil
	own.isSecond, own.secondAfter = true, w.story.second.after
	own.seed ^= 1 << 60
	o := &world{t: w.t, story: &own, sandbox: w.sandbox, wire: w.wire, truth: w.truth, deeds: newDeeds(), meddled: w.meddled, clock: w.clock, at: positions(w.story.second.from, len(w.story.people)), began: w.began, places: map[string]int{}}
	rows, err := o.validate()
	if err != nil {
		return err
	}
	o.store, w.other = newMemory(rows), o
	return nil
}

// playLater is the second ledger's evening.
func (w *world) playLater() error {
	<-time.After(w.story.secondAfter)
	if err := w.evening(); err != nil {
		return fmt.Errorf("the second ledger: %w", err)
	}
	return nil
}

// oneSetting deletes, as the operator does who is told of a conflict, what two tools that began at once made twice.
func (w *world) oneSetting() error {
	g, _, err := clients(inTurn{w.wire, newMoments(w.story.seed)})
	if err != nil {
		return err
	}
	settings, err := g.UserSettings(context.Background())
	if err != nil {
		return nil //nolint:nilerr // the faults kept the tenant from answering: the operator tries again later
	}
	seen := false
	for _, s := range settings {
		if !strings.HasPrefix(s.DisplayName, "wave365") {
			continue
		}
		if seen {
			insist(context.Background(), func() (int, error) {
				return ask(context.Background(), w.wire, http.MethodDelete, "/beta/deviceManagement/virtualEndpoint/userSettings/"+s.ID, "")
			})
		}
		seen = true
	}
	return nil
}

// timeTravel copies the ledger before one process, and puts the copy back before a later one.
func (w *world) timeTravel(process int) error {
	s := w.story
	if s.restored == 0 {
		return nil
	}
	if process == s.restored && w.old != nil {
		return w.old()
	}
	if process != s.copied {
		return nil
	}
	if m, ok := w.store.(*memory); ok {
		m.mu.Lock()
		defer m.mu.Unlock()
		rows, intents, events := slices.Clone(m.rows), make([]migration.Intent, len(m.intents)), slices.Clone(m.events)
		for i, in := range m.intents {
			intents[i] = copyOf(in)
		}
		w.old = func() error {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.rows, m.intents, m.events = rows, intents, events
			return nil
		}
		return nil
	}
	l := w.store.(*ledger.Ledger)
	if err := l.Close(); err != nil {
		return err
	}
	data, err := os.ReadFile(w.path) // closed: the file alone is all of it
	w.old = func() error {
		err := errors.Join(w.store.(*ledger.Ledger).Close(), os.WriteFile(w.path, data, 0o600))
		_ = os.Remove(w.path + "-wal")
		_ = os.Remove(w.path + "-shm")
		return errors.Join(err, w.openLedger())
	}
	return errors.Join(err, w.openLedger())
}

// confused reports whether a row may end as it did because another ledger, or a later part of its own evening that it does not
// remember, was there first: it says so, and it does not claim a success that is none.
func (w *world) confused(r migration.Row, got string) bool {
	if !w.story.forgets() && !w.shared(r) {
		return false
	}
	state, code, _ := strings.Cut(got, " ")
	switch migration.State(state) {
	case migration.Succeeded:
		return true // what it succeeded with is looked at by itself
	case migration.Held:
		return code == "import.unknown"
	}
	return slices.Contains([]string{"user.already-targeted", "user.has-cloud-pc", "user.has-import", "import.exists", "import.refused", "import.gone", "import.failed",
		"provision.older", "provision.failed", "provision.not-started", "proof.not-from-snapshot", "proof.unclear", "retry.cut-over", "setting.conflict"}, code)
}
