package run

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/summary"
	"wave365/pkg/wave"
)

// elsewhere finds the users of the chosen rows that another run of the ledger has migrated since, or of whom it left an import,
// or may have when it cannot be read: their rows get no new attempt, because that could send a second import for the same user.
func (s *Session) elsewhere(ctx context.Context, chosen []int) (found []wave.Finding, err error) {
	known, err := UserHistoryOf(ctx, s.Ledger)
	if err != nil {
		return nil, err
	}
	var others []int     // rows that would send an import, by each import that is not theirs
	var imports []string // in that order
	for _, i := range chosen {
		if f, taken := InOtherRun(s.Rows[i], known); taken {
			found = append(found, f)
			continue
		}
		for _, id := range ImportsOfOthers(s.Rows[i], known) {
			others, imports = append(others, i), append(imports, id)
		}
	}
	if len(imports) == 0 {
		return found, nil
	}
	answers, err := s.Services.Tenant.ImportResults(ctx, imports)
	if err != nil {
		return nil, err
	}
	for k, i := range others {
		switch r := s.Rows[i]; {
		case fault.Is(answers[k].Err, fault.NotFound): // used up, or purged
		case answers[k].Err != nil:
			if ctx.Err() != nil {
				return nil, answers[k].Err
			}
			f := ofRow(r, "user.unreadable", "cannot tell whether the imported snapshot "+imports[k]+" of "+r.Target.User+", which another run of this ledger sent, still exists: "+answers[k].Err.Error())
			f.Hint = cmp.Or(fault.HintOf(answers[k].Err), "retry it in a few minutes; if it stays so, give the request id to the service's support")
			f.Commands = []fault.Command{fault.NewCommand("retry", "--row", r.Target.User).For(r.Run)}
			found = append(found, f)
		default:
			f := ofRow(r, "user.has-import", r.Target.User+" has the imported snapshot "+imports[k]+", which another run of this ledger sent")
			f.Hint = "a second one is not sent while it exists: finish that run's row, or purge the import while it is unused, then retry"
			f.Commands = []fault.Command{fault.NewCommand("purge", "--id", imports[k]), fault.NewCommand("retry").For(r.Run)}
			found = append(found, f)
		}
	}
	return found, nil
}

// inOtherRun returns the state of a row's user in another run of the ledger that holds them, or has brought them to an end since;
// false when there is none.
func inOtherRun(r migration.Row, before map[string]migration.Standing) (migration.Standing, bool) {
	s, ok := before[strings.ToLower(r.Target.UserID)]
	return s, ok && s.Run != r.Run && (s.Holds() || s.At.After(r.UpdatedAt))
}

// InOtherRun is the finding about a row that may be retried whose user another run of the ledger holds, or has brought to an end
// since; false: none has.
func InOtherRun(r migration.Row, known UserHistory) (wave.Finding, bool) {
	s, ok := inOtherRun(r, known.Before)
	if !ok {
		return wave.Finding{}, false
	}
	f := ofRow(r, "user.in-other-run", "run "+s.Run+" has started "+r.Target.User+" since: the row there is "+string(s.State))
	f.Hint, f.Commands = "check that run first: this row gets no new attempt while the other row has the user", []fault.Command{fault.NewCommand("status").For(s.Run)}
	if s.State == migration.Succeeded {
		f.Message, f.Hint = "run "+s.Run+" has migrated "+r.Target.User+" since", "nothing is left to do for this row"
	}
	return f, true
}

// Since returns what other runs of the ledger did about users whose rows ended in this one without a Cloud PC, by row index. A
// ledger of one run is not queried.
func Since(ctx context.Context, l *ledger.Ledger, rows []migration.Row) (map[int]summary.Later, error) {
	if !slices.ContainsFunc(rows, summary.Rerunnable) {
		return nil, nil
	}
	runs, err := l.Runs(ctx)
	if err != nil || len(runs) < 2 {
		return nil, err
	}
	before, err := l.Standings(ctx)
	if err != nil {
		return nil, err
	}
	out := map[int]summary.Later{}
	for _, r := range rows {
		if s, ok := inOtherRun(r, before); ok && summary.Rerunnable(r) {
			out[r.Index] = summary.Later{Run: s.Run, State: s.State}
		}
	}
	return out, nil
}

// ImportsOfOthers are the imports that other rows of the ledger have left for a row's user, when a new attempt of it would send
// one. Some of them may be used up or purged.
func ImportsOfOthers(r migration.Row, known UserHistory) (ids []string) {
	if migration.RetryStep(r) != migration.StepCheck {
		return nil
	}
	for _, id := range known.Imports[strings.ToLower(r.Target.UserID)] {
		if !strings.EqualFold(id, r.Facts.SnapshotID) {
			ids = append(ids, id)
		}
	}
	return ids
}

func ofRow(r migration.Row, code, text string) wave.Finding {
	return wave.NewFinding(code, r.Target.Line, "user", r.Target.User, r.Target.User, text)
}
