package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/summary"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/undoing"
)

func newUndoCommand(a *app, g *globals) *cobra.Command {
	var user string
	cmd := &cobra.Command{
		Use: "undo [RUN] --row USER", Short: "Take back what a run did for one row, as far as it can be", Args: cobra.MaximumNArgs(1),
		Long: `Take back what a run did for one row: the license it gave, the import it made and nobody used, the membership it added;
the latest first, and only what this tool did and nobody changed since. A license that was taken away for the import
(--trigger relicense) is given back, ten minutes after the user has left the group. It says what cannot be taken back.

Where the Cloud PC exists already, its grace period of seven days begins: giving the license or the membership back within
that time ends it. ` + "`wave365 deprovision`" + ` takes the Cloud PC away for good.

Exit codes: 0 taken back, 2 refused, 5 permission missing, 6 nothing to take back.`,
		Example: "  wave365 undo 20261120-1715-ab12 --row ada@contoso.com",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withRecorded(cmd.Context(), g, runArg(args), func(ctx context.Context, t *afterwards) error { return a.undo(ctx, g, t, user) })
		},
	}
	cmd.Flags().StringVar(&user, "row", "", "the row of this user")
	_ = cmd.MarkFlagRequired("row")
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
	rows, err := tenantcare.RowsOf(t.Rows, user)
	if err != nil {
		return err
	}
	row := rows[0]
	for _, r := range rows[1:] { // a line that was skipped or cancelled is not the one that was worked on
		if row.State == migration.Skipped || row.State == migration.Cancelled {
			row = r
		}
	}
	if err := a.settle(ctx, g, t.conn, t.writer("undo"), migration.WriteFilter{Run: t.Run.ID}); err != nil {
		return err
	}
	index := row.Index
	mine, err := t.Ledger.Writes(ctx, migration.WriteFilter{Run: t.Run.ID, Row: &index, Command: "run"})
	if err != nil {
		return err
	}
	all, err := t.Ledger.Writes(ctx, migration.WriteFilter{UserID: row.Target.UserID})
	if err != nil {
		return err
	}
	p, err := undoing.Look(ctx, t.conn.clock, t.conn.graph, row, mine, all)
	if err != nil {
		return err
	}
	groups, err := t.Ledger.Writes(ctx, migration.WriteFilter{Target: row.Target.GroupID})
	if err != nil {
		return err
	}
	for _, w := range groups {
		if w.Effect == tenantcare.GroupCreate && w.Changed() {
			p.Lasting = append(p.Lasting, fault.Remedy{Text: "group " + row.Target.GroupName + " was made for the wave and stays: others are in it"})
		}
	}
	if !g.json {
		a.printUndo(g, p)
	}
	if p.Todo() == 0 {
		return nothing("run "+t.Run.ID+" did nothing for "+row.Target.User+" that can be taken back", "")
	}
	question := fmt.Sprintf("Take %s back?", summary.Count(p.Todo(), "step"))
	if p.Ends != "" {
		question = fmt.Sprintf("Take %s back? The grace period of Cloud PC %s begins.", summary.Count(p.Todo(), "step"), p.Ends)
	}
	if err := a.ask(ctx, g, question); err != nil {
		return err
	}
	err = undoing.Do(ctx, t.writer("undo"), t.conn.graph, p, func(s undoing.Step) {
		if !g.json {
			fmt.Fprintln(a.out, summary.OneLine(s.Undone()))
		}
	})
	if err != nil {
		return err
	}
	if g.json {
		printJSON(a.out, undone(g, t.Run.ID, p))
	}
	return nil
}

func undone(g *globals, id string, p undoing.Plan) undoDocument {
	doc := undoDocument{Schema: "wave365/undo/v1", Run: id, User: p.Row.Target.User, Steps: []undoneStep{}, Lasting: []string{}}
	for _, s := range p.Steps {
		doc.Steps = append(doc.Steps, undoneStep{s.What, s.Back(), s.Why})
	}
	for _, l := range p.Lasting {
		doc.Lasting = append(doc.Lasting, shell(g.ledger, id).Remedy(l))
	}
	return doc
}

func (a *app) printUndo(g *globals, p undoing.Plan) {
	fmt.Fprintf(a.out, "What run %s did for %s, the latest first:\n", p.Row.Run, summary.OneLine(p.Row.Target.User))
	for _, s := range p.Steps {
		if s.Back() {
			a.bullet(g, "-", s.What+": "+s.Will(), nil)
		} else {
			a.bullet(g, " ", s.What+": stays, because "+s.Why, nil)
		}
	}
	for _, l := range p.Lasting {
		a.bullet(g, "!", l.Text, l.Commands)
	}
}
