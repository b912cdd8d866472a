package progress_test

import (
	"fmt"
	"sync"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/progress"
)

// story reports to a view what happens to rows. It has its own time, which advances only when it says so.
type story struct {
	mu   sync.Mutex // guards at, which views read whenever they draw
	at   time.Time
	view progress.View
	rows []migration.Row
}

func newStory(n int) *story {
	s := &story{at: time.Date(2026, 11, 6, 18, 0, 0, 0, time.UTC)}
	for i := range n {
		s.rows = append(s.rows, migration.Row{
			Run: "friday-1", Index: i, State: migration.Pending, Step: migration.StepCheck, Attempt: 1, Version: 1,
			Target: migration.Target{Line: i + 2, User: fmt.Sprintf("user%02d@contoso.example", i), Trigger: migration.TriggerMembership},
		})
	}
	return s
}

func (s *story) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

func (s *story) start(v progress.View, slots int) {
	s.view = v
	v.Start(migration.Run{ID: "friday-1", Wave: "friday", Tenant: "t-1", TenantName: "Contoso", Cloud: "sandbox", Slots: slots,
		CreatedAt: s.at}, append([]migration.Row(nil), s.rows...))
}

func (s *story) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = s.at.Add(d)
}

func (s *story) apply(i int, t migration.Transition) {
	s.rows[i] = t.To()
	s.view.Row(s.rows[i])
}

func (s *story) claim(i int) { s.apply(i, migration.Claim(s.rows[i], s.at)) }

// next ends the row's step; with a wait the next one begins by waiting.
func (s *story) next(i int, wait time.Duration) {
	var until time.Time
	if wait > 0 {
		until = s.at.Add(wait)
	}
	s.apply(i, migration.Advance(s.rows[i], s.rows[i].Facts, until, "", s.at))
}

// importing brings a pending row to the wait for its import.
func (s *story) importing(i int) {
	s.claim(i)
	s.next(i, 0)
	s.next(i, time.Minute)
}

// provisioning brings a row from there to the wait for its Cloud PC.
func (s *story) provisioning(i int) {
	s.next(i, 0)
	s.next(i, time.Minute)
}

func (s *story) succeed(i int, warning string) {
	s.next(i, 0)
	f := s.rows[i].Facts
	f.Warning = warning
	s.apply(i, migration.Succeed(s.rows[i], f, s.at))
}

func (s *story) fail(i int, message string) {
	s.apply(i, migration.Fail(s.rows[i], s.rows[i].Facts, migration.Problem{Code: "import.failed", Message: message}, s.at))
}
