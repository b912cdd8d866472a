package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox"
)

func newSandboxCommand(a *app, g *globals) *cobra.Command {
	var scenario, listenOn, state string
	var speed float64
	var seed int64
	cmd := &cobra.Command{
		Use: "sandbox", Short: "Serve a Windows 365 tenant and storage account on loopback, for rehearsals",
		Long: `Serve a scenario on loopback: Microsoft Graph at /v1.0 and /beta, Blob storage at /devstoreaccount1, in a time of
its own. It prints one JSON line with both URLs when it is ready, and serves until Ctrl-C. With --state the tenant
goes on while it is stopped. Its own pages: GET /sandbox/requests, /sandbox/state, /sandbox/clock; POST
/sandbox/faults and /sandbox/clock.`,
		Example: "  wave365 sandbox --scenario waves/friday.tenant.yaml\n  wave365 run waves/friday.csv --sandbox=http://127.0.0.1:PORT",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runSandbox(cmd.Context(), a, g, scenario, listenOn, sandbox.Config{Speed: speed, Seed: seed, StateDir: state, Logger: g.log})
		},
	}
	f := cmd.Flags()
	f.StringVar(&scenario, "scenario", "", "the scenario file")
	f.StringVar(&listenOn, "listen", "127.0.0.1:0", "loopback address and port; port 0 is any free one")
	f.Float64Var(&speed, "speed", 600, "how much faster than the wall clock its time runs")
	f.Int64Var(&seed, "seed", 0, "another seed than the scenario's")
	f.StringVar(&state, "state", "", "folder that keeps the tenant between starts")
	_ = cmd.MarkFlagRequired("scenario")
	cmd.AddCommand(newGenerateCommand(a))
	return cmd
}

func runSandbox(ctx context.Context, a *app, _ *globals, path, addr string, cfg sandbox.Config) error {
	scenario, err := sandbox.LoadScenario(path)
	if err != nil {
		return err
	}
	cfg.Scenario = scenario
	l, err := listen(addr)
	if err != nil {
		return err
	}
	s, err := sandbox.New(cfg)
	if err != nil {
		_ = l.Close()
		return err
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	line, err := json.Marshal(sandbox.EndpointsOf(l.Addr()))
	if err != nil {
		return err
	}
	fmt.Fprintln(a.out, string(line))
	select {
	case err = <-served:
		_ = s.Close()
		return err
	case <-ctx.Done():
		return errors.Join(s.Close(), <-served)
	}
}

func newGenerateCommand(a *app) *cobra.Command {
	var rows int
	var seed int64
	var out string
	var faults bool
	cmd := &cobra.Command{
		Use: "generate", Short: "Write a wave and a scenario of any size",
		Example: "  wave365 sandbox generate --rows 1000 --seed 7 --out /tmp/big",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if rows < 1 {
				return usageError{fault.New(fault.Invalid, "usage", "--rows must be at least 1", "")}
			}
			csv, yaml, err := sandbox.Generate(rows, seed, faults)
			if err != nil {
				return err
			}
			if err := os.MkdirAll(out, 0o755); err != nil {
				return fault.Wrap(fault.Invalid, "usage", "cannot write to "+out+": "+err.Error(), "choose another --out", err)
			}
			for name, data := range map[string][]byte{"wave.csv": csv, "wave.tenant.yaml": yaml} {
				if err := os.WriteFile(filepath.Join(out, name), data, 0o644); err != nil {
					return fault.Wrap(fault.Invalid, "usage", "cannot write to "+out+": "+err.Error(), "choose another --out", err)
				}
			}
			fmt.Fprintf(a.out, "Wrote %s and its scenario.\nTry: wave365 run %s --sandbox\n", filepath.Join(out, "wave.csv"), filepath.Join(out, "wave.csv"))
			return nil
		},
	}
	f := cmd.Flags()
	f.IntVar(&rows, "rows", 100, "how many rows")
	f.Int64Var(&seed, "seed", 1, "the same seed writes the same files")
	f.StringVar(&out, "out", ".", "the folder to write to")
	f.BoolVar(&faults, "faults", false, "let some rows fail")
	return cmd
}
