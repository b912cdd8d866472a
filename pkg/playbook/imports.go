package playbook

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// signatureEarly is how long ago such a signature began: a clock that is ahead must not make it one of the future.
const signatureEarly = 72 * time.Hour

// SignatureLife is how long a signature that the tool makes for an import is good: the copy runs in the background.
const SignatureLife = 48 * time.Hour

// importBatch is how many imports one call of the step sends, one after the other, after one check for all of them.
const importBatch = 5

// importDisks starts imports. Before any is sent the tenant is checked for all rows together, unless that was done a
// moment ago.
func (b *Playbook) importDisks(ctx context.Context, rows []migration.Row) ([]migration.Result, error) {
	results := make([]migration.Result, len(rows))
	pasts := make([][]migration.Intent, len(rows))
	for i, r := range rows {
		var err error
		if pasts[i], err = b.journal.Intents(ctx, b.run.ID, r.Index); err != nil {
			return nil, err
		}
	}
	looks := b.lookOnceMore(ctx, rows, pasts)
	for i, r := range rows {
		if ctx.Err() != nil {
			results[i] = migration.Stopped(r.Facts)
			continue
		}
		send := func() (migration.Result, error) { return b.importDisk(ctx, r, pasts[i], looks[i]) }
		if r.Target.Trigger == migration.TriggerMembership && wouldSend(pasts[i]) {
			send = b.policyFirst.finding(r, send)
		}
		var err error
		if results[i], err = send(); err != nil {
			return nil, err
		}
		if p := results[i].Problem; p != nil && results[i].Kind == migration.ResultAgain && p.Kind == string(fault.Throttled) {
			for k := i + 1; k < len(rows); k++ { // the next would be refused as well
				results[k] = migration.Wait(rows[k].Facts, max(results[i].Delay, time.Minute), "the service accepts no imports for a while")
			}
			break
		}
	}
	return results, nil
}

// lookOnceMore checks the tenant for those rows, all together, whose imports would be sent and for which that was not done a
// moment ago. The answers are in the order of rows; nil: this row was not checked.
func (b *Playbook) lookOnceMore(ctx context.Context, rows []migration.Row, pasts [][]migration.Intent) []*surroundings {
	looks := make([]*surroundings, len(rows))
	var unseen []migration.Row
	var at []int
	for i, r := range rows {
		if wouldSend(pasts[i]) && !b.lookedLately(r) && ctx.Err() == nil {
			unseen, at = append(unseen, r), append(at, i)
		}
	}
	for k, s := range b.lookAround(ctx, unseen) {
		looks[at[k]] = &s
	}
	return looks
}

// importable looks whether the row's import may be sent, or looked for: nil: it may. seen is as in importDisk. It gives the id
// of the user setting that reaches the row's group.
func (b *Playbook) importable(ctx context.Context, r migration.Row, past []migration.Intent, seen *surroundings) (settingID string, s stop, err error) {
	if s := b.earlierDisk(r, past, "is there"); s != nil {
		return "", s, nil
	}
	settingID, s, err = b.targetingIntact(ctx, r)
	if s == nil && err == nil && seen != nil {
		s, err = b.freeToImport(ctx, r, *seen, past)
	}
	if s == nil && err == nil && wouldSend(past) {
		s, err = b.disksUnchanged(ctx, r)
	}
	return settingID, s, err
}

// importDisk starts one import. It is the one call that is never repeated: a lost answer holds the row. seen is what was just
// read; nil: the tenant was checked a moment ago, or nothing would be sent.
func (b *Playbook) importDisk(ctx context.Context, r migration.Row, past []migration.Intent, seen *surroundings) (migration.Result, error) {
	setting, s, err := b.importable(ctx, r, past, seen)
	if s != nil || err != nil {
		return orNone(s), err
	}
	files, err := b.sign(ctx, r)
	if err != nil {
		return resultOf(r, err, "import.sign-failed", "sign the source of "+r.Target.User)
	}
	looked := b.recent.imports.take(r.Index) // a look is good for one import
	if seen != nil {
		looked = seen.at
	}
	var answer graph.Import
	out, err := b.apply(ctx, effect{
		row: r.Index, attempt: r.Attempt, kind: migration.EffectImport, subject: r.Target.UserID,
		present: func(ctx context.Context, lost *migration.Intent) (string, string, bool, error) {
			return b.findImport(ctx, r, lost)
		},
		call: func(ctx context.Context) (string, error) {
			var err error
			answer, err = b.graph.ImportSnapshot(ctx, r.Target.UserID, files)
			return answer.SnapshotID, err
		},
		still: b.stillHolds(looked, lookHolds),
	})
	if errors.Is(err, errStale) && !isJournalError(err) {
		return lookAgain(r), nil
	}
	if fault.Is(err, fault.OutcomeUnknown) && !isJournalError(err) {
		return b.lostImport(ctx, r, err)
	}
	if err != nil && ImportInDoubt(past) {
		return b.lostLook(ctx, r, err) // with an import in doubt none was sent: it was looked for
	}
	if err != nil {
		return importRefused(r, err)
	}
	f := clearSuspicion(r.Facts)
	f.SnapshotID, f.UserSettingID = out.RemoteID, setting
	f.ImportStatus, f.UsageStatus, f.ImportPolicy, f.ImportFile = answer.Status, answer.Usage, answer.PolicyName, answer.Filename
	if f.ImportStarted = answer.StartedAt; f.ImportStarted.IsZero() {
		f.ImportStarted = out.At
		if !wouldSend(past) { // it was sent then, however much later it was found: it may have become a Cloud PC meanwhile
			f.ImportStarted = lastImport(past).At
		}
	}
	return migration.DoneAfter(f, b.importLook(r, f.ImportStarted), "the service is importing the disk"), nil
}

// importRefused decides what follows from a refused import. A conflict does not prove what exists: the next try checks
// first, as every one does. Only one that reports that something exists already ends the row.
func importRefused(r migration.Row, err error) (migration.Result, error) {
	doing := "import for " + r.Target.User
	if f := fault.As(err); f != nil && f.Remote != nil && !isJournalError(err) {
		says := strings.ToLower(f.Remote.Code + " " + f.Remote.Message)
		if status := f.Remote.Status; (status == statusBadRequest || status == statusConflict) &&
			(strings.Contains(says, "exist") && !strings.Contains(says, "not exist") || strings.Contains(says, "duplicate")) {
			p := migration.ProblemOf(err, "import.exists", doing)
			p.Hint = "the service says that " + r.Target.User + " has an import already, and this ledger knows none that is alive: find out who sent it (another run, another ledger, a colleague) before anything is purged, then retry; the Intune audit log has its id"
			p.Commands = append([]fault.Command{fault.NewCommand("purge", "--id", "ID", "--foreign")}, retry()...)
			return migration.Failure(r.Facts, p), nil
		}
	}
	res, err := effectFailed(r, err, "import.refused", doing)
	if err == nil && res.Kind == migration.ResultFail && wantsPolicy(*res.Problem) {
		res.Problem.Code = codePolicyFirst
		if r.Target.Trigger == migration.TriggerMembership {
			res.Problem.Commands = []fault.Command{fault.NewCommand("run", "WAVE", "--trigger", "relicense")}
		}
	}
	if err == nil && res.Kind == migration.ResultAgain {
		res.Delay = min(res.Delay, longestPause)
	}
	return res, err
}

// longestPause is the longest that a refused import waits for its next try, whatever pause the service asks for: the
// runner holds back imports as such, and tries one every quarter of an hour.
const longestPause = 15 * time.Minute

// Statuses that say more than the kind of their fault.
const (
	statusBadRequest = 400
	statusForbidden  = 403
	statusNotFound   = 404
	statusConflict   = 409
)

// sign makes the source files of the import: by their storage account where the run is set to do so, else with the
// wave's own signatures where it brought them, else with signatures made now.
func (b *Playbook) sign(ctx context.Context, r migration.Row) ([]graph.SourceFile, error) {
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
			if signed, err = b.storage.SignRead(ctx, ref, now.Add(-signatureEarly), now.Add(SignatureLife)); err != nil {
				return nil, err
			}
		}
		files = append(files, graph.SourceFile{SASURL: signed, GuestState: i == 1})
	}
	return files, nil
}

// importWait reads the state of the imports, 20 in one call.
func (b *Playbook) importWait(ctx context.Context, rows []migration.Row) ([]migration.Result, error) {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.Facts.SnapshotID
	}
	read := b.clock.Now()
	answers, err := b.graph.ImportResults(ctx, ids)
	results := make([]migration.Result, len(rows))
	for i, r := range rows {
		if err != nil {
			var fatal error
			if results[i], fatal = b.readFailed(r, err, "import.unreadable", "read the import of "+r.Target.User); fatal != nil {
				return nil, fatal
			}
			continue
		}
		if results[i], err = b.judgeImport(ctx, r, answers[i]); err != nil {
			return nil, err
		}
	}
	b.lookAhead(ctx, rows, results, read)
	return results, nil
}

// linkedAge is how old a reading of what a cut-over needs may be. What is lost in that time is found when no Cloud PC
// comes.
const linkedAge = 15 * time.Minute

// lookAhead checks what the cut-over of the rows whose imports have just ended needs, for all of them together, and in the
// same calls for those whose imports continue. A row that is ready need not be checked again; the cut-over checks any other
// by itself. read is when the imports were read: this check takes time.
func (b *Playbook) lookAhead(ctx context.Context, rows []migration.Row, results []migration.Result, read time.Time) {
	var ended, unseen []migration.Row
	urgent := false
	for i, r := range rows {
		res := results[i]
		done := res.Kind == migration.ResultDone && res.Facts.CutOver.IsZero()
		r.Facts = res.Facts
		if done {
			ended = append(ended, r)
		}
		// The licenses of a user cost a request for each, a membership does not.
		if !b.linkSeen(r) && (done || res.Kind == migration.ResultWait && r.Target.Trigger.Licenses()) {
			unseen, urgent = append(unseen, r), urgent || done
		}
	}
	if ctx.Err() != nil {
		return
	}
	if urgent {
		b.keepLinks(ctx, unseen)
	}
	for _, r := range ended {
		if b.linkSeen(r) {
			b.recent.fresh.note(r.Index, read)
		}
	}
}

// codeGone is the problem of an import whose record is gone although nothing has used it.
const codeGone = "import.gone"

// judgeImport decides what one answer about an import means for its row.
func (b *Playbook) judgeImport(ctx context.Context, r migration.Row, a graph.ImportAnswer) (migration.Result, error) {
	f := r.Facts
	if fault.Is(a.Err, fault.NotFound) {
		return b.importGone(ctx, r)
	}
	if a.Err != nil {
		return b.readFailed(r, a.Err, "import.unreadable", "read the import of "+r.Target.User)
	}
	im := a.Import
	if s, err := b.stillOurs(ctx, &r, f.SnapshotID, im); s != nil || err != nil {
		return orNone(s), err
	}
	f = importFacts(r.Facts, im)
	switch im.Status {
	case graph.ImportSucceeded:
		if im.Usage == graph.UsageExpired {
			return b.confirmTwice(r, f, "the import expired before it was used", func(f migration.Facts) migration.Result {
				return migration.Failure(f, migration.Problem{
					Code: "import.expired", Message: "the imported snapshot expired before it was used",
					Hint: "retry to import again", Commands: retry(),
				})
			}), nil
		}
		f = clearSuspicion(f)
		if f.ImportEnded = im.EndedAt; f.ImportEnded.IsZero() {
			f.ImportEnded = b.clock.Now()
		}
		r.Facts = f
		b.pace.LearnImport(r)
		return migration.Done(f), nil
	case graph.ImportFailed:
		f.ImportEnded = im.EndedAt
		return b.confirmTwice(r, f, "the import failed", func(f migration.Facts) migration.Result {
			return migration.Failure(f, migration.Problem{
				Code: "import.failed", Message: "the service could not import the disk: " + quoteOr(im.Detail, "it gave no reason"),
				Hint: "fix the disk (fixed-format generation 2 VHD in a page blob, with its guest state file for Trusted Launch), then retry", Commands: retry(),
			})
		}), nil
	}
	return migration.Wait(clearSuspicion(f), b.importLook(r, f.ImportStarted), r.Note), nil
}

// importFacts copies the facts of an import's record.
func importFacts(f migration.Facts, im graph.Import) migration.Facts {
	if !im.StartedAt.IsZero() {
		f.ImportStarted = im.StartedAt
	}
	f.ImportStatus, f.UsageStatus = im.Status, im.Usage
	if im.PolicyName != "" {
		f.ImportPolicy = im.PolicyName
	}
	if im.Filename != "" {
		f.ImportFile = im.Filename
	}
	return f
}

// importGone handles an import whose record is gone. It may have become the user's Cloud PC already, when this ledger is
// older than that, or others have closed the link: then the row continues, and the proof decides. Otherwise it was purged, or the
// user was deleted, and the Cloud PC with them.
func (b *Playbook) importGone(ctx context.Context, r migration.Row) (migration.Result, error) {
	const what = "the import record is gone before a Cloud PC exists"
	res := b.confirmTwice(r, r.Facts, what, func(f migration.Facts) migration.Result {
		return migration.Failure(f, migration.Problem{
			Code: codeGone, Message: "the service no longer knows the import " + f.SnapshotID,
			Hint: "somebody may have purged it: retry to import again", Commands: retry(),
		})
	})
	if res.Kind != migration.ResultFail {
		return res, nil
	}
	s := b.lookAtAll(ctx, []migration.Row{r}, look{"read the users", b.lookAtAccounts}, look{"list Cloud PCs", b.lookAtCloudPCs})[0]
	if err := s.lookFailed(); err != nil {
		return b.readFailed(r, err, "provision.unreadable", cmp.Or(s.doing, "read user "+r.Target.User))
	}
	pc := becameCloudPC(r, s.cloudPCs, r.Facts.ImportStarted)
	if pc == nil {
		if p := userGone(r, s); p != nil { // with the user went the Cloud PC that it may have become
			return migration.Failure(res.Facts, *p), nil
		}
		return res, nil
	}
	r.Facts = renamed(r, s)
	f := clearSuspicion(r.Facts)
	f.ImportStatus, f.UsageStatus = graph.ImportSucceeded, usageGone
	if f.ImportEnded.IsZero() {
		f.ImportEnded = f.ImportStarted
	}
	// Both links are closed, or there would be no Cloud PC.
	if f.CutOver = pc.ProvisionedAt; f.CutOver.IsZero() {
		f.CutOver = b.clock.Now()
	}
	return migration.DoneAfter(f, 0, "the import became a Cloud PC already"), nil
}

// assigned reports whether the user that an import names is the row's: the field has been seen to hold the object id
// as well as the UPN.
func assigned(name string, r migration.Row) bool {
	if _, err := uuid.Parse(name); err == nil {
		return strings.EqualFold(name, r.Target.UserID)
	}
	return name != "" && r.Called(name)
}

func wrongUser(id string, im graph.Import, r migration.Row) migration.Problem {
	return migration.Problem{
		Code: "import.wrong-user", Message: "import " + id + " says it belongs to " + quoteOr(im.AssignedUser, "nobody") + ", not to " + r.Target.User,
		Hint: "look the import up in the tenant before anything else happens to it, then settle the row", Commands: reconcile(r),
	}
}

func quoteOr(s, none string) string {
	if s == "" {
		return none
	}
	return s
}
