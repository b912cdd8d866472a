package simtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/sandbox/scenario"
)

// meddling is what somebody else does in the tenant, so long after the evening began; n picks the row.
type meddling struct {
	what  string
	after time.Duration
	n     int
	lasts time.Duration // of a drift: until somebody puts it right
}

const (
	drift      = "a save in the portal sets the user setting back to image"
	purge      = "purges the import once it has succeeded"
	rewrite    = "writes to the disk"
	unjoin     = "takes the user out of the group"
	unlicense  = "takes the license away"
	rename     = "gives the user another name"
	deleteUser = "deletes the user"
)

// somebody is the client-request-id of what others do.
const somebody = "somebody"

// blindFor is how old a fact may be that something is done upon: what was read two minutes ago, and a call that the
// service makes wait.
const blindFor = 6 * time.Minute

// meddle draws what others do, in every third story.
func (s *story) meddle(r *rand.Rand) {
	if r.IntN(3) > 0 {
		return
	}
	for range 1 + r.IntN(3) {
		m := meddling{what: pick(r, purge, purge, purge, rewrite, rewrite, unjoin, unlicense), after: time.Duration(r.Int64N(int64(2 * time.Hour))), n: r.IntN(len(s.people))}
		s.others = append(s.others, m)
	}
	if r.IntN(3) == 0 {
		s.others = append(s.others, meddling{what: drift, after: time.Duration(r.Int64N(int64(90 * time.Minute))), lasts: time.Duration(10+r.IntN(240)) * time.Minute})
	}
}

// meddled is what others have done so far, or may have: their calls meet the same faults.
type meddled struct {
	mu   sync.Mutex
	rows map[int][]string
	// written is since when a disk surely has another ETag, and which.
	written map[int]writing
	// given is since when a user surely has what somebody else gave.
	given map[int]gift
	// rebuilt is when a user's Cloud PC was reprovisioned last.
	rebuilt map[int]time.Time
	// images are the times when the user setting surely said image.
	images []span
}

type span struct {
	from, to time.Time
	groups   []string // whom the setting reaches
}

type writing struct {
	at   time.Time
	etag string
}

func (m *meddled) note(row int, what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows[row] = append(m.rows[row], what)
}

func (m *meddled) with(row int, what string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Contains(m.rows[row], what) || slices.Contains(m.rows[migration.WaveRow], what)
}

// imaged reports whether the group's setting had said image for longer than anybody may overlook.
func (m *meddled) imaged(group string, at time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(m.images, func(s span) bool {
		return slices.Contains(s.groups, group) && at.After(s.from.Add(blindFor)) && (s.to.IsZero() || at.Before(s.to))
	})
}

// meddle lets the others do what the story says, until the function it gives is called.
func (w *world) meddle() (quiet func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	began := time.Now()
	for k, m := range w.story.others {
		wire := inTurn{w.wire, newMoments(w.story.seed ^ uint64(k+1)<<48)}
		wg.Go(func() {
			if until(ctx, began.Add(m.after)) != nil {
				return
			}
			switch m.what {
			case rename:
				w.toUser(m.n, rename, "rename", fmt.Sprint("new-name-", m.n))
			case deleteUser:
				w.toUser(m.n, deleteUser, "delete-user", "")
			case giveLicense, giveMembership, giveImport, giveCloudPC:
				w.giveTo(ctx, m.what, m.n)
			case reprovision:
				w.reprovision(ctx, m.n, m.lasts)
			case drift:
				w.drift(ctx, wire, m.lasts)
			case purge:
				w.purge(ctx, wire, m.n)
			case rewrite:
				w.rewrite(ctx, wire, m.n)
			case unjoin:
				w.takeAway(ctx, wire, m.n, m.what, func(r migration.Row) (method, path, body string) {
					return http.MethodDelete, "/v1.0/groups/" + r.Target.GroupID + "/members/" + r.Target.UserID + "/$ref", ""
				})
			case unlicense:
				w.takeAway(ctx, wire, m.n, m.what, func(r migration.Row) (method, path, body string) {
					return http.MethodPost, "/v1.0/users/" + r.Target.UserID + "/assignLicense", fmt.Sprintf(`{"addLicenses":[],"removeLicenses":[%q]}`, w.sku)
				})
			}
		})
	}
	return func() {
		cancel()
		wg.Wait()
	}
}

// leave draws what becomes of accounts, in every sixth story: somebody marries, somebody leaves.
func (s *story) leave(r *rand.Rand) {
	if r.IntN(6) > 0 {
		return
	}
	for range 1 + r.IntN(2) {
		s.others = append(s.others, meddling{what: pick(r, rename, rename, deleteUser), after: time.Duration(r.Int64N(int64(pick(r, time.Hour, 3*time.Hour)))), n: r.IntN(len(s.people))})
	}
}

// toUser does something to the account of a row's user.
func (w *world) toUser(n int, what, do, arg string) {
	if r, ok := w.row(n); ok {
		w.meddled.note(n, what)
		_ = w.admin(http.MethodPost, "/sandbox/events", fmt.Sprintf(`{"user":%q,"do":%q,"what":%q}`, r.Target.UserID, do, arg), nil)
	}
}

// insist does something until it works, is refused, or the evening is over; false: it did not work.
func insist(ctx context.Context, do func() (status int, err error)) bool {
	for range 12 {
		status, err := do()
		switch {
		case err == nil && status < 400:
			return true
		case err == nil && status != http.StatusTooManyRequests && status < 500, ctx.Err() != nil:
			return false
		}
	}
	return false
}

// ask makes one call as somebody with all rights.
func ask(ctx context.Context, wire http.RoundTripper, method, path, body string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, method, origin+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return 0, err
	}
	req.Header = http.Header{"Authorization": {"Bearer somebody"}, "Content-Type": {"application/json"}, "Client-Request-Id": {somebody}}
	resp, err := wire.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, errors.Join(err, resp.Body.Close())
}

func (w *world) row(n int) (migration.Row, bool) {
	rows, err := w.store.Rows(context.Background(), w.run.ID)
	if err != nil || n >= len(rows) { // nobody has heard of the late ones
		return migration.Row{}, false
	}
	return rows[n], true
}

func (w *world) takeAway(ctx context.Context, wire http.RoundTripper, n int, what string, call func(migration.Row) (method, path, body string)) {
	r, ok := w.row(n)
	if !ok {
		return
	}
	w.meddled.note(n, what)
	method, path, body := call(r)
	insist(ctx, func() (int, error) { return ask(ctx, wire, method, path, body) })
}

// drift sets the user setting to image, and back after a while.
func (w *world) drift(ctx context.Context, wire http.RoundTripper, lasts time.Duration) {
	g, _, err := clients(wire)
	if err != nil {
		return
	}
	var target graph.UserSetting
	for target.ID == "" {
		if until(ctx, time.Now().Add(time.Minute)) != nil {
			return
		}
		settings, err := g.UserSettings(ctx)
		if i := slices.IndexFunc(settings, func(s graph.UserSetting) bool { return s.ProvisioningSourceType == graph.SourceSnapshot }); err == nil && i >= 0 {
			target = settings[i]
		}
	}
	says := func(source string) func() (int, error) {
		return func() (int, error) {
			target.ProvisioningSourceType = source
			_, err := g.UpdateUserSetting(ctx, target)
			return http.StatusOK, err
		}
	}
	w.meddled.note(migration.WaveRow, drift)
	done := insist(ctx, says("image"))
	at := time.Now()
	if done {
		w.meddled.mu.Lock()
		w.meddled.images = append(w.meddled.images, span{from: at, groups: target.GroupIDs})
		w.meddled.mu.Unlock()
	}
	if until(ctx, at.Add(lasts)) != nil {
		return
	}
	if done {
		w.meddled.mu.Lock()
		w.meddled.images[len(w.meddled.images)-1].to = time.Now()
		w.meddled.mu.Unlock()
	}
	for !insist(ctx, says(graph.SourceSnapshot)) && ctx.Err() == nil {
		_ = until(ctx, time.Now().Add(time.Minute))
	}
}

// purge waits for the row's import, and for its end, and purges it.
func (w *world) purge(ctx context.Context, wire http.RoundTripper, n int) {
	r, ok := w.row(n)
	for ok && r.Facts.SnapshotID == "" {
		if r.State.Final() || until(ctx, time.Now().Add(time.Minute)) != nil {
			return
		}
		r, ok = w.row(n)
	}
	if !ok || until(ctx, r.Facts.ImportStarted.Add(w.story.people[n].takes+time.Duration(n%5)*30*time.Second)) != nil {
		return
	}
	w.meddled.note(n, purge)
	insist(ctx, func() (int, error) {
		return ask(ctx, wire, http.MethodPost, "/beta/deviceManagement/virtualEndpoint/snapshots/purgeImportedSnapshot", fmt.Sprintf(`{"snapshotIds":[%q]}`, r.Facts.SnapshotID))
	})
}

// rewrite lets somebody write to the row's disk.
func (w *world) rewrite(ctx context.Context, wire http.RoundTripper, n int) {
	r, ok := w.row(n)
	if !ok {
		return
	}
	_, blobs, err := clients(wire)
	if err != nil {
		return
	}
	disk, err := bloburl.Parse(r.Target.Disk.URL, blobs.Root())
	if err != nil {
		return
	}
	w.meddled.note(n, rewrite)
	if w.admin(http.MethodPost, "/sandbox/events", fmt.Sprintf(`{"do":"write-blob","what":%q}`, disk.Container+"/"+disk.Name), nil) != nil {
		return
	}
	at, etag := time.Now(), ""
	if insist(ctx, func() (int, error) {
		p, err := blobs.Properties(ctx, disk)
		etag = p.ETag
		return http.StatusOK, err
	}) {
		w.meddled.mu.Lock()
		w.meddled.written[n] = writing{at, etag}
		w.meddled.mu.Unlock()
	}
}

// mayAlso is how a row may end because of what others did, besides how it ends without.
func (w *world) mayAlso(p person, n int) (ends []string) {
	add := func(what string, more ...string) {
		if w.meddled.with(n, what) {
			ends = append(ends, more...)
		}
	}
	add(drift, "failed setting.not-snapshot", "failed proof.not-from-snapshot")
	add(rewrite, "failed check.moved")
	add(purge, "failed import.gone", "failed proof.not-from-snapshot", "failed proof.unclear", "failed provision.not-started", "failed provision.failed", "held import.unknown", "succeeded", "succeeded with warnings", "failed "+p.code)
	for _, what := range []string{unjoin, unlicense} {
		// A retry gives it back, and fates strike once; what is built then, and from what, is looked at by itself.
		add(what, "failed provision.not-started", "failed provision.failed", "failed provision.leaving", "failed provision.stuck", "failed import.used-up", "succeeded", "succeeded with warnings")
	}
	for _, what := range []string{giveLicense, giveMembership, giveImport, giveCloudPC} {
		add(what, w.endsOf(p, what)...)
	}
	add(reprovision, "failed proof.unclear", "failed provision.failed")
	add(rename, "failed check.moved")
	if w.unreadable() {
		ends = append(ends, "failed check.failed", "failed cutover.failed") // what cannot be read twice, or for half a day, is believed
	}
	add(deleteUser, "failed user.not-found", "failed provision.leaving", "succeeded", "succeeded with warnings")
	add(unjoin, "failed group.left")
	add(unlicense, "failed license.missing")
	return ends
}

// unreadable reports whether answers of any kind are spoiled so often that half a day of tries may meet no good one.
func (w *world) unreadable() bool {
	return slices.ContainsFunc(w.story.faults, func(f scenario.Fault) bool { return f.Kind == "malformed" || f.Kind == "status" && f.Match == "" })
}
