package playbook

import (
	"context"
	"fmt"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
)

// check looks once more, right before the import, whether the facts are still as they were validated: the disk and
// its guest state, the policy and the user setting. A row whose facts moved fails and says what moved.
func (b *Book) check(ctx context.Context, r migration.Row) (migration.Result, error) {
	if r.Attempt > 1 {
		if res, ok, jerr := b.clear(ctx, r); !ok || jerr != nil {
			return res, jerr
		}
	}
	if res, ok := b.disks(ctx, r); !ok {
		return res, nil
	}
	problem, err := b.linked(ctx, r)
	if err != nil {
		return unread(b, r, err, "check.failed", "read policies and user settings"), nil
	}
	if problem != nil {
		return migration.Failure(r.Facts, *problem), nil
	}
	if migration.Next(r.Target.Trigger, migration.StepCheck) == migration.StepJoin {
		return migration.DoneAfter(calm(r.Facts), b.joinLook(), "about to join the group"), nil
	}
	return migration.Done(r.Facts), nil
}

// disks compares the row's blobs with what validation saw, and remembers when. It answers false with the row's result when
// one differs.
func (b *Book) disks(ctx context.Context, r migration.Row) (migration.Result, bool) {
	for i, s := range []*migration.Source{&r.Target.Disk, r.Target.GuestState} {
		if s == nil {
			continue
		}
		if res, ok := b.unmoved(ctx, r, *s, i == 1); !ok {
			return res, false
		}
	}
	b.looked.Store(r.Index, b.clock.Now())
	return migration.Result{}, true
}

// disksStill looks once more at the blobs of a row that waited long between its check and its import, for a slot or for the
// operator. What was sent already is not called back by a disk that changed later.
func (b *Book) disksStill(ctx context.Context, r migration.Row) (migration.Result, bool, error) {
	if at, ok := b.looked.LoadAndDelete(r.Index); ok && b.clock.Now().Sub(at.(time.Time)) < earlyAge {
		return migration.Result{}, true, nil
	}
	past, err := b.journal.Intents(context.WithoutCancel(ctx), b.run.ID, r.Index)
	if last := lastImport(past); err != nil || last != nil && (undecided(*last) || last.Outcome.Status.Happened()) {
		return migration.Result{}, true, err
	}
	res, ok := b.disks(ctx, r)
	return res, ok, nil
}

// unmoved compares a blob with what validation saw. It answers false with the row's result when they differ.
func (b *Book) unmoved(ctx context.Context, r migration.Row, s migration.Source, guest bool) (migration.Result, bool) {
	ref, err := b.sources(r.Index, guest, s)
	if err != nil {
		return trouble(r, err, "check.failed", "find "+s.URL), false
	}
	now, err := b.storage.Properties(ctx, ref)
	if fault.Is(err, fault.NotFound) {
		p := migration.ProblemOf(err, "blob.not-found", "look at "+s.URL)
		return b.surprising(r, r.Facts, s.URL+" is not there", func(f migration.Facts) migration.Result { return migration.Failure(f, p) }), false
	}
	if err != nil {
		return unread(b, r, err, "check.failed", "look at "+s.URL), false
	}
	moved := ""
	switch {
	case now.Length != s.Length:
		moved = fmt.Sprintf("%s was %d bytes at validation and is %d now", s.URL, s.Length, now.Length)
	case s.ETag != "" && now.ETag != s.ETag:
		moved = fmt.Sprintf("%s was written to after validation (ETag %s, now %s)", s.URL, s.ETag, now.ETag)
	}
	if moved == "" {
		return migration.Result{}, true
	}
	return b.surprising(r, r.Facts, s.URL+" is not as it was validated", func(f migration.Facts) migration.Result {
		return migration.Failure(f, migration.Problem{
			Code: "check.moved", Message: moved,
			Hint: "make sure that nothing writes to the file any more, validate again and run the row in a new wave",
		})
	}), false
}
