package main

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/ledger"
	"wave365/pkg/run"
	"wave365/pkg/sandbox/loopback"
	"wave365/pkg/tenantcare"
)

// tenantPlace returns the place of a command that acts on the tenant and not on a wave. A scenario file is served from
// its own folder next to the ledger, so that the next command finds what this one changed.
func (g *globals) tenantPlace() (place, error) {
	p := place{sandbox: g.sandbox, speed: g.speed, tenantOnly: true}
	switch {
	case p.sandbox == besideWave:
		return p, usageError{fault.New(fault.Invalid, "usage", "--sandbox alone means the scenario beside a wave, and this command takes no wave",
			"name the scenario with --sandbox=FILE, or a sandbox that is already running with --sandbox=URL")}
	case p.sandbox != "" && !loopback.IsURL(p.sandbox):
		p.stateDir = filepath.Join(g.localFolder(), "sandbox", "tenant-"+filepath.Base(p.sandbox))
	}
	return p, nil
}

// withTenant runs a command that only acts on the tenant. The first Ctrl-C ends it.
func (a *app) withTenant(ctx context.Context, g *globals, do func(ctx context.Context, conn *connection) error) error {
	p, err := g.tenantPlace()
	if err != nil {
		return err
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	conn, err := a.connect(ctx, g, p)
	if err != nil {
		return err
	}
	defer conn.close()
	return do(ctx, conn)
}

// onTenant is withTenant as a command's code.
func (a *app) onTenant(g *globals, do func(ctx context.Context, conn *connection, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		return a.withTenant(cmd.Context(), g, func(ctx context.Context, conn *connection) error { return do(ctx, conn, args) })
	}
}

// family returns a command that only has subcommands.
func family(name, short string, below ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: name, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(below...)
	return cmd
}

// groupNames reads the names of groups; a group that cannot be read keeps its id.
func groupNames(ctx context.Context, conn *connection, ids []string) (func(id string) string, error) {
	names := map[string]string{}
	answers, err := conn.graph.Groups(ctx, ids)
	if err != nil && !fault.Is(err, fault.Denied) {
		return nil, err
	}
	for i, a := range answers {
		if a.Err == nil && a.Group.DisplayName != "" {
			names[strings.ToLower(ids[i])] = a.Group.DisplayName
		}
	}
	return func(id string) string {
		if n := names[strings.ToLower(id)]; n != "" {
			return n
		}
		return id
	}, nil
}

// distinctIDs returns the groups of many objects, each once.
func distinctIDs[T any](all []T, ids func(T) []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, one := range all {
		for _, id := range ids(one) {
			if key := strings.ToLower(id); !seen[key] {
				seen[key] = true
				out = append(out, id)
			}
		}
	}
	return out
}

func groupsOfPolicy(p graph.ProvisioningPolicy) []string { return p.GroupIDs }
func groupsOfSetting(s graph.UserSetting) []string       { return s.GroupIDs }

// withWriter opens the ledger, takes its lock, and passes to do what writes to the tenant for one command.
func (a *app) withWriter(ctx context.Context, g *globals, conn *connection, command string, do func(tenantcare.Writer) error) error {
	l, err := ledger.Open(ctx, g.ledger, ledger.Options{Now: conn.clock.Now, Zone: a.zone})
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	tenant, err := conn.tenantID(ctx)
	if err != nil {
		return err
	}
	driver := run.ThisProcess(version)
	release, err := l.Lock(ctx, driver.Holder("", time.Now())) // the machine's time, also on a sandbox: it is about a process
	if err != nil {
		return err
	}
	defer func() { _ = release() }()
	return do(tenantcare.Writer{Journal: l, Clock: conn.clock, Command: command, By: driver.String(), Tenant: tenant})
}
