package playbook

import (
	"context"
	"fmt"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
)

// checkAll checks again whether the facts are still as they were validated: the user and what the tenant holds for them,
// read for up to twenty together; then, row by row, the disk and its guest state, the policy and the user setting. A row
// whose facts changed fails and names the change.
func (b *Playbook) checkAll(ctx context.Context, rows []migration.Row) ([]migration.Result, error) {
	seen := b.lookAround(ctx, rows)
	results := make([]migration.Result, len(rows))
	for i, r := range rows {
		if ctx.Err() != nil {
			results[i] = migration.Stopped(r.Facts)
			continue
		}
		var err error
		if results[i], err = b.check(ctx, r, seen[i]); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// check judges what was seen of the row's user, and checks the rest.
func (b *Playbook) check(ctx context.Context, r migration.Row, seen surroundings) (migration.Result, error) {
	past, err := b.journal.Intents(ctx, b.run.ID, r.Index)
	if err != nil {
		return migration.Result{}, err
	}
	r.Facts = renamed(r, seen)
	if r.Attempt > 1 && seen.err == nil {
		s, err := b.settleEarlierImport(ctx, r, seen, past)
		if err != nil {
			return migration.Result{}, err
		}
		if s != nil {
			return *s, nil
		}
		if past, err = b.journal.Intents(ctx, b.run.ID, r.Index); err != nil {
			return migration.Result{}, err
		}
	}
	setting := ""
	for _, look := range []func() (stop, error){
		func() (stop, error) { return b.freeToImport(ctx, r, seen, past) },
		func() (stop, error) { return b.disksUnchanged(ctx, r) },
		func() (s stop, err error) { setting, s, err = b.targetingIntact(ctx, r); return s, err },
	} {
		s, err := look()
		if err != nil {
			return migration.Result{}, err
		}
		if s != nil {
			return *s, nil
		}
	}
	b.recent.imports.note(r.Index, seen.at)
	r.Facts.UserSettingID = setting
	if next := migration.Next(r.Target.Trigger, migration.StepCheck); next != migration.StepImport {
		return migration.DoneAfter(clearSuspicion(r.Facts), b.joinLook(), "about to join the group"), nil
	}
	return migration.Done(r.Facts), nil
}

// disksUnchanged compares the row's blobs with what validation saw, unless that was done a moment ago.
func (b *Playbook) disksUnchanged(ctx context.Context, r migration.Row) (stop, error) {
	if at := b.recent.disks.take(r.Index); b.clock.Now().Sub(at) < earlyAge && r.Step != migration.StepCheck {
		return nil, nil
	}
	for i, s := range []*migration.Source{&r.Target.Disk, r.Target.GuestState} {
		if s == nil {
			continue
		}
		if res, err := b.blobUnchanged(ctx, r, *s, i == 1); res != nil || err != nil {
			return res, err
		}
	}
	b.recent.disks.note(r.Index, b.clock.Now())
	return nil, nil
}

// blobUnchanged compares a blob with what validation saw.
func (b *Playbook) blobUnchanged(ctx context.Context, r migration.Row, s migration.Source, guest bool) (stop, error) {
	ref, err := b.sources(r.Index, guest, s)
	if err != nil {
		return stopWith(resultOf(r, err, "check.failed", "find "+s.URL))
	}
	now, err := b.storage.Properties(ctx, ref)
	if fault.Is(err, fault.NotFound) {
		p := migration.ProblemOf(err, "blob.not-found", "look at "+s.URL)
		res := b.confirmTwice(r, r.Facts, s.URL+" is not there", func(f migration.Facts) migration.Result { return migration.Failure(f, p) })
		return &res, nil
	}
	if err != nil {
		return stopWith(b.readFailed(r, err, "check.failed", "look at "+s.URL))
	}
	moved := ""
	switch {
	case now.Length != s.Length:
		moved = fmt.Sprintf("%s was %d bytes at validation and is %d now", s.URL, s.Length, now.Length)
	case s.ETag != "" && now.ETag != s.ETag:
		moved = fmt.Sprintf("%s was written to after validation (ETag %s, now %s)", s.URL, s.ETag, now.ETag)
	}
	if moved == "" {
		return nil, nil
	}
	res := b.confirmTwice(r, r.Facts, s.URL+" is not as it was validated", func(f migration.Facts) migration.Result {
		return migration.Failure(f, migration.Problem{
			Code: "check.moved", Message: moved,
			Hint: "make sure that nothing still writes to the file, validate again and run the row in a new wave",
		})
	})
	return &res, nil
}
