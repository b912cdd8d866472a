package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"slices"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/wave"
)

// SameWave refuses a wave file that was edited since the run began: Conflict ("wave.changed"). A missing file is not an
// edit: the ledger holds what the run needs, except signatures, which are asked for when they are needed.
func SameWave(r migration.Run) error {
	f, err := os.Open(r.WavePath)
	if err != nil {
		return nil
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil || hex.EncodeToString(sum.Sum(nil)) == r.WaveHash {
		return nil
	}
	return fault.New(fault.Conflict, "wave.changed", "the wave file "+r.WavePath+" was edited since run "+r.ID+" began",
		"put it back as it was, or resume with the edited file", fault.NewCommand("resume", "--accept-changes").For(r.ID))
}

// Edit is a wave file that was edited since the run began, beside the run.
type Edit struct {
	Difference
	// File is the wave as it is now.
	File     *wave.File
	findings []wave.Finding
	path     string
}

// Edited compares the wave file with the run. It returns nil for a file that is missing or unchanged.
func (s *Session) Edited() (*Edit, error) {
	if SameWave(s.Run) == nil {
		return nil, nil
	}
	file, findings, err := ReadWave(s.Run.WavePath, wave.Options{AllowUnknownColumns: true})
	if err != nil {
		return nil, err
	}
	if file == nil {
		return nil, fault.New(fault.Conflict, "wave.changed", "the wave file "+s.Run.WavePath+" was edited and cannot be read as a wave any more", "validate shows why", fault.NewCommand("validate", "--offline", s.Run.WavePath))
	}
	return &Edit{Compare(s.Run, s.Rows, file), file, findings, s.Run.WavePath}, nil
}

// Refuse returns the Conflict ("wave.changed") for an edit that cannot be taken over, or, when it was not accepted, for
// any edit; nil when it may be taken over.
func (e *Edit) Refuse(runID string, accepted bool) error {
	msg, hint := "the wave file "+e.path+" was edited since run "+runID+" began", "put it back as it was, or resume with the edited file"
	next := []fault.Command{fault.NewCommand("resume", "--accept-changes").For(runID)}
	switch {
	case accepted && len(e.Refused) == 0:
		return nil
	case accepted:
		msg, hint = "the edit of "+e.path+" cannot be accepted: "+strings.Join(e.Refused, "; "), "put these lines back as they were; what is new goes into a wave of its own"
		next = nil
	case e.Empty():
		msg += ", though no row changed"
	}
	return fault.New(fault.Conflict, "wave.changed", msg, hint, next...)
}

// Amend validates what is new in an edited file and records it; the session's run and rows then include the edit. ok is
// false when what is new has errors: then nothing was recorded. res is the result of the validation, empty when nothing
// had to be validated.
func (s *Session) Amend(ctx context.Context, e *Edit) (res preflight.Result, ok bool, err error) {
	at := append([]int(nil), e.Added...)
	for _, p := range e.Changed {
		at = append(at, p.File)
	}
	edit := ledger.Edit{Change: ledger.Change{WaveHash: e.File.Hash, By: s.opt.Driver.String() + ", resume --accept-changes: " + strings.Join(e.Lines, "; ")}}
	for _, i := range e.Removed {
		edit.Moves = append(edit.Moves, migration.Remove(s.Rows[i], s.Now()))
	}
	if len(at) > 0 {
		before, err := s.knownBeside(ctx, e)
		if err != nil {
			return res, false, err
		}
		if res, err = s.validateSome(ctx, e.File, e.findings, at, before); err != nil {
			return res, false, err
		}
		if res.Denied() || res.Whole() || res.Count(wave.Error) > 0 && !s.Run.Settings.SkipInvalid {
			return res, false, nil
		}
		s.amended(&edit, e, at, res)
	}
	if len(e.Again) > 0 {
		again, ok, err := s.attemptEdited(ctx, &edit, e)
		if err != nil || !ok {
			return again, false, err
		}
		res.Findings = append(res.Findings, again.Findings...)
		edit.Change.Settings = s.Run.Settings.PatchTo(s.stillToStopBy(s.Run.Settings))
	}
	if err := s.Ledger.EditRun(ctx, s.Run.ID, edit); err != nil {
		return res, false, err
	}
	return res, true, s.reload(ctx)
}

// attemptEdited gives a new attempt to the rows that failed and whose disk or license was changed; ok is false when that has
// errors. Everything else that validation finds concerns a user who is half-way through, which the steps check themselves.
func (s *Session) attemptEdited(ctx context.Context, edit *ledger.Edit, e *Edit) (res preflight.Result, ok bool, err error) {
	at, rows := make([]int, len(e.Again)), make([]int, len(e.Again))
	for k, p := range e.Again {
		at[k], rows[k] = p.File, p.Row
	}
	if res, err = s.validateSome(ctx, e.File, e.findings, at, UserHistory{}); err != nil {
		return res, false, err
	}
	beside, err := s.elsewhere(ctx, rows)
	if err != nil {
		return res, false, err
	}
	if res.Denied() {
		return res, false, nil
	}
	changes := map[int]lineChange{}
	for k, p := range e.Again {
		f := e.File.Rows[at[k]]
		changes[f.Line] = changeOf(e.File, s.Rows[p.Row].Input, f)
	}
	res.Findings = slices.DeleteFunc(res.Findings, func(f wave.Finding) bool { return !changes[f.Line].concerns(f) })
	for k, p := range e.Again {
		r, f := s.Rows[p.Row], e.File.Rows[at[k]]
		if r.BeginsAnew() {
			res.Findings = append(res.Findings, unreadDisks(f, res.Targets[k], res.Findings)...)
		}
		if changes[f.Line].license {
			given, err := s.licenseGiven(ctx, r, f.Line)
			if err != nil {
				return res, false, err
			}
			res.Findings = append(res.Findings, given...)
		}
	}
	res.Findings = append(res.Findings, beside...)
	if res.Count(wave.Error) > 0 {
		return res, false, nil
	}
	for k, p := range e.Again {
		r, seen, c := s.Rows[p.Row], res.Targets[k], changes[e.File.Rows[at[k]].Line]
		target := r.Target
		target.Disk, target.GuestState, target.Line = seen.Disk, seen.GuestState, seen.Line
		if c.license {
			target.Trigger, target.SKUID, target.SKUName = seen.Trigger, seen.SKUID, seen.SKUName
			target.PlanID, target.PlanName, target.PlanGiB = seen.PlanID, seen.PlanName, seen.PlanGiB
		}
		edit.Moves = append(edit.Moves, migration.RetryEdited(r, target, e.File.Rows[p.File].Cells, c.disk, "new attempt with an edited line, by "+s.opt.Driver.String(), s.Now()))
	}
	edit.Findings = append(edit.Findings, res.Findings...)
	return res, true, nil
}

// lineChange is what an edit changed about the line of a row that failed.
type lineChange struct{ disk, license bool }

func changeOf(file *wave.File, was []string, f wave.Row) lineChange {
	return lineChange{disk: !onlyDiffer(file, was, f.Cells, "license"), license: !onlyDiffer(file, was, f.Cells, "blob", "guest_state_blob")}
}

// concerns reports whether a finding is about what was changed.
func (c lineChange) concerns(f wave.Finding) bool {
	family, _, _ := strings.Cut(f.Code, ".")
	return aboutDisk(f) || f.Code == "user.duplicate" || c.license && family == "license"
}

// licenseGiven returns the error of a row whose old license was given in an earlier attempt, or may have been, and was not taken
// back since: with the new one the user would hold two.
func (s *Session) licenseGiven(ctx context.Context, r migration.Row, line int) ([]wave.Finding, error) {
	writes, err := s.Ledger.Writes(ctx, migration.WriteFilter{Run: r.Run, Row: &r.Index})
	if err != nil {
		return nil, err
	}
	given := false
	for _, w := range writes {
		switch w.Effect {
		case migration.EffectLicense:
			given = given || w.Changed() || w.Undecided()
		case migration.EffectRelease:
			given = given && !w.Changed()
		}
	}
	if !given {
		return nil, nil
	}
	f := ofRow(r, "license.ambiguous", "the row has given "+r.Target.User+" the license "+r.Target.SKUName+" already: with another one they would hold two")
	f.Line, f.Column, f.Value = line, "license", r.Target.SKUName
	f.Hint = "take back what the row has given, then resume with the edited file"
	f.Commands = []fault.Command{fault.NewCommand("undo", "--row", r.Target.User).For(r.Run), fault.NewCommand("resume", "--accept-changes").For(r.Run)}
	return []wave.Finding{f}, nil
}

// unreadDisks is the error of a line whose disk, or guest state file, was not read although no finding explains it: only checked
// disks are accepted.
func unreadDisks(r wave.Row, t migration.Target, found []wave.Finding) []wave.Finding {
	read := t.Disk.URL != "" && t.Disk.Length > 0 && (t.GuestState == nil || t.GuestState.Length > 0)
	if read || slices.ContainsFunc(found, func(f wave.Finding) bool { return f.Line == r.Line && f.Severity == wave.Error }) {
		return nil
	}
	return []wave.Finding{wave.NewFinding("blob.unreadable", r.Line, "blob", r.User, r.Blob, "this disk was not read, so nothing is known of it")}
}

// knownBeside returns what the ledger knows of users, without the rows that the edit is about: a row does not block
// itself.
func (s *Session) knownBeside(ctx context.Context, e *Edit) (UserHistory, error) {
	before, err := UserHistoryOf(ctx, s.Ledger)
	if err != nil {
		return before, err
	}
	free := append([]int(nil), e.Removed...)
	for _, p := range e.Changed {
		free = append(free, p.Row)
	}
	for _, i := range free {
		user := strings.ToLower(s.Rows[i].Target.UserID)
		if before.Before[user].Run == s.Run.ID {
			delete(before.Before, user)
		}
	}
	return before, nil
}

// amended adds the validated rows to what is recorded: at are their positions in the file, the new ones first.
func (s *Session) amended(edit *ledger.Edit, e *Edit, at []int, res preflight.Result) {
	some := *e.File
	some.Rows = nil
	for _, i := range at {
		some.Rows = append(some.Rows, e.File.Rows[i])
	}
	r := s.Run
	r.CreatedAt = s.Now()
	fresh := newRows(r, &some, res)
	for _, r := range leftToDo(fresh[:len(e.Added)]) {
		r.Index += len(s.Rows)
		edit.Added = append(edit.Added, r)
	}
	for k, p := range e.Changed {
		r := fresh[len(e.Added)+k]
		move := migration.Amend(s.Rows[p.Row], r.Target, r.Input, s.Now())
		if edit.Moves = append(edit.Moves, move); r.State == migration.Skipped {
			edit.Moves = append(edit.Moves, migration.Skip(move.To(), *r.Problem, s.Now()))
		}
	}
	edit.Findings = res.Findings
}
