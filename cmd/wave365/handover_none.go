//go:build nodatabase

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/usage"
	"wave365/pkg/fault"
	"wave365/pkg/ledger"
)

// fleetProgram is the program with support for databases, which this one is built without.
const fleetProgram = "wave365-fleet"

// handOver runs the program with support for databases if the command line names a database. This process then ends
// with that one's exit code.
func handOver(a *app, cmd *cobra.Command, g *globals, args []string) error {
	switch {
	case slices.Contains([]string{"submit", "worker", "fleet"}, cmd.Name()):
	case !usage.Alone(cmd) && ledger.InDatabase(g.ledger), slices.ContainsFunc(args, ledger.InDatabase):
	default:
		return nil
	}
	path := beside(fleetProgram)
	if path == "" {
		return fault.New(fault.Invalid, "usage", "this needs the program "+fleetProgram+", which is neither next to this one nor on the PATH",
			"it comes with every release: put it into the same folder; from the sources, make build makes both")
	}
	return become(a, path, os.Args[1:])
}

// beside returns the path of a program in the folder of this one, or on the PATH; "" when there is none.
func beside(name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if self, err := os.Executable(); err == nil {
		if self, err = filepath.EvalSymlinks(self); err == nil {
			path := filepath.Join(filepath.Dir(self), name)
			if info, err := os.Stat(path); err == nil && !info.IsDir() {
				return path
			}
		}
	}
	path, _ := exec.LookPath(name)
	return path
}
