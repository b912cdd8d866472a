package playbook

import (
	"context"
	"strings"
	"time"

	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// cutover closes the link that starts provisioning: the license, or the membership. Right before it the user setting
// and the import are read once more, because from here on there is no way back.
func (b *Book) cutover(ctx context.Context, r migration.Row) (migration.Result, error) {
	made, err := b.madeAlready(ctx, r)
	if err != nil {
		return migration.Result{}, err
	}
	e, doing := b.membership(r), "add "+r.Target.User+" to group "+r.Target.GroupName
	if r.Target.Trigger == migration.TriggerLicense {
		e, doing = b.license(r), "assign "+r.Target.SKUName+" to "+r.Target.User
	}
	if made.IsZero() {
		begun, jerr := b.begun(ctx, e)
		if jerr != nil {
			return migration.Result{}, jerr
		}
		closed := false
		if !begun.IsZero() {
			if _, _, closed, err = e.present(ctx, nil); err != nil {
				return unread(b, r, err, "cutover.failed", doing), nil
			}
		}
		if !closed {
			if res, ok := b.ready(ctx, r); !ok {
				if gone(res) && b.clock.Now().Sub(begun) < linkLag {
					return migration.Wait(res.Facts, apart, "looking whether the cut-over that was begun shows"), nil
				}
				return res, nil
			}
		}
	}
	if _, err, jerr := b.apply(ctx, e); jerr != nil {
		return migration.Result{}, jerr
	} else if err != nil {
		return trouble(r, err, "cutover.failed", doing), nil
	}
	f := calm(r.Facts)
	if f.CutOver = made; made.IsZero() {
		f.CutOver = b.clock.Now()
	}
	return migration.DoneAfter(f, b.provisionLook(r, f.CutOver), "the service is provisioning the Cloud PC"), nil
}

// madeAlready says when the row's cut-over was made; zero: it was not, as far as is known. A process may have ended right
// after it, and then the import may be in use or gone by now, as it should be.
func (b *Book) madeAlready(ctx context.Context, r migration.Row) (time.Time, error) {
	if r.CutOver() {
		return r.Facts.CutOver, nil
	}
	past, err := b.journal.Intents(ctx, b.run.ID, r.Index)
	if err != nil {
		return time.Time{}, err
	}
	if in := closedLink(past, r.Target); in != nil {
		return in.Outcome.At, nil
	}
	return time.Time{}, nil
}

// linkLag is how long a closed link may take to be seen by reads.
const linkLag = 30 * time.Minute

// begun says when the effect was last tried without a clear refusal; zero: it was not. The link may be closed then, also
// when it was looked for and not seen, for reads lag; and an import that is in use or gone is as it should be.
func (b *Book) begun(ctx context.Context, e effect) (at time.Time, err error) {
	past, err := b.journal.Intents(ctx, b.run.ID, e.row)
	for _, p := range past {
		if p.Effect == e.kind && p.Subject == e.subject && (p.Outcome == nil || p.Outcome.Status != migration.OutcomeRefused) {
			at = p.At
		}
	}
	return at, err
}

func gone(res migration.Result) bool {
	return res.Kind == migration.ResultFail && res.Problem.Code == codeGone
}

// ready reports whether the cut-over may happen. When it may not, the result says what follows.
func (b *Book) ready(ctx context.Context, r migration.Row) (migration.Result, bool) {
	problem, err := b.linked(ctx, r)
	if err != nil {
		return unread(b, r, err, "check.failed", "read policies and user settings"), false
	}
	if problem != nil {
		return migration.Failure(r.Facts, *problem), false
	}
	if at, ok := b.fresh.LoadAndDelete(r.Index); ok && b.clock.Now().Sub(at.(time.Time)) < linkAge {
		return migration.Result{}, true // the answer that ended the import is as good as one more
	}
	im, err := b.graph.ImportResult(ctx, r.Facts.SnapshotID)
	res := b.judgeImport(r, graph.ImportAnswer{Import: im, Err: err})
	if res.Kind != migration.ResultDone {
		if res.Kind == migration.ResultWait && res.Delay > time.Minute {
			res.Delay = time.Minute
		}
		return res, false
	}
	return res, true
}

// license is the effect of assigning the row's license.
func (b *Book) license(r migration.Row) effect {
	user, sku := r.Target.UserID, r.Target.SKUID
	return effect{
		row: r.Index, attempt: r.Attempt, kind: migration.EffectLicense, subject: sku, repeatable: true, blind: true,
		present: func(ctx context.Context, _ *migration.Intent) (string, string, bool, error) {
			held, err := b.graph.LicenseDetails(ctx, user)
			if err != nil {
				return "", "", false, err
			}
			for _, l := range held {
				if strings.EqualFold(l.SKUID, sku) {
					return "", "the user holds the license", true, nil
				}
			}
			return "", "", false, nil
		},
		call: func(ctx context.Context) (string, error) { return "", b.graph.AssignLicense(ctx, user, sku) },
	}
}
