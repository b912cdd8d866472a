package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/cmd/wave365/internal/usage"
	"wave365/pkg/ledger"
	"wave365/pkg/ledger/process"
	"wave365/pkg/wave"
)

func newVersionCommand(a *app, g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			a.printVersion(g)
			return nil
		},
	}
	usage.StandsAlone(cmd)
	return cmd
}

// printVersion prints the version, for version and --version.
func (a *app) printVersion(g *globals) {
	if !g.json {
		fmt.Fprintln(a.out, "wave365", versionText())
		return
	}
	doc := map[string]string{"schema": "wave365/version/v1", "version": version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if name, found := strings.CutPrefix(s.Key, "vcs."); found {
				doc[name] = s.Value // revision and time of the commit, and whether the tree was modified
			}
		}
	}
	console.JSON(a.out, doc)
}

func versionText() string {
	return fmt.Sprintf("%s (%s, %s/%s)", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func newTemplateCommand(a *app, g *globals) *cobra.Command {
	var semicolon bool
	var out string
	cmd := &cobra.Command{
		Use: "template", Short: "Print an empty wave that Excel opens correctly", Args: cobra.NoArgs,
		Long:    "Print an empty wave that Excel opens correctly, or write it to a file. In Windows PowerShell use --out: its > changes what a\nprogram prints, and Excel then shows one column.",
		Example: "  wave365 template --out friday.csv\n  wave365 template --out freitag.csv --semicolon",
		RunE: func(*cobra.Command, []string) error {
			comma := ','
			if semicolon {
				comma = ';'
			}
			csv := wave.Template(comma)
			there := false
			if out != "" {
				had, err := os.ReadFile(out)
				there = err == nil && bytes.Equal(had, csv)
				if err := writeNew(filepath.Dir(out), map[string][]byte{out: csv}); err != nil {
					return err
				}
			}
			switch {
			case g.json:
				return a.answer(map[string]string{"schema": "wave365/template/v1", "csv": string(csv), "wave": out})
			case there:
				fmt.Fprintf(a.out, "%s is there already, with the same content.\n", out)
				return nil
			case out != "":
				fmt.Fprintf(a.out, "Wrote %s.\n", out)
				return nil
			}
			_, err := console.AsIs(a.out).Write(csv)
			return err
		},
	}
	usage.StandsAlone(cmd)
	cmd.Flags().StringVar(&out, "out", "", "write it to this file; one with other content is not overwritten")
	cmd.Flags().BoolVar(&semicolon, "semicolon", false, "separate the columns with semicolons, as Excel does in German, French, Polish, …")
	return cmd
}

func newUnlockCommand(a *app, g *globals) *cobra.Command {
	var id string
	cmd := &cobra.Command{
		Use: "unlock", Short: "Unlock a ledger whose holder has ended, where this machine cannot tell",
		Long: "Free a ledger that another host's process held when it ended. The id is printed where the ledger is refused.\nIt asks whether that process has really ended: two processes on one run may import twice. The lock of a process\nthat runs on this machine is not taken away.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runUnlock(cmd.Context(), a, g, id) },
	}
	cmd.Flags().StringVar(&id, "id", "", "the lock's id; the command that the ledger refused prints it: wave365 unlock --id ID")
	_ = cmd.MarkFlagRequired("id")
	return cmd
}

func runUnlock(ctx context.Context, a *app, g *globals, id string) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	return a.inLedger(ctx, g, ledger.Options{}, func(l *ledger.Ledger) error {
		h, held, err := l.Holder(ctx)
		if err != nil {
			return err
		}
		if held && h.ID == id && h.Life == process.Unknown {
			if err := a.ask(ctx, g, fmt.Sprintf("Is it certain that process %d of %s on %s has ended? Two processes on one run may import twice.", h.PID, h.User, h.Host)); err != nil {
				return err
			}
		}
		if err := l.Unlock(ctx, id); err != nil {
			return err
		}
		if g.json {
			return a.answer(map[string]string{"schema": "wave365/unlock/v1", "ledger": g.ledger})
		}
		fmt.Fprintln(a.out, "The ledger is free.")
		return nil
	})
}
