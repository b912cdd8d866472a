package main

import (
	"slices"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wave365/pkg/migration"
)

// whereabouts is the tenant that this process works on, for the commands that it prints: a command that is copied must not
// act on another one. Safe for concurrent use once the flags are read.
type whereabouts struct {
	// given are the flags of the command line that determine it; those of environment and configuration apply to the
	// next command too.
	given []*pflag.Flag
	// run is the recorded run whose tenant it is; nil: the flags determine it.
	run atomic.Pointer[migration.Run]
}

// placeFlags are the flags that determine the tenant and storage account, and how to sign in to them.
var placeFlags = []string{"sandbox", "config", "profile", "cloud", "tenant", "sign-in", "client-id", "storage-account", "blob-endpoint"}

// take records the flags of the command line, before environment and configuration set others.
func (w *whereabouts) take(cmd *cobra.Command) {
	for _, name := range placeFlags {
		if f := cmd.Flags().Lookup(name); f != nil && f.Changed {
			w.given = append(w.given, f)
		}
	}
}

// is records that the command works on the tenant of a recorded run.
func (w *whereabouts) is(r migration.Run) {
	if w != nil {
		w.run.Store(&r)
	}
}

// flags returns the flags that printed commands need; nil for the zero value.
func (w *whereabouts) flags() []string {
	if w == nil {
		return nil
	}
	var out []string
	if r := w.run.Load(); r != nil {
		out = placeFlagsOf(*r)
	}
	for _, f := range w.given {
		name := "--" + f.Name
		known := slices.ContainsFunc(out, func(o string) bool { return strings.HasPrefix(o, name+"=") })
		if !known && f.Value.String() != besideWave {
			out = append(out, name+"="+f.Value.String())
		}
	}
	return out
}

// placeFlagsOf returns the flags with which a command works on the tenant of a recorded run.
func placeFlagsOf(r migration.Run) []string {
	if r.Sandbox != "" {
		return []string{"--sandbox=" + r.Sandbox}
	}
	out := []string{"--tenant=" + r.Tenant}
	if r.Cloud != "" && r.Cloud != "global" {
		out = append(out, "--cloud="+r.Cloud)
	}
	return out
}
