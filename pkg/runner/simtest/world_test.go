package simtest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"wave365/pkg/blob"
	"wave365/pkg/blob/bloburl"
	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
	"wave365/pkg/preflight"
	"wave365/pkg/runner"
	"wave365/pkg/runner/steer"
	"wave365/pkg/sandbox"
	"wave365/pkg/sandbox/reqlog"
	"wave365/pkg/sandbox/sandboxtest"
	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
)

const (
	origin = sandboxtest.Root
	runID  = "sim"
)

// store is a ledger that outlives the processes.
type store interface {
	book
	Rows(ctx context.Context, run string) ([]migration.Row, error)
	AllIntents(ctx context.Context, run string) ([]migration.Intent, error)
	EditRun(ctx context.Context, run string, e ledger.Edit) error
	Events(ctx context.Context, run string) ([]migration.Event, error)
}

// world is what the processes of one evening have in common: the service, and the ledger. It lives inside a synctest
// bubble.
type world struct {
	t       testing.TB
	story   *story
	sandbox *sandbox.Sandbox
	wire    http.RoundTripper
	path    string // of the ledger's file; empty: in memory
	store   store
	run     migration.Run
	truth   *truth
	deeds   *deeds
	meddled *meddled
	sku     string // the id of the one license that is assigned
	// other is the evening of the second ledger; nil: there is none. old is the copy of this one's ledger that will be put back.
	other *world
	old   func() error
	// at are which of the first wave's people the rows of another one are, in order; nil: this is the first.
	at []int
	// waves are further waves of the same ledger, as far as they have begun, and places how often each user is in a wave of it,
	// by id in lower case.
	waves  []*world
	places map[string]int
	// began is when the sandbox's story did.
	began time.Time
	clock interface {
		Now() time.Time
		Wall(d time.Duration) time.Duration
	}
}

// newWorld validates the story's wave and records its run; nothing goes wrong before that.
func newWorld(t testing.TB, s *story) (*world, error) {
	w := &world{t: t, story: s, truth: &truth{calls: map[string]*importCall{}}, deeds: newDeeds(), meddled: &meddled{rows: map[int][]string{}, written: map[int]writing{}, given: map[int]gift{}, rebuilt: map[int]time.Time{}}, clock: cloud.Clock{}, began: time.Now(), places: map[string]int{}}
	var err error
	if w.sandbox, err = sandbox.New(sandbox.Config{Scenario: &s.scenario}); err != nil {
		return nil, err
	}
	w.wire = w.sandbox.Transport()
	rows, err := w.validate()
	if err != nil {
		return w, err
	}
	if s.onDisk {
		w.path = filepath.Join(folder(t), "ledger.db")
		if err := w.openLedger(); err != nil {
			return w, err
		}
		if err := w.store.(*ledger.Ledger).CreateRun(t.Context(), w.run, rows, nil); err != nil {
			return w, err
		}
	} else {
		w.store = newMemory(rows)
	}
	if s.second != nil {
		if err := w.addSecond(); err != nil {
			return w, err
		}
	}
	if len(s.faults) == 0 {
		return w, nil
	}
	text, err := json.Marshal(s.faults)
	if err != nil {
		return w, err
	}
	return w, w.admin(http.MethodPost, "/sandbox/faults", string(text), nil)
}

// folder is a place for a ledger, in memory where the system has such a disk.
func folder(t testing.TB) string {
	if dir, err := os.MkdirTemp("/dev/shm", "wave365-sim-"); err == nil {
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		return dir
	}
	return t.TempDir()
}

func (w *world) openLedger() error {
	l, err := ledger.Open(context.Background(), w.path, ledger.Options{})
	if err == nil {
		w.store = l
	}
	return err
}

func (w *world) close() error {
	var err error
	if l, ok := w.store.(*ledger.Ledger); ok {
		err = l.Close()
	}
	return errors.Join(err, w.sandbox.Close())
}

// clients are fresh ones on a wire.
func clients(wire http.RoundTripper) (*graph.Client, *blob.Client, error) {
	return sandboxtest.Clients(wire, origin, sandboxtest.BlobRoot)
}

func (w *world) validate() ([]migration.Row, error) {
	g, b, err := clients(inTurn{w.wire, newMoments(w.story.seed)})
	if err != nil {
		return nil, err
	}
	file, findings := w.file(w.story.people[:len(w.story.people)-w.story.late-w.story.newcomers], nil)
	res, err := preflight.Check(context.Background(), g, b, preflight.Input{
		File: file, Findings: findings, BlobRoot: b.Root(), Slots: w.story.slots, Now: time.Now(), Trigger: w.story.trigger(),
	})
	if err != nil {
		return nil, err
	}
	if res.Count(wave.Error) > 0 {
		return nil, fmt.Errorf("the wave has errors: %+v", res.Findings)
	}
	w.run = migration.Run{ID: cmp.Or(w.run.ID, runID), Wave: "simulation", Tenant: res.Organization.ID, State: migration.RunActive, CreatedAt: time.Now(), Columns: file.Columns}
	var rows []migration.Row
	for i, r := range file.Rows {
		if res.Targets[i].Trigger != w.story.people[i].trigger {
			return nil, fmt.Errorf("row %d has trigger %s", i, res.Targets[i].Trigger)
		}
		w.sku = cmp.Or(res.Targets[i].SKUID, w.sku)
		rows = append(rows, w.newRow(i, res.Targets[i], r.Cells))
	}
	w.deeds.rows = len(rows)
	w.place(rows)
	return rows, nil
}

func (w *world) newRow(i int, target migration.Target, cells []string) migration.Row {
	return migration.Row{Run: w.run.ID, Index: i, Target: target, Input: cells, State: migration.Pending,
		Step: migration.StepCheck, Reason: migration.ReasonCreated, Attempt: 1, UpdatedAt: time.Now()}
}

// file is the wave as the operator writes it: these people, with a word about some of them.
func (w *world) file(people []person, words map[string]string) (*wave.File, []wave.Finding) {
	var csv strings.Builder
	csv.WriteString("user,blob,policy,license,department\n")
	groups := len(w.story.scenario.Groups)
	for _, p := range people {
		sku := w.story.scenario.Licenses[0].SKU
		if p.trigger != migration.TriggerLicense {
			sku = ""
		}
		fmt.Fprintf(&csv, "%s@contoso.example,disks/%s.vhd,P%d,%s,%s\n", p.name, p.name, p.crowd%groups, sku, words[p.name])
	}
	return reading.Read("simulation", []byte(csv.String()), wave.Options{})
}

// maxTime is how much service time an evening may take, with everything that goes wrong in it.
const maxTime = 30 * 24 * time.Hour

// play lets one process after the other work on the wave until every row is final.
func (w *world) play() error {
	defer w.meddle()()
	var other errgroup.Group
	if w.other != nil {
		other.Go(w.other.playLater)
	}
	return errors.Join(w.evening(), other.Wait())
}

// evening is [world.play] of one ledger.
func (w *world) evening() error {
	began := time.Now()
	ends := w.story.ends
	for process := 0; ; process++ {
		if err := w.again(process); err != nil {
			return err
		}
		e, more := ending{pause: 5 * time.Minute}, len(ends) > 0
		if more {
			e, ends = ends[0], ends[1:]
		}
		if err := w.operate(process, e.before); err != nil {
			return fmt.Errorf("the operator before process %d: %w", process, err)
		}
		if err := w.timeTravel(process); err != nil {
			return err
		}
		rows, err := w.store.Rows(context.Background(), w.run.ID)
		if err != nil {
			return err
		}
		if c := migration.Count(rows); c.Open() == 0 {
			if !more {
				return w.again(math.MaxInt)
			}
			continue
		}
		if time.Since(began) > maxTime || process > 200 {
			return fmt.Errorf("stuck after %s and %d processes: %+v", time.Since(began), process, migration.Count(rows))
		}
		if err := w.process(process, e, rows, maxTime-time.Since(began)); err != nil {
			return fmt.Errorf("process %d: %w", process, err)
		}
		<-time.After(e.pause) // the bubble's time
		if w.path == "" {
			continue
		}
		if err := errors.Join(w.store.(*ledger.Ledger).Close(), w.openLedger()); err != nil {
			return err
		}
	}
}

// process is one process from its start to its end. An error is one that it should not have had.
func (w *world) process(n int, e ending, rows []migration.Row, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	began := time.Now()
	l := &life{end: e, left: e.after, kill: cancel, drain: make(chan struct{}), moments: newMoments(w.story.seed ^ uint64(n+1)<<32)}
	if e.how == "" {
		l.left = -1
	}
	g, b, err := clients(inTurn{mortalWire{w.wire, l, w.truth}, l.moments})
	if err != nil {
		return err
	}
	mortal := mortalLedger{w.store, l, w.truth}
	steps := playbook.New(w.run, g, b, mortal, w.clock, func(_ int, _ bool, s migration.Source) (bloburl.Ref, error) {
		return bloburl.Parse(s.URL, b.Root())
	})
	dice := &dice{r: rand.New(rand.NewPCG(w.story.seed, uint64(n)))}
	steps.Learn(rows)
	orders := make(chan steer.Command)
	r, err := runner.New(mortal, e.steer.config(w, steps, runner.Config{
		State: steer.State{Slots: w.story.slots}, Workers: w.story.workers, Steps: stepsInTurn(l.moments, steps.Steps()), Clock: w.clock, Roll: dice.roll,
		Commands: orders, Imports: steps,
	}))
	if err != nil {
		return err
	}
	if err := steps.Prepare(ctx, rows); err != nil {
		if strings.HasPrefix(fault.CodeOf(err), "ledger.") {
			return err
		}
		if fault.CodeOf(err) == "setting.conflict" && (w.story.second != nil || w.story.isSecond) {
			return w.oneSetting()
		}
		if fault.CodeOf(err) == "setting.not-snapshot" && w.meddled.with(migration.WaveRow, drift) {
			return nil
		}
		switch fault.KindOf(err) {
		case fault.Unavailable, fault.Throttled, fault.OutcomeUnknown, fault.Interrupted, fault.Denied:
			return nil // it says so and ends; the operator resumes
		}
		if l.died() {
			return nil
		}
		return err
	}
	quiet := w.order(ctx, e.orders, orders)
	_, end, err := r.Run(ctx, l.drain, rows)
	quiet()
	switch {
	case l.died():
		return e.steer.kept(w, began)
	case err != nil:
		return w.story.lapse.stopped(err, w.began, began) // or such as a ledger that cannot be written
	case end == runner.Stopped && ctx.Err() == nil:
		return fmt.Errorf("it stopped, and nobody had asked it to")
	case end == runner.Finished:
		left, err := w.store.Rows(context.Background(), w.run.ID)
		if c := migration.Count(left); err != nil || c.Open() > 0 {
			return fmt.Errorf("it ended as finished with %d open rows: %+v, %w", c.Open(), c, err)
		}
	}
	return e.steer.kept(w, began)
}

// dice is safe for concurrent use.
type dice struct {
	mu sync.Mutex
	r  *rand.Rand
}

func (d *dice) roll() float64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.Float64()
}

// admin asks the sandbox's own endpoints.
func (w *world) admin(method, path, body string, into any) error {
	req, err := http.NewRequestWithContext(context.Background(), method, origin+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := w.wire.RoundTrip(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s: %s", path, resp.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

// requests is all that the service was asked.
func (w *world) requests() ([]reqlog.Entry, error) {
	var doc struct {
		Requests []reqlog.Entry
		Dropped  int64
	}
	err := w.admin(http.MethodGet, "/sandbox/requests", "", &doc)
	if err == nil && doc.Dropped > 0 {
		err = errors.New("the request log is not complete")
	}
	return doc.Requests, err
}
