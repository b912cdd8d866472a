package run

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/wave"
)

// RowOf finds the row of a user, by the spelling of the file, the UPN, the object id or, as the screen shows people of one
// domain, the part before the @. Of several rows of one user, which only skipped or cancelled ones can be, it returns the
// one that is neither. NotFound ("row.none") when there is none; Invalid ("user.ambiguous") when several users have that
// part before the @.
func RowOf(rows []migration.Row, user string) (int, error) {
	key, found := wave.UserKey(user), -1
	for i, r := range rows {
		if key != wave.UserKey(r.Target.User) && key != wave.UserKey(r.Target.UPN) && key != wave.UserKey(r.Target.UserID) {
			continue
		}
		if found < 0 || rows[found].State == migration.Skipped || rows[found].State == migration.Cancelled {
			found = i
		}
	}
	if found >= 0 {
		return found, nil
	}
	var people []string
	for _, r := range rows {
		name := r.Target.User
		if before, _, ok := strings.Cut(name, "@"); ok && wave.UserKey(before) == key && !slices.ContainsFunc(people, func(p string) bool { return wave.UserKey(p) == wave.UserKey(name) }) {
			people = append(people, name)
		}
	}
	switch {
	case len(people) == 1:
		return RowOf(rows, people[0])
	case len(people) > 1:
		return 0, fault.New(fault.Invalid, "user.ambiguous", user+" matches several people: "+strings.Join(people, ", "), "name the person as the wave file does; nothing was changed")
	}
	return 0, fault.New(fault.NotFound, "row.none", "the run has no row of "+user, wave.NearestUser(user, usersOf(rows))+"name the user as the wave file does")
}

func usersOf(rows []migration.Row) []string {
	users := make([]string, len(rows))
	for i, r := range rows {
		users[i] = r.Target.User
	}
	return users
}

// Retryable returns the positions of the rows that get a new attempt: every one that may, or that of one user. The
// Conflict explains why the row of one user gets none.
func Retryable(rows []migration.Row, user string) ([]int, error) {
	var at []int
	if user == "" {
		for i, r := range rows {
			if r.Retryable() {
				at = append(at, i)
			}
		}
		return at, nil
	}
	i, err := RowOf(rows, user)
	if err != nil {
		return nil, err
	}
	switch r := rows[i]; {
	case r.Retryable():
		return []int{i}, nil
	case r.State == migration.Held:
		return nil, fault.New(fault.Conflict, "row.held", "the row of "+r.Target.User+" is held: an import of it may exist", "settle it first", fault.NewCommand("reconcile", "--row", r.Target.User).For(r.Run))
	case r.Removed():
		return nil, fault.New(fault.Conflict, "row.removed", "the line of "+r.Target.User+" was removed from the wave file", "put it back, then resume with the edited file", fault.NewCommand("resume", "--accept-changes").For(r.Run))
	case r.State == migration.Skipped && r.Problem != nil && r.Problem.Code == "user.in-other-run" && len(r.Problem.Commands) > 0:
		return nil, fault.New(fault.Conflict, "row.skipped", "the row of "+r.Target.User+" was skipped: "+r.Problem.Message, "its line is not wrong; continue in that run", r.Problem.Commands...)
	case r.State == migration.Skipped:
		return nil, fault.New(fault.Conflict, "row.skipped", "the row of "+r.Target.User+" was skipped, because it had an error", "fix its line in the wave file, then resume with the edited file", fault.NewCommand("resume", "--accept-changes").For(r.Run))
	default:
		return nil, fault.New(fault.Conflict, "row.state", "the row of "+r.Target.User+" is in the state "+string(r.State), "only failed, cancelled and deferred rows get a new attempt")
	}
}

// Attempt is a retry that was prepared.
type Attempt struct {
	// Rows are the positions of the rows that get a new attempt.
	Rows []int
	// Findings are problems of disks that have to be imported again, and users that another run holds; their rows get no new
	// attempt.
	Findings []wave.Finding
	// targets are those of all rows of the run, with the facts of disks that were read again.
	targets []migration.Target
}

// NewAttempt reads the facts of the disks again for those of the chosen rows that start from the beginning, because a
// disk that failed has to be fixed, and leaves out those whose users another run of the ledger has migrated since. It
// records nothing, and refuses an attempt that the tenant is not prepared for, such as after close.
func (s *Session) NewAttempt(ctx context.Context, chosen []int) (Attempt, error) {
	a := Attempt{Rows: chosen}
	err := s.recallPurges(ctx, chosen)
	if err != nil {
		return a, err
	}
	if a.Findings, err = s.elsewhere(ctx, chosen); err != nil {
		return a, err
	}
	// The disks of users whom another run has are that run's business.
	mine := slices.DeleteFunc(slices.Clone(chosen), func(i int) bool { return about(a.Findings, s.Rows[i]) })
	targets, disks, err := s.freshDisks(ctx, mine)
	if err != nil {
		return a, err
	}
	a.targets, a.Findings = targets, append(a.Findings, disks...)
	a.Rows = slices.DeleteFunc(mine, func(i int) bool { return about(disks, s.Rows[i]) })
	tried := make([]migration.Row, len(a.Rows))
	for k, i := range a.Rows {
		tried[k] = s.Rows[i]
	}
	return a, s.playbook().Preparable(ctx, tried)
}

// about reports whether one of the findings is about the row.
func about(findings []wave.Finding, r migration.Row) bool {
	return slices.ContainsFunc(findings, func(f wave.Finding) bool { return f.Line == r.Target.Line })
}

// recallPurges makes those of the chosen rows start from the beginning whose import was purged since by a command on this
// ledger, such as undo: what could become a Cloud PC no longer exists.
func (s *Session) recallPurges(ctx context.Context, chosen []int) error {
	for _, i := range chosen {
		f := &s.Rows[i].Facts
		if f.SnapshotID == "" {
			continue
		}
		past, err := s.Ledger.Writes(ctx, migration.WriteFilter{Target: f.SnapshotID})
		if err != nil {
			return err
		}
		if slices.ContainsFunc(past, func(w migration.Write) bool { return w.Effect == migration.EffectPurge && w.Changed() }) {
			f.UsageStatus = migration.UsagePurged
		}
	}
	return nil
}

// Retry records the new attempt, with the settings that apply from now on; slots of 0 leave their number unchanged. A
// stop-by time that has passed no longer applies. The session's rows are then those to execute.
func (s *Session) Retry(ctx context.Context, a Attempt, slots int, next migration.Settings) error {
	who := s.opt.Driver.String()
	next = s.stillToStopBy(next)
	if err := s.Ledger.ReopenRun(ctx, s.Run.ID); err != nil {
		return err
	}
	for _, i := range a.Rows {
		if err := s.Ledger.Apply(ctx, migration.Retry(s.Rows[i], a.targets[i], "new attempt by "+who, s.Now())); err != nil {
			return err
		}
	}
	if err := s.Note(ctx, migration.RunRetried, rowsText(len(a.Rows))+", by "+who); err != nil {
		return err
	}
	if err := s.Choose(ctx, slots, next, "retry"); err != nil {
		return err
	}
	return s.reload(ctx)
}

// stillToStopBy returns the settings without a stop-by time that has passed: a new attempt would be deferred at once.
func (s *Session) stillToStopBy(next migration.Settings) migration.Settings {
	if !next.StopBy.After(s.Now()) {
		next.StopBy = time.Time{}
	}
	return next
}

// freshDisks returns every row's target, with the disks read again, and their findings.
func (s *Session) freshDisks(ctx context.Context, chosen []int) ([]migration.Target, []wave.Finding, error) {
	targets := make([]migration.Target, len(s.Rows))
	for i, r := range s.Rows {
		targets[i] = r.Target
	}
	if _, err := os.Stat(s.Run.WavePath); err != nil {
		return targets, nil, nil // without the file the check step compares with what validation saw
	}
	file, findings, err := ReadWave(s.Run.WavePath, wave.Options{AllowUnknownColumns: true})
	if err != nil || file == nil {
		return targets, nil, err
	}
	var rows, lines []int
	for _, i := range chosen {
		if migration.RetryStep(s.Rows[i]) != migration.StepCheck {
			continue
		}
		if at := slices.IndexFunc(file.Rows, func(f wave.Row) bool {
			return wave.UserKey(f.User) == wave.UserKey(s.Rows[i].Target.User) && f.Line == s.Rows[i].Target.Line
		}); at >= 0 {
			rows, lines = append(rows, i), append(lines, at)
		}
	}
	if len(rows) == 0 {
		return targets, nil, nil
	}
	res, err := s.validateSome(ctx, file, findings, lines, UserHistory{})
	if err != nil {
		return nil, nil, err
	}
	for k, i := range rows {
		if disk := res.Targets[k].Disk; disk.URL != "" && disk.Length > 0 {
			targets[i].Disk, targets[i].GuestState = disk, res.Targets[k].GuestState
		}
	}
	// Everything else that validation finds is about a user who is half-way through: the steps look for themselves.
	bad := slices.DeleteFunc(res.Findings, func(f wave.Finding) bool { return f.Severity != wave.Error || !aboutDisk(f) })
	return targets, bad, nil
}

// aboutDisk reports whether a finding is about a disk, a cell that names one, or a disk that does not fit.
func aboutDisk(f wave.Finding) bool {
	family, _, _ := strings.Cut(f.Code, ".")
	return slices.Contains([]string{"blob", "vhd", "guest", "sas"}, family) || f.Code == "license.disk-too-small" ||
		f.Column == "blob" || f.Column == "guest_state_blob"
}

// rowsText counts rows.
func rowsText(n int) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}
