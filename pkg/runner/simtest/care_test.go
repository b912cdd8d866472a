package simtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"wave365/pkg/blob"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/closing"
	"wave365/pkg/tenantcare/closing/facts"
	"wave365/pkg/tenantcare/imports"
	"wave365/pkg/tenantcare/settling"
	"wave365/pkg/tenantcare/undoing"
)

// care is a command that the operator gives once the evening is over, and gives again until it has nothing left to do.
type care struct {
	what string // careClose, carePurge, careUndo
	n    int    // picks the row of an undo
	// purge and staging are the flags of close.
	purge, staging bool
	// ends say how its first processes end; those after them live.
	ends []ending
	// others act meanwhile, so long after its start.
	others []meddling
}

const (
	careClose = "close"
	carePurge = "purge"
	careUndo  = "undo"
)

// purgeNow is what another admin does in a command's time.
const purgeNow = "purges the import"

// tend draws the commands after the evening, in every other story. A second ledger has an evening of its own.
func (s *story) tend(r *rand.Rand) {
	if r.IntN(2) == 0 || s.second != nil {
		return
	}
	for range 1 + r.IntN(3) {
		c := care{what: pick(r, careClose, careClose, carePurge, careUndo, careUndo), n: r.IntN(1 << 30), purge: r.IntN(2) == 0, staging: r.IntN(2) == 0}
		for range pick(r, 0, 1, 1, 2, 3) {
			c.ends = append(c.ends, ending{how: pick(r, killed, killed, killed, stopped), after: 1 + r.IntN(40), effect: r.IntN(2) == 0, pause: time.Duration(r.IntN(90)) * time.Minute})
		}
		if r.IntN(3) == 0 {
			for range 1 + r.IntN(2) {
				c.others = append(c.others, meddling{what: pick(r, purgeNow, rewrite, unjoin, unlicense, giveLicense, giveMembership), n: r.IntN(len(s.people)),
					after: time.Duration(r.Int64N(int64(12 * time.Minute)))})
			}
		}
		s.cares = append(s.cares, c)
	}
}

// tendAll plays the commands after the evening, each until it has nothing left to do, and checks each.
func (w *world) tendAll() error {
	touched := map[string]bool{} // by others, in whatever command's time, or undone
	for k, c := range w.story.cares {
		if err := w.tend(k, c, touched); err != nil {
			return fmt.Errorf("after the evening, %s: %w", c.tell(), err)
		}
	}
	return nil
}

func (c care) tell() string {
	return fmt.Sprintf("%s (row %d, purge %t, staging %t, ends %+v, others %+v)", c.what, c.n, c.purge, c.staging, c.ends, c.others)
}

// tend gives one command again and again until it is done, and once more: then nothing may be left to do.
func (w *world) tend(k int, c care, touched map[string]bool) error {
	rows, err := w.store.Rows(context.Background(), w.run.ID)
	if err != nil {
		return err
	}
	look, err := w.lookBefore(c, rows, touched)
	if err != nil {
		return err
	}
	quiet := w.meddleWith(k, c, look)
	defer quiet()
	ends, idle := c.ends, 0
	for try := 0; idle < 2; try++ {
		switch {
		case try == 200: // a service that answers every other read is in nobody's power: it gets well again, and then it has to be done
			if err := w.admin(http.MethodDelete, "/sandbox/faults", "", nil); err != nil {
				return err
			}
		case try > 500:
			return errors.New("it is not done after 500 tries")
		}
		e := ending{pause: 3 * time.Minute}
		if len(ends) > 0 {
			e, ends = ends[0], ends[1:]
		}
		did, err := w.command(k*1000+try, c, e, look)
		if err != nil {
			return fmt.Errorf("try %d: %w", try, err)
		}
		switch did {
		case something:
			idle = 0
		case nothing:
			idle++
			e.pause = 45 * time.Minute // a membership, or a license, that is gone takes so long to be seen by all
		}
		<-time.After(e.pause)
	}
	quiet()
	for id := range look.others {
		touched[id] = true
	}
	return look.check(w)
}

// meddleWith lets others act while the command is given, until the function that it gives is called.
func (w *world) meddleWith(k int, c care, look *lookout) (quiet func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	began := time.Now()
	for i, m := range c.others {
		r, ok := w.row(m.n)
		if !ok {
			continue
		}
		look.others[lower(r.Target.UserID)] = true
		wire := inTurn{w.wire, newMoments(w.story.seed ^ uint64(k*8+i+1)<<52)}
		wg.Go(func() {
			if until(ctx, began.Add(m.after)) != nil {
				return
			}
			w.meddleNow(ctx, wire, m, r)
		})
	}
	return func() {
		cancel()
		wg.Wait()
	}
}

func (w *world) meddleNow(ctx context.Context, wire http.RoundTripper, m meddling, r migration.Row) {
	call := func(method, path, body string) {
		insist(ctx, func() (int, error) { return ask(ctx, wire, method, path, body) })
	}
	member := "/v1.0/groups/" + r.Target.GroupID + "/members/"
	switch m.what {
	case purgeNow:
		if r.Facts.SnapshotID != "" {
			call(http.MethodPost, "/beta/deviceManagement/virtualEndpoint/snapshots/purgeImportedSnapshot", fmt.Sprintf(`{"snapshotIds":[%q]}`, r.Facts.SnapshotID))
		}
	case rewrite:
		w.rewrite(ctx, wire, m.n)
	case unjoin:
		call(http.MethodDelete, member+r.Target.UserID+"/$ref", "")
	case giveMembership:
		call(http.MethodPost, member+"$ref", fmt.Sprintf(`{"@odata.id":%q}`, origin+"/v1.0/directoryObjects/"+r.Target.UserID))
	case unlicense, giveLicense:
		if w.sku == "" {
			return
		}
		add, remove := "", fmt.Sprintf("%q", w.sku)
		if m.what == giveLicense {
			add, remove = fmt.Sprintf(`{"skuId":%q,"disabledPlans":[]}`, w.sku), ""
		}
		call(http.MethodPost, "/v1.0/users/"+r.Target.UserID+"/assignLicense", fmt.Sprintf(`{"addLicenses":[%s],"removeLicenses":[%s]}`, add, remove))
	}
}

// deed is what a process of a command did.
type deed int

const (
	failed    deed = iota // it ended early, and said why
	something             // it did what there was to do
	nothing               // it had nothing to do, or did not do what it must not do
)

// command is one process of the command. An error is one that it should not have had.
func (w *world) command(n int, c care, e ending, look *lookout) (deed, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 12*time.Hour)
	defer cancel()
	l := &life{end: e, left: e.after, kill: cancel, drain: make(chan struct{}), moments: newMoments(w.story.seed ^ uint64(n+1)<<24)}
	if e.how == "" {
		l.left = -1
	}
	g, b, err := clients(inTurn{mortalWire{w.wire, l, w.truth}, l.moments})
	if err != nil {
		return failed, err
	}
	p := tended{w, g, b, tenantcare.Writer{Journal: mortalJournal{w.store.(tenantcare.Journal), l}, Clock: w.clock, Command: c.what, By: "the operator", Run: w.run.ID}}
	rows, err := w.store.Rows(ctx, w.run.ID)
	if err != nil {
		return failed, err
	}
	if err := settling.Writes(ctx, p.w, g, b, migration.WriteFilter{Run: w.run.ID}, func(settling.Settled) {}); err != nil {
		return failed, passing(l, err)
	}
	all, err := p.w.Journal.Writes(ctx, migration.WriteFilter{})
	if err != nil {
		return failed, passing(l, err)
	}
	var done bool
	switch c.what {
	case careClose:
		done, err = p.close(ctx, c, rows, all)
	case carePurge:
		done, err = p.purge(ctx, rows, all)
	case careUndo:
		done, err = p.undo(ctx, rows[look.row], all)
	}
	switch {
	case c.what == careUndo && fault.Is(err, fault.NotFound) && w.meddled.with(look.row, deleteUser):
		return nothing, nil // there is nobody any more from whom anything could be taken back
	case err != nil:
		return failed, passing(l, err)
	case done:
		return nothing, nil
	}
	return something, nil
}

// passing leaves out the errors after which the operator gives the command again.
func passing(l *life, err error) error {
	if l.died() || err == nil {
		return nil
	}
	switch fault.KindOf(err) {
	case fault.Unavailable, fault.Throttled, fault.OutcomeUnknown, fault.Interrupted, fault.Denied, fault.NotFound:
		return nil
	}
	switch fault.CodeOf(err) {
	case "close.unsettled", "purge.refused": // somebody is at work there
		return nil
	}
	return err
}

// tended is a process of a command.
type tended struct {
	world *world
	g     *graph.Client
	b     *blob.Client
	w     tenantcare.Writer
}

func (p tended) close(ctx context.Context, c care, rows []migration.Row, all []migration.Write) (bool, error) {
	r := facts.Record{Run: p.world.run, Rows: rows, Effects: all}
	r.Run.BlobRoot = p.b.Root()
	o := closing.Options{Purge: c.purge, DeleteStaging: c.staging, SignatureLife: 48 * time.Hour, Now: p.world.clock.Now()}
	plan, err := closing.Look(ctx, p.world.clock, p.g, p.b, r, o)
	if fault.CodeOf(err) == "close.not-final" {
		return true, nil
	}
	if err == nil && len(plan.Kept) > 0 { // somebody imported a disk of their own: the operator asked, and it is not wanted
		o.Shared = true
		plan, err = closing.Look(ctx, p.world.clock, p.g, p.b, r, o)
	}
	if err != nil || plan.Nothing() {
		return err == nil, err
	}
	_, err = closing.Do(ctx, p.w, p.g, p.b, r, plan, func(f facts.Seen) closing.Plan { return closing.Decide(r, f, o) }, func(string) {})
	return false, err
}

func (p tended) purge(ctx context.Context, rows []migration.Row, all []migration.Write) (bool, error) {
	found, err := imports.Look(ctx, p.world.clock, p.g, imports.Of(rows, all))
	if err != nil {
		return false, err
	}
	done := true
	for _, v := range found {
		if v.Fate != imports.Purge {
			continue
		}
		done = false
		if err := imports.Remove(ctx, p.w, p.g, v); err != nil {
			return false, err
		}
	}
	return done, nil
}

func (p tended) undo(ctx context.Context, row migration.Row, all []migration.Write) (bool, error) {
	var mine, about []migration.Write
	for _, w := range all {
		if w.Command == migration.CommandRun && w.Row == row.Index {
			mine = append(mine, w)
		}
		if lower(w.UserID) == lower(row.Target.UserID) {
			about = append(about, w)
		}
	}
	plan, err := undoing.Look(ctx, p.world.clock, time.UTC, p.g, row, mine, about)
	if row.State == migration.Held { // it is settled first
		if fault.CodeOf(err) != "undo.refused" {
			return false, fmt.Errorf("a held row may be taken back: %v, %w", plan.Steps, err)
		}
		return true, nil
	}
	if fault.CodeOf(err) == "undo.refused" && plan.Todo() > 0 {
		free, e := p.free(ctx, row.Target.SKUID)
		return e == nil && free == 0, e // it has no seat; one that came free meanwhile is seen by the next process
	}
	if err != nil || plan.Todo() == 0 {
		return err == nil, err
	}
	return false, undoing.Do(ctx, p.w, p.g, plan, func(undoing.Step) {})
}

// free counts the seats of the license that can be given now.
func (p tended) free(ctx context.Context, sku string) (int, error) {
	skus, err := p.g.SubscribedSKUs(ctx)
	n := 0
	for _, s := range skus {
		if lower(s.ID) == lower(sku) {
			n += s.Free()
		}
	}
	return n, err
}

// mortalJournal is the ledger as the command's process sees it.
type mortalJournal struct {
	tenantcare.Journal
	life *life
}

func (m mortalJournal) IntendWrite(ctx context.Context, w migration.Write) (migration.Write, error) {
	goOn, answer := m.life.step("ledger: intend " + string(w.Effect))
	if !goOn {
		return migration.Write{}, errDead{}
	}
	if w, err := m.Journal.IntendWrite(ctx, w); err != nil || answer {
		return w, err
	}
	return migration.Write{}, errDead{}
}

func (m mortalJournal) ConcludeWrite(ctx context.Context, w migration.Write, out migration.Outcome) error {
	goOn, answer := m.life.step("ledger: conclude " + string(w.Effect))
	if !goOn {
		return errDead{}
	}
	if err := m.Journal.ConcludeWrite(ctx, w, out); err != nil || answer {
		return err
	}
	return errDead{}
}

// IntendWrite, ConcludeWrite and Writes are the ledger's for a ledger in memory.
func (m *memory) IntendWrite(_ context.Context, w migration.Write) (migration.Write, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w.Outcome, w.ID = nil, int64(len(m.writes)+1)
	m.writes = append(m.writes, w)
	return w, nil
}

func (m *memory) ConcludeWrite(ctx context.Context, w migration.Write, out migration.Outcome) error {
	if w.Command == migration.CommandRun {
		return m.Conclude(ctx, migration.Intent{ID: w.ID}, out)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if w.ID < 1 || w.ID > int64(len(m.writes)) {
		return fmt.Errorf("no write %d", w.ID)
	}
	p := &m.writes[w.ID-1]
	if was := p.Outcome; was != nil && (was.Status != migration.OutcomeUnknown || out.Status != migration.OutcomeAdopted && out.Status != migration.OutcomeNoEffect) {
		return fmt.Errorf("write %d is %s and cannot become %s", w.ID, was.Status, out.Status)
	}
	p.Outcome = &out
	return nil
}

func (m *memory) Writes(_ context.Context, f migration.WriteFilter) ([]migration.Write, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []migration.Write
	for _, in := range m.intents {
		w := migration.Write{ID: in.ID, Command: migration.CommandRun, Run: runID, Row: in.Row, Effect: in.Effect, Target: in.Subject,
			ClientRequestID: in.ClientRequestID, At: in.At, Outcome: in.Outcome}
		if in.Row >= 0 && in.Row < len(m.rows) {
			w.UserID, w.User = m.rows[in.Row].Target.UserID, m.rows[in.Row].Target.User
		}
		all = append(all, w)
	}
	all = append(all, m.writes...)
	all = slices.DeleteFunc(all, func(w migration.Write) bool {
		remote := ""
		if w.Outcome != nil {
			remote = w.Outcome.RemoteID
		}
		return f.Run != "" && w.Run != f.Run || f.Row != nil && w.Row != *f.Row || f.UserID != "" && lower(w.UserID) != lower(f.UserID) ||
			f.Target != "" && lower(w.Target) != lower(f.Target) && lower(remote) != lower(f.Target) ||
			f.Command != "" && w.Command != f.Command || f.Undecided && !w.Undecided()
	})
	for i := range all {
		if all[i].Outcome != nil {
			out := *all[i].Outcome
			all[i].Outcome = &out
		}
	}
	slices.SortStableFunc(all, func(a, b migration.Write) int { return a.At.Compare(b.At) })
	return all, nil
}
