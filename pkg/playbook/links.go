package playbook

import (
	"context"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/preflight/rules"
)

// codeLeft is the code of a membership that was removed by others.
const codeLeft = "group.left"

// lookAtLinks looks, for some rows together, at what their cut-over needs, or has closed: the account, the licenses, the
// membership. The answers are in the order of rows.
func (b *Playbook) lookAtLinks(ctx context.Context, rows []migration.Row) []surroundings {
	return b.lookAtAll(ctx, rows, look{"read the users", b.lookAtPeople},
		look{"look for members", func(ctx context.Context, rows []migration.Row, seen []surroundings) error {
			return b.lookAtMembers(ctx, rows, seen, func(migration.Row) bool { return true })
		}})
}

// brokenLink explains why no Cloud PC will be made for the row's user: the account is gone or disabled, or a link that was
// closed is open again. nil: nothing prevents it. What the cut-over closes is checked only after it was made.
func brokenLink(r migration.Row, s surroundings) *migration.Problem {
	if p := accountDrift(r, s); p != nil {
		return p
	}
	t, cut := r.Target, !r.Facts.CutOver.IsZero()
	licensed := true
	switch {
	case t.Trigger == migration.TriggerMembership:
		licensed = t.PlanID == "" || holdsPlan(s.licenses.Licenses, t.PlanID)
	case cut:
		licensed = holdsSKU(s.licenses.Licenses, t.SKUID)
	}
	if !licensed {
		return licenseMissing(r)
	}
	if (t.Trigger.Licenses() || cut) && !s.member {
		return &migration.Problem{
			Code: codeLeft, Message: t.User + " is not in group " + t.GroupName + " any more: somebody removed them",
			Hint: "find out who or what removes members of the group; retry adds the user again, and uses the import that is there", Commands: retry(),
		}
	}
	return nil
}

// link is what a look found of the link that a row's cut-over closes.
type link struct {
	at time.Time
	// open: others have not closed it.
	open bool
}

// keepLink notes what a look that began at that time found, when nothing is in the way of the row's cut-over.
func (b *Playbook) keepLink(r migration.Row, s surroundings, at time.Time) {
	open := !s.member
	if r.Target.Trigger.Licenses() {
		open = !holdsSKU(s.licenses.Licenses, r.Target.SKUID) && rules.Starts(s.licenses.Licenses, nil) == nil
	}
	b.recent.links.Store(r.Index, link{at, open})
}

// keepLinks checks what the cut-overs of some rows need, and notes what it found for those that are ready.
func (b *Playbook) keepLinks(ctx context.Context, rows []migration.Row) {
	at := b.clock.Now() // a look takes its time
	for k, s := range b.lookAtLinks(ctx, rows) {
		r := rows[k]
		_, gone := b.recent.deleted.since(r.Target.GroupID)
		if s.lookFailed() == nil && !gone && brokenLink(r, s) == nil && renamed(r, s).RenamedTo == r.Facts.RenamedTo {
			b.keepLink(r, s, at)
		}
	}
}

// linkSeen reports whether such a look, of not long ago, found nothing in the way of the row's cut-over.
func (b *Playbook) linkSeen(r migration.Row) bool {
	l, ok := b.recent.links.Load(r.Index)
	return ok && b.clock.Now().Sub(l.(link).at) < linkedAge
}

// linkOpen is when the link was last seen open by this process; zero: it was not.
func (b *Playbook) linkOpen(r migration.Row) time.Time {
	if l, ok := b.recent.links.Load(r.Index); ok && l.(link).open {
		return l.(link).at
	}
	return time.Time{}
}

// lookFailed is the error that leaves the row undecided; nil: there is an answer. A user who does not exist is an answer.
func (s surroundings) lookFailed() error {
	if s.err != nil {
		return s.err
	}
	for _, err := range []error{s.user.Err, s.licenses.Err} {
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return nil
}

// renamed takes over under which name the user was seen.
func renamed(r migration.Row, s surroundings) migration.Facts {
	f := r.Facts
	switch upn := s.user.User.UPN; {
	case s.user.Err != nil || upn == "" || r.Target.UPN == "":
	case strings.EqualFold(upn, r.Target.UPN):
		f.RenamedTo = ""
	case !strings.EqualFold(upn, f.RenamedTo):
		f.RenamedTo = upn
	}
	return f
}

// linkedForCutover checks whether the cut-over would make a Cloud PC; nil: it would. A membership that was removed by others
// is restored by a new attempt only: the removal may have been intended.
func (b *Playbook) linkedForCutover(ctx context.Context, r migration.Row) (stop, error) {
	at := b.clock.Now()
	s := b.lookAtLinks(ctx, []migration.Row{r})[0]
	if err := s.lookFailed(); err != nil {
		return stopWith(b.readFailed(r, err, "cutover.failed", "look at "+r.Target.User+" once more before the cut-over"))
	}
	if f := renamed(r, s); f.RenamedTo != r.Facts.RenamedTo {
		res := migration.Wait(f, time.Second, "the user has another name now")
		return &res, nil
	}
	if s, err := b.groupGone(ctx, r); s != nil || err != nil {
		return s, err
	}
	p := brokenLink(r, s)
	if p == nil {
		b.keepLink(r, s, at)
		return nil, nil
	}
	if p.Code == codeLeft && r.Attempt > 1 {
		past, err := b.journal.Intents(ctx, b.run.ID, r.Index)
		if err != nil {
			return nil, err
		}
		last := lastOf(past, b.membership(r))
		if !happened(last) {
			if _, err := b.apply(ctx, b.membership(r)); err != nil {
				return stopWith(b.notJoined(ctx, r, err))
			}
			res := migration.Wait(clearSuspicion(r.Facts), seenAfter, noteJoined)
			return &res, nil
		}
		if b.clock.Now().Sub(last.Outcome.At) < linkLag {
			res := migration.Wait(clearSuspicion(r.Facts), half, noteJoined)
			return &res, nil
		}
	}
	res := b.confirmTwice(r, r.Facts, p.Message, func(f migration.Facts) migration.Result { return migration.Failure(f, *p) })
	return &res, nil
}

// missing returns the results of rows that are cut over and whose users have no Cloud PC although one is due: the user may
// be gone or renamed, or a link may have been opened again. at are the positions of those rows in rows.
func (b *Playbook) missing(ctx context.Context, rows []migration.Row, at []int, results []migration.Result) error {
	some := make([]migration.Row, len(at))
	for k, i := range at {
		some[k] = rows[i]
	}
	for k, s := range b.lookAtLinks(ctx, some) {
		r, known := some[k], s.lookFailed() == nil // a look that failed decides nothing
		if known {
			if f := renamed(r, s); f.RenamedTo != r.Facts.RenamedTo {
				results[at[k]] = migration.Wait(clearSuspicion(f), half, "the user has another name now: looking for the Cloud PC under it")
				continue
			}
			if p := accountDrift(r, s); p != nil {
				results[at[k]] = b.noneComes(r, *p)
				continue
			}
			gone, err := b.groupGone(ctx, r)
			if err != nil {
				return err
			}
			if gone != nil {
				results[at[k]] = *gone
				continue
			}
		}
		again, err := b.cutOverAgain(ctx, r)
		switch {
		case err != nil:
			return err
		case again != nil:
			results[at[k]] = *again
			continue
		}
		// A link that was closed a short while ago may not show yet.
		if p := brokenLink(r, s); known && p != nil && b.clock.Now().Sub(later(r.Facts.CutOver, r.Facts.Retried)) >= linkLag {
			results[at[k]] = b.noneComes(r, *p)
			continue
		}
		results[at[k]] = b.judgeCloudPC(r, nil)
	}
	return nil
}

// noneComes lets a row fail for what keeps its Cloud PC from coming, once it was seen twice.
func (b *Playbook) noneComes(r migration.Row, p migration.Problem) migration.Result {
	return b.confirmTwice(r, r.Facts, p.Message+", and there is no Cloud PC", func(f migration.Facts) migration.Result {
		return migration.Failure(f, p)
	})
}

// userThere makes a step that the tenant answered with "not found", or whose membership is gone, check whether the user still
// exists: a missing user would explain both, and retrying would not help.
func (b *Playbook) userThere(w migration.Work) migration.Work {
	do := w.Do
	w.Do = func(ctx context.Context, rows []migration.Row) ([]migration.Result, error) {
		results, err := do(ctx, rows)
		if err != nil {
			return nil, err
		}
		var some []migration.Row
		var at []int
		for i, res := range results {
			p := res.Problem
			if p == nil || res.Kind != migration.ResultAgain && res.Kind != migration.ResultFail {
				continue
			}
			if p.Service == "graph" && p.Status == statusNotFound || p.Code == codeLeft {
				some, at = append(some, rows[i]), append(at, i)
			}
		}
		for k, s := range b.lookAtAll(ctx, some, look{"read the users", b.lookAtPeople}) {
			if err := s.lookFailed(); err != nil {
				if results[at[k]].Kind == migration.ResultFail {
					if results[at[k]], err = b.readFailed(some[k], err, "check.failed", "look whether "+some[k].Target.User+" is still there"); err != nil {
						return nil, err
					}
				}
				continue
			}
			if p := userGone(some[k], s); p != nil {
				results[at[k]] = migration.Failure(clearSuspicion(results[at[k]].Facts), *p)
			}
		}
		return results, nil
	}
	return w
}
