package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wave365/pkg/fault/catalogue"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/summary/wording"
)

// complete adds completion of what exists: runs, waves, the users of a run, codes, and the values of flags. It reads the
// ledger and makes no connection.
func complete(root *cobra.Command, a *app, g *globals) {
	look := looking{a, g}
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
		if cmd.ValidArgsFunction == nil {
			cmd.ValidArgsFunction = look.arguments
		}
		values := choices(cmd)
		for _, flags := range []*pflag.FlagSet{cmd.Flags(), cmd.PersistentFlags()} {
			flags.VisitAll(func(f *pflag.Flag) {
				switch list, known := values[f.Name]; {
				case known:
					_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp))
				case f.Name == "row":
					_ = cmd.RegisterFlagCompletionFunc(f.Name, look.people)
				case f.Name == "run" || f.Name == "run-id" && cmd.Name() != "run":
					_ = cmd.RegisterFlagCompletionFunc(f.Name, look.runs)
				case f.Name == "explain":
					_ = cmd.RegisterFlagCompletionFunc(f.Name, codes)
				}
			})
		}
	}
	walk(root)
}

// codes returns all codes that any command prints, each with its title.
func codes(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	var found []string
	for _, e := range catalogue.All() {
		if strings.HasPrefix(e.Code, typed) {
			found = append(found, cobra.CompletionWithDesc(e.Code, e.Title))
		}
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// looking completes from the ledger that the command line, the environment or the configuration names.
type looking struct {
	a *app
	g *globals
}

// arguments completes the arguments in the command's usage line.
func (l looking) arguments(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	words := strings.Fields(cmd.Use)[1:]
	words = slices.DeleteFunc(words, func(w string) bool { return strings.Trim(w, "[]") == "N" && len(args) > 0 })
	i := len(args)
	if strings.Contains(cmd.Use, " N ") {
		i--
	}
	if i < 0 || i >= len(words) {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	switch strings.Trim(words[i], "[]") {
	case "WAVE":
		return []string{"csv"}, cobra.ShellCompDirectiveFilterFileExt
	case "RUN":
		return l.runs(cmd, args, typed)
	case "USER":
		return l.people(cmd, args, typed)
	case "FILE", "DIR", "SRC", "DST":
		return nil, cobra.ShellCompDirectiveDefault
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

func (l looking) runs(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	var found []string
	l.with(cmd, func(ctx context.Context, led *ledger.Ledger) {
		runs, err := led.Runs(ctx)
		if err != nil {
			return
		}
		for _, r := range runs {
			if strings.HasPrefix(r.ID, typed) {
				found = append(found, cobra.CompletionWithDesc(r.ID, wording.OneLine(r.Wave)+" of "+l.a.when(r.CreatedAt)))
			}
		}
	})
	return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// people returns the users of the run that is named, or else of the newest one.
func (l looking) people(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	var found []string
	l.with(cmd, func(ctx context.Context, led *ledger.Ledger) {
		id := ""
		if len(args) > 0 {
			id = args[0]
		} else if f := cmd.Flags().Lookup("run"); f != nil {
			id = f.Value.String()
		}
		if id == "" {
			runs, err := led.Runs(ctx)
			if err != nil || len(runs) == 0 {
				return
			}
			id = runs[0].ID
		}
		rows, err := led.Rows(ctx, id)
		if err != nil {
			return
		}
		const most = 500 // no shell shows more
		for _, r := range rows {
			if u := wording.OneLine(r.Target.User); len(found) < most && r.State != migration.Skipped && strings.HasPrefix(strings.ToLower(u), strings.ToLower(typed)) {
				found = append(found, cobra.CompletionWithDesc(u, string(r.State)))
			}
		}
	})
	return found, cobra.ShellCompDirectiveNoFileComp
}

// with opens the ledger for reading; without one, nothing is completed.
func (l looking) with(cmd *cobra.Command, do func(ctx context.Context, led *ledger.Ledger)) {
	if settle(l.a, cmd, l.g.config) != nil || ledger.InDatabase(l.g.ledger) {
		return
	}
	ctx := context.Background()
	led, err := run.OpenLedger(ctx, l.g.ledger, ledger.Options{ReadOnly: true})
	if err != nil {
		return
	}
	defer func() { _ = led.Close() }()
	do(ctx, led)
}
