package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/summary/wording"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/imports"
)

// purging are the flags of purge.
type purging struct {
	run, row string
	ids      []string
	foreign  bool
}

func newPurgeCommand(a *app, g *globals) *cobra.Command {
	var o purging
	cmd := &cobra.Command{
		Use: "purge {--run RUN | --row USER | --id ID}", Short: "Remove imported snapshots that nothing uses", Args: cobra.NoArgs,
		Long: `Remove imported snapshots that nothing uses, and the records of imports that failed: those of a run, of a person in
whatever run, or by their ids. Each is read twice, apart in time; what is in use, under way, or needed by a row that is
not finished, stays. An id that this ledger does not know is refused, unless --foreign says that it is meant.

Exit codes: 0 purged, 2 refused, 5 permission missing, 6 nothing to purge.`,
		Example: "  wave365 purge --run 20261120-1715-ab12\n  wave365 purge --row ada@contoso.com",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.run == "" && o.row == "" && len(o.ids) == 0 || len(o.ids) > 0 && (o.run != "" || o.row != "") {
				return usageError{fault.New(fault.Invalid, "usage", "purge needs --run, --row, or --id", "nothing is purged that is not named")}
			}
			return a.purge(cmd.Context(), g, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.run, "run", "", "the imports of this run; with --row: only of that person")
	f.StringVar(&o.row, "row", "", "the imports of this user, in all runs of the ledger")
	f.StringArrayVar(&o.ids, "id", nil, "the import of this id; may be given again")
	f.BoolVar(&o.foreign, "foreign", false, "also an id that this ledger does not know")
	return cmd
}

// purge finds out which run's tenant it is about, and goes there.
func (a *app) purge(ctx context.Context, g *globals, o purging) error {
	h, err := lookInto(ctx, g)
	if err != nil {
		return err
	}
	at := o.run
	switch {
	case o.run != "":
	case o.row != "":
		rows, err := tenantcare.RowsOf(h.rows, o.row)
		if err != nil {
			return err
		}
		at = rows[len(rows)-1].Run
	default:
		for _, c := range imports.Of(h.rows, h.effects) {
			if has(o.ids, c.ID) {
				at = c.Row.Run
			}
		}
	}
	if at != "" {
		return a.withRecorded(ctx, g, at, func(ctx context.Context, t *afterwards) error {
			h, err := readHistory(ctx, t.Ledger, t.Run.Tenant)
			if err != nil {
				return err
			}
			all, err := chosenImports(h, o)
			if err != nil {
				return err
			}
			for _, id := range runsBehind(all) {
				if err := a.settle(ctx, g, t.conn, t.writer("purge"), migration.WriteFilter{Run: id}); err != nil {
					return err
				}
			}
			return a.purgeAll(ctx, g, t.conn, all, len(o.ids) > 0, func(do func(tenantcare.Writer) error) error {
				w := t.writer("purge")
				w.Run = "" // each import has its own
				return do(w)
			})
		})
	}
	all, err := chosenImports(history{}, o)
	if err != nil {
		return err
	}
	return a.withTenant(ctx, g, func(ctx context.Context, conn *connection) error {
		withWriter := func(do func(tenantcare.Writer) error) error { return a.withWriter(ctx, g, conn, "purge", "", do) }
		for _, id := range o.ids {
			if !h.undecided(func(w migration.Write) bool { return strings.EqualFold(w.Target, id) }) {
				continue
			}
			if err := withWriter(func(w tenantcare.Writer) error { return a.settle(ctx, g, conn, w, migration.WriteFilter{Target: id}) }); err != nil {
				return err
			}
		}
		return a.purgeAll(ctx, g, conn, all, true, withWriter)
	})
}

// runsBehind are the runs that imports were made for, each once.
func runsBehind(all []imports.Candidate) []string {
	var out []string
	for _, c := range all {
		if c.Row != nil && !slices.Contains(out, c.Row.Run) {
			out = append(out, c.Row.Run)
		}
	}
	return out
}

func has(list []string, id string) bool {
	for _, x := range list {
		if strings.EqualFold(x, id) {
			return true
		}
	}
	return false
}

// chosenImports are the candidates that the flags name.
func chosenImports(h history, o purging) ([]imports.Candidate, error) {
	known := imports.Of(h.rows, h.effects)
	if len(o.ids) > 0 {
		var out []imports.Candidate
		for _, id := range o.ids {
			c := imports.Candidate{ID: id}
			for _, k := range known {
				if strings.EqualFold(k.ID, id) {
					c = k
				}
			}
			if c.Row == nil && !o.foreign {
				return nil, fault.New(fault.Conflict, "purge.refused", "import "+id+" is not of this ledger", "somebody else may need it: nothing was purged; --foreign says that it is meant all the same")
			}
			out = append(out, c)
		}
		return out, nil
	}
	rows := h.rows
	if o.row != "" {
		var err error
		if rows, err = tenantcare.RowsOf(h.rows, o.row); err != nil {
			return nil, err
		}
	}
	var mine []migration.Row
	for _, r := range rows {
		if o.run == "" || r.Run == o.run {
			mine = append(mine, r)
		}
	}
	return imports.Of(mine, h.effects), nil
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

// purgeAll looks, shows, asks and purges. named: each was named by its id, so one that must stay is a refusal.
func (a *app) purgeAll(ctx context.Context, g *globals, conn *connection, all []imports.Candidate, named bool, withWriter func(func(tenantcare.Writer) error) error) error {
	if len(all) == 0 {
		return nothing("no import is known: nothing to purge", "")
	}
	a.tell(g, "reading %s twice, apart in time", wording.Count(len(all), "import"))
	found, err := imports.Look(ctx, conn.clock, conn.graph, all)
	if err != nil {
		return err
	}
	doc := struct {
		Schema  string         `json:"schema"`
		Imports []purgedImport `json:"imports"`
	}{"wave365/purge/v1", []purgedImport{}}
	var todo []int
	for i, v := range found {
		p := purgedImport{ID: v.ID, User: v.User(), Fate: string(v.Fate), Why: v.Why}
		if v.Row != nil {
			p.Run = v.Row.Run
		}
		doc.Imports = append(doc.Imports, p)
		if v.Fate == imports.Purge {
			todo = append(todo, i)
		} else if named && v.Fate == imports.Keep {
			return fault.New(fault.Conflict, "purge.refused", "import "+v.ID+" is not purged: "+v.Why, "nothing was purged")
		}
		if v.Fate != imports.Gone || named {
			a.tell(g, "  %-5s  %s  %s  %s", v.Fate, v.ID, v.User(), v.Why)
		}
	}
	if len(todo) == 0 {
		return nothing("nothing to purge: of "+wording.Count(len(all), "import")+" none is unused", "")
	}
	if err := a.ask(ctx, g, "Purge "+wording.Count(len(todo), "import")+"? This cannot be taken back."); err != nil {
		return err
	}
	return withWriter(func(w tenantcare.Writer) error {
		for _, i := range todo {
			if err := imports.Remove(ctx, w, conn.graph, found[i]); err != nil {
				return err
			}
			doc.Imports[i].Purged = true
			if !g.json {
				fmt.Fprint(a.out, folded("", "Purged "+found[i].ID+" "+wording.OneLine(found[i].User()), columns(a.out)))
			}
		}
		if g.json {
			printJSON(a.out, doc)
		}
		return nil
	})
}
