package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/run/history"
	"wave365/pkg/summary/wording"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/leaving"
	"wave365/pkg/wave"
)

// deprovisioning holds the flags of deprovision.
type deprovisioning struct {
	users, confirm  []string
	row, run, file  string
	cloudPC, policy string
	by              string
	keepGrace       bool
}

func newDeprovisionCommand(a *app, g *globals) *cobra.Command {
	var o deprovisioning
	cmd := &cobra.Command{
		Use: "deprovision {--user USER | --row USER | --file FILE}", Short: "Deprovision Cloud PCs for good: those of leavers, and wrong ones", Args: cobra.NoArgs,
		Long: `Deprovision Cloud PCs for good: remove the license or the group membership, end the grace period, and wait until the
Cloud PC is gone and the seat is free. First it shows what will be lost, then you type the user's name to confirm; in
scripts, give --confirm USER once for each user. --yes alone is enough for one user that --user names by UPN or object id,
and never for more.

--keep-grace stops before the point of no return: the Cloud PC stays for seven days, and giving back what was removed
restores it. After an interruption run the same command again: it checks what is done, and continues. The disk in Azure is not touched.

Exit codes: 0 gone, 2 refused or not confirmed, 5 permission missing, 6 no Cloud PC to deprovision.`,
		Example: "  wave365 deprovision --user ada@contoso.com\n  wave365 deprovision --file leavers.txt --confirm ada@contoso.com --confirm bob@contoso.com",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return usageError{err}
			}
			return a.deprovision(cmd.Context(), g, o)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.users, "user", nil, "a user, by UPN or object id; can be given more than once")
	f.StringVar(&o.row, "row", "", "the user of a row in the ledger")
	f.StringVar(&o.run, "run", "", "with --row: the run that the row is of (default: the latest that has one)")
	f.StringVar(&o.file, "file", "", "a file with one user per line")
	f.StringArrayVar(&o.confirm, "confirm", nil, "confirm this user without prompting; can be given more than once")
	f.StringVar(&o.cloudPC, "cloud-pc", "", "the id of the Cloud PC, if the user has several")
	f.StringVar(&o.policy, "policy", "", "only a Cloud PC of this provisioning policy")
	f.StringVar(&o.by, "by", "", "what to remove: license or membership (default: the license if it is assigned directly, else the membership)")
	f.BoolVar(&o.keepGrace, "keep-grace", false, "stop in the grace period, before the point of no return")
	return cmd
}

func (o deprovisioning) check() error {
	n := 0
	for _, given := range []bool{len(o.users) > 0, o.row != "", o.file != ""} {
		if given {
			n++
		}
	}
	switch {
	case n != 1:
		return fault.New(fault.Invalid, "usage", "deprovision needs one of --user, --row and --file", "only users who are named are deprovisioned")
	case o.run != "" && o.row == "":
		return fault.New(fault.Invalid, "usage", "--run goes with --row", "name the user of the run with --row")
	case o.by != "" && o.by != leaving.ByLicense && o.by != leaving.ByMembership:
		return fault.New(fault.Invalid, "usage", "invalid --by "+o.by, "use license or membership")
	case o.cloudPC != "" && len(o.users) > 1:
		return fault.New(fault.Invalid, "usage", "--cloud-pc can only be used with a single user", "")
	}
	return nil
}

func (a *app) deprovision(ctx context.Context, g *globals, o deprovisioning) error {
	if o.row == "" {
		return a.withTenant(ctx, g, func(ctx context.Context, conn *connection) error {
			return a.deprovisionAll(ctx, g, conn, o, a.writes(ctx, g, conn, "deprovision"))
		})
	}
	h, err := history.In(ctx, g.ledger, a.zone)
	if err != nil {
		return err
	}
	var rows []migration.Row
	for _, r := range h.Rows {
		if o.run == "" || r.Run == o.run {
			rows = append(rows, r)
		}
	}
	if rows, err = tenantcare.RowsOf(rows, o.row); err != nil {
		return err
	}
	row := rows[len(rows)-1]
	o.users = []string{row.Target.UserID}
	if o.policy == "" && o.cloudPC == "" {
		// Only what the row made: a colleague may have given the user another one since.
		if row.Facts.CloudPCID == "" && row.Facts.CutOver.IsZero() {
			return nothing("the row of "+row.Target.User+" in run "+row.Run+" made no Cloud PC, or has been started again since",
				"see which Cloud PC the user has, and name the user to deprovision it",
				fault.NewCommand("cloudpc show", row.Target.User), fault.NewCommand("deprovision", "--user", row.Target.User))
		}
		o.policy, o.cloudPC = row.Target.PolicyID, row.Facts.CloudPCID
	}
	if o.by == "" && row.Target.Trigger != migration.TriggerLicense {
		o.by = leaving.ByMembership // the user had the license before
	}
	return a.withRecorded(ctx, g, row.Run, func(ctx context.Context, t *afterwards) error {
		return a.deprovisionAll(ctx, g, t.conn, o, t.writes("deprovision"))
	})
}

// comment matches what follows a # at the beginning of a line or after a space; within a word it belongs to a guest's
// name.
var comment = regexp.MustCompile(`(^|\s)#.*`)

// listed reads a file with one user per line, and comments.
func listed(path string) ([]string, error) {
	data, err := run.ReadFile(path, maxDescription)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "usage", "the list "+path+" cannot be read: "+err.Error(), "check --file", err)
	}
	out := []string{}
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(comment.ReplaceAllString(lines.Text(), ""))
		if line == "" {
			continue
		}
		if strings.ContainsAny(line, ",;\t") {
			return nil, fault.New(fault.Invalid, "usage", fmt.Sprintf("%s:%d: there is more than one word on this line", path, n), "write one UPN or object id per line; nothing was changed")
		}
		out = append(out, line)
	}
	return out, lines.Err()
}

// leavers reads all named users, each once; of several, users without a Cloud PC are reported and left out.
func (a *app) leavers(ctx context.Context, g *globals, conn *connection, o deprovisioning, settle func(user string) error) ([]leaving.Leave, error) {
	var all []leaving.Leave
	for _, name := range o.users {
		l, err := a.lookAtLeaver(ctx, conn, name, o, settle)
		if err != nil && (fault.CodeOf(err) != codeNothing || len(o.users) == 1) {
			return nil, err
		}
		if err != nil {
			a.tell(g, "%s", err.Error())
			continue
		}
		if slices.ContainsFunc(all, func(other leaving.Leave) bool { return other.PC.ID == l.PC.ID }) {
			return nil, fault.New(fault.Invalid, "deprovision.ambiguous", l.User.UPN+" is named twice", "name each user once; nothing was changed")
		}
		all = append(all, l)
	}
	if len(all) == 0 {
		return nil, nothing("none of the named users has a Cloud PC: nothing to do", "")
	}
	return all, nil
}

// deprovisionAll reads all users first, asks about each, and only then changes anything.
func (a *app) deprovisionAll(ctx context.Context, g *globals, conn *connection, o deprovisioning, write writes) error {
	if o.file != "" {
		var err error
		if o.users, err = listed(o.file); err != nil {
			return err
		}
	}
	past, err := history.In(ctx, g.ledger, a.zone)
	if err != nil {
		return err
	}
	settle := func(user string) error {
		if !past.Undecided(func(w migration.Write) bool { return strings.EqualFold(w.UserID, user) }) {
			return nil
		}
		return write(func(w tenantcare.Writer) error { return a.settle(ctx, g, conn, w, migration.WriteFilter{UserID: user}) })
	}
	all, err := a.leavers(ctx, g, conn, o, settle)
	if err != nil {
		return err
	}
	for _, l := range all {
		a.printLosses(g, l, o.keepGrace)
	}
	for _, l := range all {
		if err := a.agreed(ctx, g, l, o, len(all)); err != nil {
			return err
		}
	}
	doc := deprovisionDocument{Schema: "wave365/deprovision/v1", CloudPCs: []deprovisioned{}}
	return write(func(w tenantcare.Writer) error {
		for _, l := range all {
			done, err := a.leave(ctx, g, conn, w, l, o.keepGrace)
			if err == nil {
				err = a.noteLeft(ctx, w, past.Rows, l, done.State)
			}
			if err != nil {
				return err
			}
			doc.CloudPCs = append(doc.CloudPCs, done)
		}
		return a.said(g, doc)
	})
}

// lookAtLeaver finds the user and the Cloud PC; a name that matches two users is refused. settle first settles what an
// earlier command left undecided about the user of that id.
func (a *app) lookAtLeaver(ctx context.Context, conn *connection, name string, o deprovisioning, settle func(id string) error) (leaving.Leave, error) {
	u, err := findUser(ctx, conn, name)
	if err == nil {
		err = settle(u.ID)
	}
	if err != nil {
		return leaving.Leave{}, err
	}
	return leaving.Look(ctx, conn.graph, u, leaving.Choice{CloudPC: o.cloudPC, Policy: o.policy, By: o.by})
}

func (a *app) printLosses(g *globals, l leaving.Leave, keepGrace bool) {
	if g.json {
		return
	}
	fmt.Fprintf(a.err, "%s (%s) loses for good:\n", wording.OneLine(l.User.UPN), wording.OneLine(l.User.DisplayName))
	for _, text := range l.Losses() {
		console.Say(a.err, "  - ", text)
	}
	if t := a.when(l.PC.ProvisionedAt); t != "" {
		state := ""
		if l.PC.Status != graph.StatusProvisioned {
			state = ", now " + l.PC.Status
		}
		fmt.Fprintf(a.err, "  provisioned %s%s\n", t, state)
	}
	if l.Follows != "" {
		fmt.Fprintf(a.err, "  and gets another Cloud PC afterwards, by the policy %s\n", wording.OneLine(l.Follows))
	}
	if keepGrace {
		fmt.Fprintln(a.err, "  not before the grace period of seven days ends; until then it can be restored")
	}
}

// agreed makes sure that the loss is confirmed: the user name is typed, or was given with --confirm.
func (a *app) agreed(ctx context.Context, g *globals, l leaving.Leave, o deprovisioning, people int) error {
	is := func(name string) bool {
		key := wave.UserKey(name)
		return key == wave.UserKey(l.User.UPN) || key == wave.UserKey(l.User.ID)
	}
	for _, c := range o.confirm {
		if is(c) {
			return nil
		}
	}
	if g.yes && people == 1 && len(o.users) == 1 && o.row == "" && o.file == "" && is(o.users[0]) {
		return nil
	}
	refused := func(why string) error {
		return fault.New(fault.Invalid, "deprovision.unconfirmed", why, "type the user name "+l.User.UPN+", or give it with --confirm "+shell(g.ledger, "").Quote(l.User.UPN)+"; nothing was changed")
	}
	if !a.inTerm {
		return refused("not confirmed: " + l.User.UPN)
	}
	typed, err := a.askFor(ctx, "Type the user name "+l.User.UPN+" to remove the Cloud PC: ")
	if err != nil {
		return err
	}
	if !is(typed) {
		return refused("what was typed is not " + l.User.UPN)
	}
	return nil
}

// noteLeft records in the history of the run that made the Cloud PC what became of it, and writes its report again.
func (a *app) noteLeft(ctx context.Context, w tenantcare.Writer, rows []migration.Row, l leaving.Leave, state string) error {
	book, ok := w.Journal.(*ledger.Ledger)
	if !ok {
		return nil
	}
	for _, r := range rows {
		if r.State != migration.Succeeded && r.State != migration.Failed || !strings.EqualFold(r.Facts.CloudPCID, l.PC.ID) || !strings.EqualFold(r.Target.UserID, l.User.ID) {
			continue
		}
		e := migration.Event{Run: r.Run, Row: r.Index, At: w.Clock.Now(), Attempt: r.Attempt, Reason: migration.RowTakenBack, Note: "deprovision: Cloud PC " + l.PC.DisplayName + " is " + state}
		if err := book.Note(context.WithoutCancel(ctx), e); err != nil {
			return err
		}
		if err := a.reportAgain(ctx, book, r.Run, w.Clock.Now()); err != nil {
			return err
		}
	}
	return nil
}

type deprovisionDocument struct {
	Schema   string          `json:"schema"`
	CloudPCs []deprovisioned `json:"cloud_pcs"`
}

type deprovisioned struct {
	User    string `json:"user"`
	CloudPC string `json:"cloud_pc"`
	ID      string `json:"id"`
	// State is "gone", or "inGracePeriod" with --keep-grace.
	State   string `json:"state"`
	License string `json:"license,omitempty"`
	// Free is how many seats of the license are free now; -1: not known, or no license was removed.
	Free int `json:"free"`
}

// leave deprovisions one Cloud PC.
func (a *app) leave(ctx context.Context, g *globals, conn *connection, w tenantcare.Writer, l leaving.Leave, keepGrace bool) (deprovisioned, error) {
	done := deprovisioned{User: l.User.UPN, CloudPC: l.PC.DisplayName, ID: l.PC.ID, State: graph.StatusInGracePeriod, Free: -1}
	tell := func(status string) {
		if status != leaving.Gone { // the answer says it
			a.tell(g, "%s: Cloud PC %s is %s", l.User.UPN, l.PC.DisplayName, status)
		}
	}
	if !l.InGrace() && !l.Leaving() {
		if err := leaving.Unlink(ctx, w, conn.graph, l, tell); err != nil {
			return done, err
		}
	}
	if keepGrace {
		a.say(g, "%s: Cloud PC %s is in its grace period; assigning what was removed restores it", l.User.UPN, l.PC.DisplayName)
		return done, nil
	}
	if err := leaving.End(ctx, w, conn.graph, l, tell); err != nil {
		return done, err
	}
	done.State = "gone"
	if l.By == leaving.ByLicense {
		done.License = l.License
		skus, err := conn.graph.SubscribedSKUs(ctx)
		if err != nil {
			return done, err
		}
		for _, s := range skus {
			if strings.EqualFold(s.ID, l.SKU) {
				done.Free = s.Free()
			}
		}
	}
	seats := ""
	if done.Free >= 0 {
		seats = fmt.Sprintf("; %s of %s free now", wording.Count(done.Free, "seat"), l.License)
	}
	a.say(g, "%s: Cloud PC %s is gone%s", l.User.UPN, l.PC.DisplayName, seats)
	return done, nil
}
