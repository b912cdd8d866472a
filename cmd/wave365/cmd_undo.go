package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/run/history"
	"wave365/pkg/summary/wording"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/undoing"
	"wave365/pkg/tenantcare/wavegroup"
	"wave365/pkg/wave"
)

func newUndoCommand(a *app, g *globals) *cobra.Command {
	var user string
	var groups bool
	cmd := &cobra.Command{
		Use: "undo [RUN] {--row USER | --groups}", Short: "Take back what a run did for one row, as far as it can be", Args: cobra.MaximumNArgs(1),
		Long: `Take back what a run did for one row: the license it gave, the import it made and nobody used, the membership it added;
latest first, and only what this tool did and nobody has changed since. A license that was taken away for the import
(--trigger relicense) is given back, ten minutes after the user has left the group. It says what cannot be taken back.
Without a name, the newest run that is not finished, else the newest.

Where the Cloud PC exists already, its grace period of seven days begins: giving the license or the membership back within
that time ends it. ` + "`wave365 deprovision`" + ` takes the Cloud PC away for good.

A group that --create-group made is removed with the last row that is in it: out of the policy and the user setting, then deleted,
once two checks, some time apart, find nobody in it. --groups takes back those groups of the run alone.

Exit codes: 0 taken back, 2 refused, 5 permission missing, 6 nothing to take back.`,
		Example: "  wave365 undo 20261120-1715-ab12 --row ada@contoso.com",
		RunE: func(cmd *cobra.Command, args []string) error {
			if groups == (user != "") {
				return usageError{fault.New(fault.Invalid, "usage", "undo needs --row or --groups", "only what is named is taken back")}
			}
			return a.withRecorded(cmd.Context(), g, runArg(args), func(ctx context.Context, t *afterwards) error {
				if err := a.settle(ctx, g, t.conn, t.writer("undo"), migration.WriteFilter{Run: t.Run.ID}); err != nil {
					return err
				}
				if groups {
					return a.undoGroups(ctx, g, t)
				}
				return a.undo(ctx, g, t, user)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&user, "row", "", "the row of this user")
	f.BoolVar(&groups, "groups", false, "the groups that --create-group made for the run, as far as nobody is in them")
	return cmd
}

// undoneStep is one step of the answer of `undo` with --json.
type undoneStep struct {
	What   string `json:"what"`
	Undone bool   `json:"undone"`
	Why    string `json:"why,omitempty"`
}

type undoDocument struct {
	Schema  string       `json:"schema"`
	Run     string       `json:"run"`
	User    string       `json:"user"`
	Steps   []undoneStep `json:"steps"`
	Lasting []string     `json:"lasting"`
}

func (a *app) undo(ctx context.Context, g *globals, t *afterwards, user string) error {
	row, err := workedOn(t.Rows, user)
	if err != nil {
		return err
	}
	b, err := a.lookBack(ctx, t, row)
	if err != nil {
		return err
	}
	a.printUndo(g, b.Plan)
	if b.group != nil {
		a.bullet(g, "-", "made group "+b.group.Name+": is taken back, out of policy and user setting and then deleted", nil)
	}
	if b.Ends != "" && row.State == migration.Succeeded {
		a.bullet(g, "!", row.Target.User+" works in Cloud PC "+b.Ends+" and loses it in seven days", nil)
	}
	if b.steps() == 0 {
		return nothing("run "+t.Run.ID+" did nothing for "+row.Target.User+" that can be taken back", "")
	}
	if err := a.ask(ctx, g, b.question()); err != nil {
		return err
	}
	doc, err := a.takeBack(ctx, g, t, row, b)
	if err != nil {
		return err
	}
	return a.said(g, doc)
}

// workedOn returns the row of a user: of several lines the one that was started, never one that was skipped or cancelled.
func workedOn(all []migration.Row, user string) (migration.Row, error) {
	rows, err := tenantcare.RowsOf(all, user)
	if err != nil {
		return migration.Row{}, err
	}
	row := rows[0]
	for _, r := range rows[1:] {
		if row.State == migration.Skipped || row.State == migration.Cancelled {
			row = r
		}
	}
	return row, nil
}

// back is what can be undone for one row: what was done for it, and the group that was created for the wave, if it can be
// deleted with its last row; nil: there is none.
type back struct {
	undoing.Plan
	group *wavegroup.Removal
}

// lookBack determines what can be undone for a row.
func (a *app) lookBack(ctx context.Context, t *afterwards, row migration.Row) (b back, err error) {
	mine, err := t.Ledger.Writes(ctx, migration.WriteFilter{Run: t.Run.ID, Row: &row.Index, Command: "run"})
	if err != nil {
		return b, err
	}
	all, err := t.Ledger.Writes(ctx, migration.WriteFilter{UserID: row.Target.UserID})
	if err != nil {
		return b, err
	}
	if b.Plan, err = undoing.Look(ctx, t.conn.clock, a.zone, t.conn.graph, row, mine, all); err != nil {
		return b, err
	}
	group, err := a.madeGroup(ctx, t, b.Plan)
	switch {
	case err != nil || group == nil:
	case group.Back():
		b.group = group
	case !group.Gone:
		b.Lasting = append(b.Lasting, fault.Remedy{Text: "group " + group.Name + " was made for the wave and stays: " + group.Why + "; once nobody needs it",
			Commands: []fault.Command{fault.NewCommand("undo", "--groups").For(t.Run.ID)}})
	}
	return b, err
}

func (b back) steps() int {
	n := b.Todo()
	if b.group != nil {
		n++
	}
	return n
}

func (b back) question() string {
	question := fmt.Sprintf("Take %s back?", wording.Count(b.steps(), "step"))
	if b.Ends != "" {
		question += " " + graceBegins(b.Plan)
	}
	return question
}

// takeBack undoes it, and reports every step.
func (a *app) takeBack(ctx context.Context, g *globals, t *afterwards, row migration.Row, b back) (undoDocument, error) {
	err := undoing.Do(ctx, t.writer("undo"), t.conn.graph, b.Plan, func(s undoing.Step) { a.say(g, "%s", strings.ToUpper(s.Undone[:1])+s.Undone[1:]) })
	if err != nil {
		return undoDocument{}, err
	}
	if err := a.noteBack(ctx, t, row, "undo", b.Back()); err != nil {
		return undoDocument{}, err
	}
	doc := undone(g, t.Run.ID, b.Plan)
	if b.Ends != "" {
		a.say(g, "%s", graceBegins(b.Plan))
	}
	if b.group == nil {
		return doc, nil
	}
	if err := wavegroup.Remove(ctx, t.writer("undo"), t.conn.graph, *b.group); err != nil {
		return doc, err
	}
	doc.Steps = append(doc.Steps, a.groupUndone(g, *b.group))
	return doc, nil
}

// noteBack records in the run's history that what it did for a row was taken back, and writes the report again.
func (a *app) noteBack(ctx context.Context, t *afterwards, row migration.Row, command, what string) error {
	err := t.Ledger.Note(context.WithoutCancel(ctx), migration.Event{Run: row.Run, Row: row.Index, At: t.Now(), Attempt: row.Attempt, Reason: migration.RowTakenBack, Note: command + ": " + what})
	if err != nil || row.Run != t.Run.ID {
		return err
	}
	return a.reportAgain(ctx, t.Ledger, t.Run.ID, t.Now())
}

// graceBegins describes the grace period that begins when the license or membership is removed.
func graceBegins(p undoing.Plan) string {
	return "The grace period of Cloud PC " + p.Ends + " begins: seven days, and what was taken back can be given again until then."
}

func (a *app) groupUndone(g *globals, r wavegroup.Removal) undoneStep {
	a.say(g, "Deleted group %s, which was made for the wave", r.Name)
	return undoneStep{What: "made group " + r.Name, Undone: true}
}

// madeGroup returns the row's group if --create-group created it, and whether it can be deleted; nil: it was not
// created.
func (a *app) madeGroup(ctx context.Context, t *afterwards, p undoing.Plan) (*wavegroup.Removal, error) {
	target := p.Row.Target
	h, err := history.Of(ctx, t.Ledger, t.Run.Tenant)
	if err != nil || !h.Made(target.GroupID) {
		return nil, err
	}
	leaves := p.Leaves() // a user who stays a member keeps the group
	besides := target.UserID
	if !leaves {
		besides = ""
	}
	return a.removal(ctx, t, h, target.GroupID, target.GroupName, besides, p.Row)
}

// removal examines a created group. but is the row that is undone; its zero value is none. While a Cloud PC exists that
// depends on the group, it stays: only by that group can one in its grace period be restored.
func (a *app) removal(ctx context.Context, t *afterwards, h history.History, id, name, besides string, but migration.Row) (*wavegroup.Removal, error) {
	stays := func(format string, args ...any) (*wavegroup.Removal, error) {
		return &wavegroup.Removal{ID: id, Name: name, Why: fmt.Sprintf(format, args...)}, nil
	}
	policyOf := map[string]string{}
	for _, r := range h.Rows {
		if !strings.EqualFold(r.Target.GroupID, id) {
			continue
		}
		if (r.Run != but.Run || r.Index != but.Index) && (!r.State.Final() || r.State == migration.Held) {
			return stays("the row of %s in run %s needs it", r.Target.User, r.Run)
		}
		policyOf[wave.UserKey(r.Target.UPN)] = r.Target.PolicyID
	}
	pcs, err := t.conn.graph.CloudPCs(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, pc := range pcs {
		if p := policyOf[wave.UserKey(pc.UserPrincipalName)]; p != "" && strings.EqualFold(p, pc.ProvisioningPolicyID) {
			return stays("Cloud PC %s of %s is %s, and depends on it", pc.DisplayName, pc.UserPrincipalName, pc.Status)
		}
	}
	r, err := wavegroup.Look(ctx, t.conn.clock, t.conn.graph, id, name, besides)
	return &r, err
}

// undoGroups removes the groups that --create-group created for the run and that are empty.
func (a *app) undoGroups(ctx context.Context, g *globals, t *afterwards) error {
	h, err := history.Of(ctx, t.Ledger, t.Run.Tenant)
	if err != nil {
		return err
	}
	var all []wavegroup.Removal
	seen := map[string]bool{}
	for _, row := range t.Rows {
		id := strings.ToLower(row.Target.GroupID)
		if seen[id] || !h.Made(id) {
			continue
		}
		seen[id] = true
		r, err := a.removal(ctx, t, h, row.Target.GroupID, row.Target.GroupName, "", migration.Row{})
		if err != nil {
			return err
		}
		switch {
		case r.Gone:
		case r.Why != "":
			a.tell(g, "group %s stays: %s", r.Name, r.Why)
		default:
			all = append(all, *r)
		}
	}
	doc := undoDocument{Schema: "wave365/undo/v1", Run: t.Run.ID, Steps: []undoneStep{}, Lasting: []string{}}
	if len(all) == 0 {
		return nothing("run "+t.Run.ID+" made no group that can be taken back", "")
	}
	for _, r := range all {
		a.bullet(g, "-", "group "+r.Name+": out of policy and user setting, and deleted", nil)
	}
	if err := a.ask(ctx, g, "Delete "+wording.Count(len(all), "group")+"?"); err != nil {
		return err
	}
	for _, r := range all {
		if err := wavegroup.Remove(ctx, t.writer("undo"), t.conn.graph, r); err != nil {
			return err
		}
		doc.Steps = append(doc.Steps, a.groupUndone(g, r))
	}
	return a.said(g, doc)
}

func undone(g *globals, id string, p undoing.Plan) undoDocument {
	doc := undoDocument{Schema: "wave365/undo/v1", Run: id, User: p.Row.Target.User, Steps: []undoneStep{}, Lasting: []string{}}
	for _, s := range p.Steps {
		doc.Steps = append(doc.Steps, undoneStep{s.What, s.Back(), s.Why})
	}
	for _, l := range p.Lasting {
		doc.Lasting = append(doc.Lasting, g.shell(id).Remedy(l))
	}
	return doc
}

func (a *app) printUndo(g *globals, p undoing.Plan) {
	a.say(g, "What run %s did for %s, the latest first:", p.Row.Run, p.Row.Target.User)
	for _, s := range p.Steps {
		if s.Back() {
			a.bullet(g, "-", s.What+": "+s.Will(), nil)
		} else {
			a.bullet(g, " ", s.What+": is left as it is, because "+s.Why, nil)
		}
	}
	for _, l := range p.Lasting {
		a.bullet(g, "!", l.Text, l.Commands)
	}
}
