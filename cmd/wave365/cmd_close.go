package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
	"wave365/pkg/preflight/rules"
	"wave365/pkg/run/history"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/closing"
	"wave365/pkg/tenantcare/closing/facts"
	"wave365/pkg/tenantcare/imports"
)

func newCloseCommand(a *app, g *globals) *cobra.Command {
	var o closing.Options
	cmd := &cobra.Command{
		Use: "close [RUN]", Short: "After a wave: user settings back to the image, and what is left over", Args: cobra.MaximumNArgs(1),
		Long: `After a wave: switch the user settings of its groups back to building from images, because until then the Cloud PC of a
user who joins such a group, or is reprovisioned, has no image to be built from. List what is left over, each with its
command: unused imports, users who were not migrated, links that are still valid, staging blobs, failed Cloud PCs.

It shows what it would do and asks for confirmation. Without a name, it is about the newest run that is not finished, else
the newest. It acts only when every row of the run is final, and two checks of the
tenant, some time apart, agree. --purge also removes the imports that were never used. --delete-staging also deletes the
blobs of proven rows, at the version that was validated, and only while the user is still in the group and still has the
Cloud PC that was proven, and no row of this ledger still needs the blob. Memberships stay: removing users from the group
starts the grace period of their Cloud PCs.

A setting that others share is not switched without --shared: it reaches other groups, another ledger made it, or members
of its groups outside the run are to get a Cloud PC, as far as licenses, the list of imports and the audit log show. Then
the run is not closed yet; run the same command again later to do the rest.

Exit codes: 0 closed, 2 not closed yet: the run is not finished, others need a setting or the tenant is changing, 5
permission missing, 6 nothing to do.`,
		Example: "  wave365 close 20261120-1715-ab12\n  wave365 close --purge --delete-staging",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withRecorded(cmd.Context(), g, runArg(args), func(ctx context.Context, t *afterwards) error { return a.closeRun(ctx, g, t, o) })
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.Shared, "shared", false, "also switch settings that others need or share")
	f.BoolVar(&o.Purge, "purge", false, "also remove the imports that were never used")
	f.BoolVar(&o.DeleteStaging, "delete-staging", false, "also delete the blobs of proven rows")
	return cmd
}

type closeDocument struct {
	Schema   string       `json:"schema"`
	Run      string       `json:"run"`
	Settings []string     `json:"settings"`
	Imports  []string     `json:"imports"`
	Staging  []string     `json:"staging"`
	Left     []leftover   `json:"left"`
	Done     closing.Done `json:"done"`
	ExitCode int          `json:"exit_code"`
}

type leftover struct {
	What     string   `json:"what"`
	Commands []string `json:"commands,omitempty"`
}

func (a *app) closeRun(ctx context.Context, g *globals, t *afterwards, o closing.Options) error {
	if err := a.settle(ctx, g, t.conn, t.writer("close"), migration.WriteFilter{Run: t.Run.ID}); err != nil {
		return err
	}
	r, err := closingRecord(ctx, t)
	if err != nil {
		return err
	}
	r.Run.BlobRoot = t.conn.blobRoot // the same account; only a sandbox in this process has another port each time
	if err := closing.Final(r); err != nil {
		return err
	}
	o.SignatureLife, o.Now = playbook.SignatureLife, t.Now().In(a.zone)
	a.tell(g, "checking the tenant twice, some time apart")
	p, err := closing.Look(ctx, t.conn.clock, t.conn.graph, t.conn.storage, r, o)
	if err != nil {
		return err
	}
	doc := closeDocumentOf(g, t.Run.ID, p)
	if !g.json {
		a.printClose(g, t.Run, p)
	}
	if len(p.Kept) > 0 {
		doc.ExitCode = exitUsage
	}
	if p.Nothing() {
		return a.nothingToClose(ctx, g, t, p, doc)
	}
	if err := a.ask(ctx, g, "Close run "+t.Run.ID+"? "+consequence(t.Run.Sandbox)); err != nil {
		return err
	}
	again := func(f facts.Seen) closing.Plan { return closing.Decide(r, f, o) }
	doc.Done, err = closing.Do(ctx, t.writer("close"), t.conn.graph, t.conn.storage, r, p, again, func(text string) {
		a.say(g, "%s", strings.ToUpper(text[:1])+text[1:])
	})
	if err != nil {
		return err
	}
	return a.closed(ctx, g, t, p, doc)
}

// nothingToClose answers when there is nothing to do, or nothing yet.
// A run that has not been closed itself, because another one's close did it, is recorded as closed.
func (a *app) nothingToClose(ctx context.Context, g *globals, t *afterwards, p closing.Plan, doc closeDocument) error {
	if len(p.Kept) > 0 {
		return a.closedLater(g, t.Run.ID, doc)
	}
	why, own, err := a.whoClosed(ctx, t)
	if err != nil {
		return err
	}
	if !own {
		if err := t.Note(ctx, migration.RunClosed, why); err != nil {
			return err
		}
		if err := a.reportAgain(ctx, t.Ledger, t.Run.ID, t.Now()); err != nil {
			return err
		}
	}
	if doc.ExitCode = exitNothing; g.json {
		console.JSON(a.out, doc)
		return exit(exitNothing)
	}
	if len(p.Leftovers) > 0 {
		why += "; what is left over is listed above"
	}
	return nothing(why, "")
}

// whoClosed says why nothing is to be switched for a run: its own close did it (own), that of another run of the ledger, or
// somebody whom the ledger does not know.
func (a *app) whoClosed(ctx context.Context, t *afterwards) (why string, own bool, err error) {
	id := t.Run.ID
	if own, err = closedBefore(ctx, t); err != nil || own {
		return "run " + id + " is closed already: nothing to do", own, err
	}
	why = "nothing to do for run " + id + ", which is recorded as closed: "
	h, err := history.Of(ctx, t.Ledger, t.Run.Tenant)
	if err != nil {
		return "", false, err
	}
	if by, at := switchedBy(h, t.Run, t.Rows); by != "" {
		return why + "the close of run " + by + ", which has a group in common with it, switched the user setting at " + a.when(at), false, nil
	}
	return why + "no user setting of its groups builds from snapshots", false, nil
}

// switchedBy returns the run whose close was the last to switch a user setting back to the image since r began, of the other runs
// that reach a group of r's rows, and when; "": none did.
func switchedBy(h history.History, r migration.Run, rows []migration.Row) (by string, at time.Time) {
	groups, near := map[string]bool{}, map[string]bool{}
	for _, row := range rows {
		groups[strings.ToLower(row.Target.GroupID)] = row.Target.GroupID != ""
	}
	for _, row := range h.Rows {
		near[row.Run] = near[row.Run] || groups[strings.ToLower(row.Target.GroupID)]
	}
	for _, w := range h.Effects {
		if w.Run != r.ID && near[w.Run] && w.Effect == tenantcare.SettingRestore && w.Command == "close" && w.Changed() && w.At.After(r.CreatedAt) && w.At.After(at) {
			by, at = w.Run, w.At
		}
	}
	return by, at
}

// closedBefore reports whether the run was closed since it last ended.
func closedBefore(ctx context.Context, t *afterwards) (bool, error) {
	events, err := t.Ledger.Events(ctx, t.Run.ID)
	for _, e := range slices.Backward(events) {
		if e.Reason == migration.RunClosed || e.Reason == migration.RunEnded {
			return e.Reason == migration.RunClosed, err
		}
	}
	return false, err
}

// closed records that the run is closed, unless something was kept for others, and answers.
func (a *app) closed(ctx context.Context, g *globals, t *afterwards, p closing.Plan, doc closeDocument) error {
	if len(p.Kept) == 0 {
		if err := t.Note(ctx, migration.RunClosed, fmt.Sprintf("%d settings, %d imports, %d blobs", doc.Done.Settings, doc.Done.Purged, doc.Done.Deleted)); err != nil {
			return err
		}
	}
	if err := a.reportAgain(ctx, t.Ledger, t.Run.ID, t.Now()); err != nil {
		return err
	}
	if len(p.Kept) > 0 {
		return a.closedLater(g, t.Run.ID, doc)
	}
	return a.said(g, doc)
}

// closedLater answers when a setting stays for others; the reason was listed under what is left over.
func (a *app) closedLater(g *globals, id string, doc closeDocument) error {
	if g.json {
		console.JSON(a.out, doc)
		return exit(doc.ExitCode)
	}
	return fault.New(fault.Conflict, "close.needed", "run "+id+" is not closed yet: others need a user setting of its groups", "the reason is shown above; once it no longer holds, run the same command again", fault.NewCommand("close").For(id))
}

// closingRecord returns what the ledger holds about the run and about the other runs.
func closingRecord(ctx context.Context, t *afterwards) (facts.Record, error) {
	h, err := history.Of(ctx, t.Ledger, t.Run.Tenant)
	r := facts.Record{Run: t.Run, Rows: t.Rows, Busy: map[string]string{}, Known: map[string]bool{}, Marker: rules.OwnSettings}
	for _, c := range imports.Of(h.Rows, h.Effects) {
		r.Known[strings.ToLower(c.ID)] = true
	}
	for _, row := range h.Rows {
		if row.Run != t.Run.ID {
			r.Beside = append(r.Beside, row)
		}
		if row.Run != t.Run.ID && (!row.State.Final() || row.State == migration.Held) {
			r.Busy[strings.ToLower(row.Target.GroupID)] = row.Run
		}
	}
	for _, w := range h.Effects {
		if w.Run == t.Run.ID || w.Effect == tenantcare.GroupCreate || w.Effect == migration.EffectSettingCreate {
			r.Effects = append(r.Effects, w)
		}
	}
	return r, err
}

func closeDocumentOf(g *globals, id string, p closing.Plan) closeDocument {
	doc := closeDocument{Schema: "wave365/close/v1", Run: id, Settings: []string{}, Imports: []string{}, Staging: []string{}, Left: []leftover{}}
	for _, s := range p.Switch {
		doc.Settings = append(doc.Settings, s.DisplayName)
	}
	for _, v := range p.Purge {
		doc.Imports = append(doc.Imports, v.ID)
	}
	for _, x := range p.Deletable() {
		doc.Staging = append(doc.Staging, x.Path)
	}
	for _, l := range p.Leftovers {
		doc.Left = append(doc.Left, leftover{l.What, g.lines(l.Commands)})
	}
	return doc
}

func (a *app) printClose(g *globals, r migration.Run, p closing.Plan) {
	if !p.Nothing() {
		fmt.Fprintf(a.out, "To close run %s:\n", r.ID)
	}
	for _, s := range p.Switch {
		a.bullet(g, "~", "user setting "+s.DisplayName+": builds from snapshot -> image", nil)
	}
	for _, v := range p.Purge {
		a.bullet(g, "-", "import "+v.ID+" of "+v.User()+": "+v.Why, nil)
	}
	for _, x := range p.Deletable() {
		a.bullet(g, "-", "blob "+x.Path+", "+closing.Size(x.Bytes), nil)
	}
	if len(p.Leftovers) > 0 {
		fmt.Fprintln(a.out, "Left over:")
	}
	for _, l := range p.Leftovers {
		a.bullet(g, "!", l.What, l.Commands)
	}
}
