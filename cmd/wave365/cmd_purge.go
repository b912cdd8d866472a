package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/run/history"
	"wave365/pkg/summary/wording"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/imports"
)

func newPurgeCommand(a *app, g *globals) *cobra.Command {
	var o imports.Choice
	cmd := &cobra.Command{
		Use: "purge {--run RUN | --row USER | --id ID}", Short: "Remove imported snapshots that nothing uses", Args: cobra.NoArgs,
		Long: `Remove imported snapshots that nothing uses, and the records of imports that failed: those of a run, of a user in
any run, or those with given ids. Each is read twice, some time apart; what is in use, in progress, or needed by a row that
is not finished stays. An id that this ledger does not know is refused, unless --foreign is given.

Exit codes: 0 purged, 2 refused, 5 permission missing, 6 nothing to purge.`,
		Example: "  wave365 purge --run 20261120-1715-ab12\n  wave365 purge --row ada@contoso.com",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Run == "" && o.User == "" && len(o.IDs) == 0 || len(o.IDs) > 0 && (o.Run != "" || o.User != "") {
				return usageError{fault.New(fault.Invalid, "usage", "purge needs --run, --row, or --id", "only imports that are named are purged")}
			}
			return a.purge(cmd.Context(), g, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Run, "run", "", "the imports of this run; with --row: only of that person")
	f.StringVar(&o.User, "row", "", "the imports of this user, in all runs of the ledger")
	f.StringArrayVar(&o.IDs, "id", nil, "the import of this id; can be given more than once")
	f.BoolVar(&o.Foreign, "foreign", false, "also an id that this ledger does not know")
	return cmd
}

// purge determines which run's tenant it acts on, and connects to it.
func (a *app) purge(ctx context.Context, g *globals, o imports.Choice) error {
	h, err := history.In(ctx, g.ledger, a.zone)
	if err != nil {
		return err
	}
	at, err := o.RunOf(h.Rows, h.Effects)
	if err != nil {
		return err
	}
	if at != "" {
		return a.withRecorded(ctx, g, at, func(ctx context.Context, t *afterwards) error { return a.purgeKnown(ctx, g, t, o) })
	}
	all, err := o.Of(nil, nil)
	if err != nil {
		return err
	}
	return a.withTenant(ctx, g, func(ctx context.Context, conn *connection) error {
		write := a.writes(ctx, g, conn, "purge")
		for _, id := range o.IDs {
			if !h.Undecided(func(w migration.Write) bool { return strings.EqualFold(w.Target, id) }) {
				continue
			}
			if err := write(func(w tenantcare.Writer) error { return a.settle(ctx, g, conn, w, migration.WriteFilter{Target: id}) }); err != nil {
				return err
			}
		}
		return a.purgeAll(ctx, g, conn, all, true, write)
	})
}

// purgeKnown purges imports of this ledger's runs.
func (a *app) purgeKnown(ctx context.Context, g *globals, t *afterwards, o imports.Choice) error {
	h, err := history.Of(ctx, t.Ledger, t.Run.Tenant)
	if err != nil {
		return err
	}
	all, err := o.Of(h.Rows, h.Effects)
	if err != nil {
		return err
	}
	for _, id := range imports.Runs(all) {
		if err := a.settle(ctx, g, t.conn, t.writer("purge"), migration.WriteFilter{Run: id}); err != nil {
			return err
		}
	}
	return a.purgeAll(ctx, g, t.conn, all, len(o.IDs) > 0, t.writes("purge"))
}

// purgedImport is one import of the answer of `purge` with --json.
type purgedImport struct {
	ID     string `json:"id"`
	User   string `json:"user"`
	Run    string `json:"run"`
	Fate   string `json:"fate"`
	Why    string `json:"why"`
	Purged bool   `json:"purged"`
}

func purgedOf(v imports.Verdict) purgedImport {
	p := purgedImport{ID: v.ID, User: v.User(), Fate: string(v.Fate), Why: v.Why}
	if v.Row != nil {
		p.Run = v.Row.Run
	}
	return p
}

type purgeDocument struct {
	Schema  string         `json:"schema"`
	Imports []purgedImport `json:"imports"`
}

// purgeAll reads, shows, asks and purges. named: each was named by its id, so one that cannot be purged is a refusal.
func (a *app) purgeAll(ctx context.Context, g *globals, conn *connection, all []imports.Candidate, named bool, write writes) error {
	if len(all) == 0 {
		return nothing("no import is known: nothing to purge", "")
	}
	a.tell(g, "reading %s twice, some time apart", wording.Count(len(all), "import"))
	found, err := imports.Look(ctx, conn.clock, conn.graph, all)
	if err != nil {
		return err
	}
	doc, todo := purgeDocument{"wave365/purge/v1", []purgedImport{}}, []int{}
	for i, v := range found {
		doc.Imports = append(doc.Imports, purgedOf(v))
		switch {
		case v.Fate == imports.Purge:
			todo = append(todo, i)
		case named && v.Fate == imports.Keep:
			return fault.New(fault.Conflict, "purge.refused", v.String()+" is not purged: "+v.Why, "nothing was purged")
		}
		if v.Fate != imports.Gone || named {
			a.tell(g, "%s %s: %s", v.Fate, v, v.Why)
		}
	}
	if len(todo) == 0 {
		return nothing("nothing to purge: of "+wording.Count(len(all), "import")+" none is unused", "")
	}
	if err := a.ask(ctx, g, "Purge "+wording.Count(len(todo), "import")+"? This cannot be undone."); err != nil {
		return err
	}
	return write(func(w tenantcare.Writer) error {
		for _, i := range todo {
			if err := imports.Remove(ctx, w, conn.graph, found[i]); err != nil {
				return err
			}
			doc.Imports[i].Purged = true
			a.say(g, "Purged %s", found[i])
		}
		return a.said(g, doc)
	})
}
