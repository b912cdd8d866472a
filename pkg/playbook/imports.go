package playbook

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// signatureEarly is how long ago such a signature began: a clock that is ahead must not make it one of the future.
const signatureEarly = 72 * time.Hour

// signatureLife is how long a signature that the tool makes for an import is good: the copy runs in the background.
const signatureLife = 48 * time.Hour

// importDisk starts the import. It is the one call that is never made twice: a lost answer holds the row.
func (b *Book) importDisk(ctx context.Context, r migration.Row) (migration.Result, error) {
	problem, err := b.linked(ctx, r)
	if err != nil {
		return unread(b, r, err, "check.failed", "read policies and user settings"), nil
	}
	if problem != nil {
		return migration.Failure(r.Facts, *problem), nil
	}
	if res, ok, jerr := b.disksStill(ctx, r); !ok || jerr != nil {
		return res, jerr
	}
	files, err := b.sign(ctx, r)
	if err != nil {
		return trouble(r, err, "import.sign-failed", "sign the source of "+r.Target.User), nil
	}
	f := r.Facts
	var answer graph.Import
	out, err, jerr := b.apply(ctx, effect{
		row: r.Index, attempt: r.Attempt, kind: migration.EffectImport, subject: r.Target.UserID,
		present: func(ctx context.Context, lost *migration.Intent) (string, string, bool, error) {
			return b.findImport(ctx, r.Target, lost)
		},
		call: func(ctx context.Context) (string, error) {
			var err error
			answer, err = b.graph.ImportSnapshot(ctx, r.Target.UserID, files)
			return answer.SnapshotID, err
		},
	})
	if jerr != nil {
		return migration.Result{}, jerr
	}
	if fault.Is(err, fault.OutcomeUnknown) {
		return b.lostImport(ctx, r, err)
	}
	if err != nil {
		res := trouble(r, err, "import.refused", "import for "+r.Target.User)
		if fault.Is(err, fault.Conflict) {
			res.Problem.Code = "import.exists"
		}
		return res, nil
	}
	f = calm(f)
	f.SnapshotID = out.RemoteID
	f.ImportStatus, f.UsageStatus, f.ImportPolicy = answer.Status, answer.Usage, answer.PolicyName
	if f.ImportStarted = answer.StartedAt; f.ImportStarted.IsZero() {
		f.ImportStarted = out.At
	}
	return migration.DoneAfter(f, b.importLook(r, f.ImportStarted), "the service is importing the disk"), nil
}

// sign makes the source files of the import: by their storage account where the run says so, else with the wave's own
// signatures where it brought them, else with signatures made now.
func (b *Book) sign(ctx context.Context, r migration.Row) ([]graph.SourceFile, error) {
	var files []graph.SourceFile
	now := b.clock.Now()
	for i, s := range []*migration.Source{&r.Target.Disk, r.Target.GuestState} {
		if s == nil {
			continue
		}
		if s.Account != "" {
			files = append(files, graph.SourceFile{StorageAccountID: s.Account, Container: s.Container, Name: s.Name, GuestState: i == 1})
			continue
		}
		ref, err := b.sources(r.Index, i == 1, *s)
		if err != nil {
			return nil, err
		}
		signed := ref.SignedURL()
		if ref.SAS() == nil {
			if signed, err = b.storage.SignRead(ctx, ref, now.Add(-signatureEarly), now.Add(signatureLife)); err != nil {
				return nil, err
			}
		}
		files = append(files, graph.SourceFile{SASURL: signed, GuestState: i == 1})
	}
	return files, nil
}

// importWait asks how the imports are getting on, 20 in one call.
func (b *Book) importWait(ctx context.Context, rows []migration.Row) ([]migration.Result, error) {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.Facts.SnapshotID
	}
	answers, err := b.graph.ImportResults(ctx, ids)
	results := make([]migration.Result, len(rows))
	for i, r := range rows {
		if err != nil {
			results[i] = unread(b, r, err, "import.unreadable", "read the import of "+r.Target.User)
			continue
		}
		results[i] = b.judgeImport(r, answers[i])
		if results[i].Kind == migration.ResultDone {
			b.fresh.Store(r.Index, b.clock.Now())
		}
	}
	return results, nil
}

// codeGone is the problem of an import whose record is gone although nothing has used it.
const codeGone = "import.gone"

// judgeImport says what one answer about an import means for its row.
func (b *Book) judgeImport(r migration.Row, a graph.ImportAnswer) migration.Result {
	f := r.Facts
	if fault.Is(a.Err, fault.NotFound) {
		return b.surprising(r, f, "the import record is gone before a Cloud PC exists", func(f migration.Facts) migration.Result {
			return migration.Failure(f, migration.Problem{
				Code: codeGone, Message: "the service no longer knows the import " + f.SnapshotID,
				Hint: "somebody may have purged it: run `wave365 retry` to import again",
			})
		})
	}
	if a.Err != nil {
		return unread(b, r, a.Err, "import.unreadable", "read the import of "+r.Target.User)
	}
	im := a.Import
	if !assigned(im.AssignedUser, r.Target) {
		return migration.Unknown(f, wrongUser(f.SnapshotID, im, r))
	}
	if !im.StartedAt.IsZero() {
		f.ImportStarted = im.StartedAt
	}
	f.ImportStatus, f.UsageStatus = im.Status, im.Usage
	if im.PolicyName != "" {
		f.ImportPolicy = im.PolicyName
	}
	switch im.Status {
	case graph.ImportSucceeded:
		if im.Usage == graph.UsageExpired {
			return b.surprising(r, f, "the import expired before it was used", func(f migration.Facts) migration.Result {
				return migration.Failure(f, migration.Problem{
					Code: "import.expired", Message: "the imported snapshot expired before it was used",
					Hint: "run `wave365 retry` to import again",
				})
			})
		}
		f = calm(f)
		if f.ImportEnded = im.EndedAt; f.ImportEnded.IsZero() {
			f.ImportEnded = b.clock.Now()
		}
		r.Facts = f
		b.pace.LearnImport(r)
		return migration.Done(f)
	case graph.ImportFailed:
		f.ImportEnded = im.EndedAt
		return b.surprising(r, f, "the import failed", func(f migration.Facts) migration.Result {
			return migration.Failure(f, migration.Problem{
				Code: "import.failed", Message: "the service could not import the disk: " + quoteOr(im.Detail, "it gave no reason"),
				Hint: "mend the disk (fixed-format generation 2 VHD in a page blob, with its guest state file for Trusted Launch), then run `wave365 retry`",
			})
		})
	}
	return migration.Wait(calm(f), b.importLook(r, f.ImportStarted), r.Note)
}

// assigned reports whether the user that an import names is the row's: the field has been seen to hold the object id
// as well as the UPN.
func assigned(name string, t migration.Target) bool {
	if _, err := uuid.Parse(name); err == nil {
		return strings.EqualFold(name, t.UserID)
	}
	return name != "" && strings.EqualFold(name, t.UPN)
}

func wrongUser(id string, im graph.Import, r migration.Row) migration.Problem {
	return migration.Problem{
		Code: "import.wrong-user", Message: "import " + id + " says it belongs to " + quoteOr(im.AssignedUser, "nobody") + ", not to " + r.Target.User,
		Hint: "look the import up in the tenant before anything else happens to it, then settle the row with " + reconcileCommand(r),
	}
}

func quoteOr(s, none string) string {
	if s == "" {
		return none
	}
	return s
}
