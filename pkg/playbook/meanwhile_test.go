package playbook_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/blob"
	"wave365/pkg/blob/bloburl"
	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
	"wave365/pkg/runner"
	"wave365/pkg/runner/steer"
)

// touched is a storage account where somebody writes to every disk at a moment.
type touched struct {
	*blob.Client
	at time.Time
}

func (s touched) Properties(ctx context.Context, r bloburl.Ref) (blob.Properties, error) {
	p, err := s.Client.Properties(ctx, r)
	if time.Now().After(s.at) {
		p.ETag = `"0x0NEW"`
	}
	return p, err
}

// A disk that is written to while its row, checked already, waits for a slot is not imported.
func TestDiskThatMovesWhileItsRowWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, story())
		defer s.close()
		book := playbook.New(s.run, s.graph, touched{s.blobs, time.Now().Add(3 * time.Minute)}, s.ledger, cloud.Clock{}, func(_ int, _ bool, src migration.Source) (bloburl.Ref, error) {
			return bloburl.Parse(src.URL, s.blobs.Root())
		})
		if err := book.Prepare(t.Context(), s.rows); err != nil {
			t.Fatal(err)
		}
		r, err := runner.New(s.ledger, runner.Config{State: steer.State{Slots: 1}, Steps: book.Steps(), Clock: cloud.Clock{}})
		if err != nil {
			t.Fatal(err)
		}
		if s.rows, _, err = r.Run(t.Context(), nil, s.rows); err != nil {
			t.Fatal(err)
		}
		if got := migration.Count(s.rows); got.Succeeded != 1 || strings.Count(states(s.rows), "failed:check.moved") != 3 {
			t.Error(states(s.rows))
		}
		if n := accepted(s); n != 1 {
			t.Errorf("%d imports were accepted, want the one that was sent before", n)
		}
	})
}

// leaver is a tenant where somebody takes a user out of every group as soon as they are in it.
type leaver struct {
	*graph.Client
	user string
}

func (l leaver) MembersAmong(ctx context.Context, group string, users []string) ([]bool, error) {
	seen, err := l.Client.MembersAmong(ctx, group, users)
	for i, u := range users {
		if err == nil && u == l.user {
			seen[i] = false
		}
	}
	return seen, err
}

// A membership that does not show is not waited for without end.
func TestMembershipThatNeverShows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, story())
		defer s.close()
		s.over = leaver{s.graph, s.rows[0].Target.UserID}
		s.play()
		if got := states(s.rows); got != "failed:group.left succeeded succeeded succeeded" {
			t.Fatal(got)
		}
		if r := s.rows[0]; r.FinishedAt.Sub(r.StartedAt) > time.Hour || len(r.Problem.Commands) != 1 || r.Problem.Commands[0].Name != "retry" {
			t.Errorf("after %s: %+v", r.FinishedAt.Sub(r.StartedAt), r.Problem)
		}
		if n := accepted(s); n != 3 {
			t.Errorf("%d imports were accepted, want 3", n)
		}
	})
}

// meddler does something right after a user's license was assigned.
type meddler struct {
	playbook.Graph
	user string
	then func(ctx context.Context) error
	done bool
}

func (m *meddler) AssignLicense(ctx context.Context, user, sku string) error {
	err := m.Graph.AssignLicense(ctx, user, sku)
	if err == nil && user == m.user && !m.done {
		m.done = true
		return m.then(ctx)
	}
	return err
}

// An import that is purged after the cut-over and before the Cloud PC is built leaves a Cloud PC from the image and no
// record, as a used one does. That the record was gone too early tells them apart.
func TestImportPurgedAfterTheCutOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, story())
		defer s.close()
		l := &liar{Client: s.graph, user: s.rows[0].Target.UserID}
		m := &meddler{Graph: l, user: l.user, then: func(ctx context.Context) error { return s.graph.PurgeImport(ctx, l.made[0]) }}
		s.over = m
		s.play()
		if got := states(s.rows); got != "failed:proof.not-from-snapshot succeeded succeeded succeeded" {
			t.Error(got)
		}
	})
}

// The first try of a cut-over is made and its answer lost, and before the next one the service wants a pause of hours: the
// row hears of the pause only. By then its Cloud PC is ready and its import used up, as it should be.
func TestCutOverThatHidesBehindAPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, story())
		defer s.close()
		s.over = &meddler{Graph: s.graph, user: s.rows[0].Target.UserID, then: func(context.Context) error {
			f := fault.New(fault.Throttled, "", "the service requested a pause", "")
			f.Remote = &fault.Remote{RetryAfter: 4 * time.Hour}
			return f
		}}
		s.play()
		if got := states(s.rows); got != allSucceeded {
			t.Error(got)
		}
	})
}

// slowSigner is a storage account that takes ten minutes for the first signature, in which something else happens.
type slowSigner struct {
	*blob.Client
	meanwhile func()
}

func (s *slowSigner) SignRead(ctx context.Context, r bloburl.Ref, start, expiry time.Time) (string, error) {
	if do := s.meanwhile; do != nil {
		s.meanwhile = nil
		time.Sleep(10 * time.Minute)
		do()
	}
	return s.Client.SignRead(ctx, r, start, expiry)
}

// An import that has to wait, after the look before it, for longer than that look is worth is not sent: it is looked again.
func TestALookThatGrewOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sc := story()
		sc.Knobs.ListImports = true
		s := newStage(t, sc)
		defer s.close()
		s.rows = s.rows[:1]
		user := s.rows[0].Target.UserID
		slow := &slowSigner{Client: s.blobs, meanwhile: func() { s.event(user, "give-import", "") }}
		book := playbook.New(s.run, s.graph, slow, s.ledger, cloud.Clock{}, func(_ int, _ bool, src migration.Source) (bloburl.Ref, error) {
			return bloburl.Parse(src.URL, s.blobs.Root())
		})
		if err := book.Prepare(t.Context(), s.rows); err != nil {
			t.Fatal(err)
		}
		r, err := runner.New(s.ledger, runner.Config{State: steer.State{Slots: 1}, Steps: book.Steps(), Clock: cloud.Clock{}})
		if err != nil {
			t.Fatal(err)
		}
		if s.rows, _, err = r.Run(t.Context(), nil, s.rows); err != nil {
			t.Fatal(err)
		}
		if got := states(s.rows); got != "failed:user.has-import" {
			t.Errorf("%s: %+v", got, s.rows[0].Problem)
		}
		if did := s.effects(0); count(did, "importSnapshot accepted")+count(did, "importSnapshot refused") != 0 {
			t.Errorf("an import was sent: %q", did)
		}
		if got := s.intents(0); strings.Count(got, "snapshot.import refused") != 1 {
			t.Errorf("the import that was not sent is not settled: %s", got)
		}
	})
}

// fast is the clock of a sandbox whose time runs 6,000 times as fast as the wall clock.
type fast struct{ cloud.Clock }

func (fast) Wall(d time.Duration) time.Duration { return d / 6000 }

// Where a sandbox's time runs fast, a moment of this process is minutes there: that alone makes no look too old, or no import
// would ever be sent.
func TestALookHoldsAMomentOfTheWallClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, story())
		defer s.close()
		s.rows = s.rows[:1]
		slow := &slowSigner{Client: s.blobs, meanwhile: func() {}}
		book := playbook.New(s.run, s.graph, slow, s.ledger, fast{}, func(_ int, _ bool, src migration.Source) (bloburl.Ref, error) {
			return bloburl.Parse(src.URL, s.blobs.Root())
		})
		if err := book.Prepare(t.Context(), s.rows); err != nil {
			t.Fatal(err)
		}
		r, err := runner.New(s.ledger, runner.Config{State: steer.State{Slots: 1}, Steps: book.Steps(), Clock: cloud.Clock{}})
		if err != nil {
			t.Fatal(err)
		}
		if s.rows, _, err = r.Run(t.Context(), nil, s.rows); err != nil {
			t.Fatal(err)
		}
		if got, did := states(s.rows), s.intents(0); got != "succeeded" || strings.Contains(did, "refused") {
			t.Errorf("%s: %s", got, did)
		}
	})
}

// dying is a process that ends right after its import was accepted.
type dying struct {
	*liar
	die func()
}

func (d dying) ImportSnapshot(ctx context.Context, userID string, files []graph.SourceFile) (graph.Import, error) {
	im, err := d.liar.ImportSnapshot(ctx, userID, files)
	if userID == d.user {
		d.die()
	}
	return im, err
}

// An import whose answer was lost, and which became a Cloud PC while nobody ran the tool, because somebody gave the license, is
// found and proven, however much later.
func TestLostImportBecameACloudPC(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, timed())
		defer s.close()
		s.rows = s.rows[:1]
		target := s.rows[0].Target
		ctx, cancel := context.WithCancel(t.Context())
		s.over = dying{&liar{Client: s.graph, user: target.UserID, lose: true}, cancel}
		s.playFor(ctx)
		if n := accepted(s); n != 1 || s.rows[0].Facts.SnapshotID != "" {
			t.Fatalf("%d imports, %+v", n, s.rows[0].Facts)
		}
		time.Sleep(time.Hour)
		s.event(target.UserID, "give-license", target.SKUName)
		time.Sleep(4 * time.Hour)
		s.over = nil
		s.play()
		if got := states(s.rows); got != "succeeded" || accepted(s) != 1 {
			t.Errorf("%s: %+v", got, s.rows[0].Problem)
		}
	})
}
