package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/usage"
	"wave365/pkg/fault"
	"wave365/pkg/run"
	"wave365/pkg/sandbox"
	"wave365/pkg/sandbox/generate"
	"wave365/pkg/sandbox/loopback"
)

func newSandboxCommand(a *app, g *globals) *cobra.Command {
	var scenario, listenOn, state string
	var speed float64
	var seed int64
	cmd := &cobra.Command{
		Use: "sandbox", Short: "Serve a Windows 365 tenant and storage account on loopback, for rehearsals",
		Long: `Serve a scenario on loopback: Microsoft Graph at /v1.0 and /beta, Blob storage at /devstoreaccount1, on a clock of
its own. It prints one JSON line with both URLs when it is ready, and serves until Ctrl-C. With --state the
tenant's time continues while it is stopped. Its own pages: GET /sandbox/requests, /sandbox/state, /sandbox/clock; POST
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
	cmd.AddCommand(newGenerateCommand(a, g))
	return cmd
}

// otherSpeed refuses --sandbox-speed, which is for a sandbox in the process, where a sandbox is served, which has a flag of
// its own. It only checks the command line: a configuration file may contain the speed for other commands.
func otherSpeed(cmd *cobra.Command) error {
	if f := cmd.Flags().Lookup("sandbox-speed"); f != nil && f.Changed && cmd.Flags().Lookup("speed") != nil {
		return usageError{fault.New(fault.Invalid, "usage", "--sandbox-speed is about the sandbox that a run starts for itself", "give --speed "+f.Value.String())}
	}
	return nil
}

func runSandbox(ctx context.Context, a *app, g *globals, path, addr string, cfg sandbox.Config) error {
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
	ends := loopback.Of(l.Addr())
	line, err := json.Marshal(struct {
		Schema string `json:"schema"`
		loopback.Endpoints
	}{"wave365/sandbox/v1", ends})
	if err != nil {
		return err
	}
	fmt.Fprintln(a.out, string(line))
	if a.errTerm && !g.quiet {
		fmt.Fprintf(a.err, "Serving until Ctrl-C. In another terminal: wave365 run WAVE.csv --sandbox=%s\n", ends.Graph)
	}
	select {
	case err = <-served:
		_ = s.Close()
		return err
	case <-ctx.Done():
		return errors.Join(s.Close(), <-served)
	}
}

func newGenerateCommand(a *app, g *globals) *cobra.Command {
	var rows int
	var seed int64
	var out string
	var faults bool
	cmd := &cobra.Command{
		Use: "generate", Short: "Write a wave and a scenario of a given size",
		Example: "  wave365 sandbox generate --rows 1000 --seed 7 --out /tmp/big",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if rows < 1 {
				return usageError{fault.New(fault.Invalid, "usage", "--rows must be at least 1", "")}
			}
			csv, yaml, err := generate.Wave(rows, seed, faults)
			if err != nil {
				return err
			}
			doc := generatedDocument{
				Schema: "wave365/sandbox-generate/v1", Wave: filepath.Join(out, "wave.csv"), Scenario: filepath.Join(out, "wave.tenant.yaml"), Rows: rows,
			}
			if err := writeNew(out, map[string][]byte{doc.Wave: csv, doc.Scenario: yaml}); err != nil {
				return err
			}
			if g.json {
				return a.answer(doc)
			}
			fmt.Fprintf(a.out, "Wrote %s and its scenario.\nTry: %s\n", doc.Wave, shell("", "").Line(fault.NewCommand("run", doc.Wave, "--sandbox")))
			return nil
		},
	}
	usage.StandsAlone(cmd)
	f := cmd.Flags()
	f.IntVar(&rows, "rows", 100, "how many rows")
	f.Int64Var(&seed, "seed", 1, "the same seed writes the same files")
	f.StringVar(&out, "out", ".", "the folder to write to")
	f.BoolVar(&faults, "faults", false, "make about one row in 25 end badly, and spoil some of the service's answers")
	return cmd
}

// generatedDocument is the answer of `sandbox generate --json`.
type generatedDocument struct {
	Schema   string `json:"schema"`
	Wave     string `json:"wave"`
	Scenario string `json:"scenario"`
	Rows     int    `json:"rows"`
}

// maxWritten is the largest existing wave or scenario that is compared, in bytes.
const maxWritten = 64 << 20

// writeNew writes files into dir, which it creates. If a file exists with other content, nothing is written: it may be
// somebody's wave.
func writeNew(dir string, files map[string][]byte) error {
	cannot := func(err error) error {
		return fault.Wrap(fault.Invalid, "usage", "cannot write to "+dir+": "+err.Error(), "choose another --out", err)
	}
	for path, data := range files {
		there, err := run.ReadFile(path, maxWritten)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return cannot(err)
		}
		if err == nil && !bytes.Equal(there, data) {
			return fault.New(fault.Invalid, "usage", path+" already exists and is not overwritten", "choose another --out, or move the file away")
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return cannot(err)
	}
	for path, data := range files {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return cannot(err)
		}
	}
	return nil
}
