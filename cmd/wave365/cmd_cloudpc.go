package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/summary/wording"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/listing"
	"wave365/pkg/wave"
)

func newCloudPCCommand(a *app, g *globals) *cobra.Command {
	return family("cloudpc", "Cloud PCs of the tenant", newCloudPCListCommand(a, g), newCloudPCShowCommand(a, g))
}

// cloudPCFilter holds the flags of cloudpc list.
type cloudPCFilter struct {
	users                    []string
	policy, status, waveFile string
}

func newCloudPCListCommand(a *app, g *globals) *cobra.Command {
	var f cloudPCFilter
	cmd := &cobra.Command{
		Use: "list", Short: "List Cloud PCs, by user, policy, status or wave", Args: cobra.NoArgs,
		Example: "  wave365 cloudpc list --status inGracePeriod\n  wave365 cloudpc list --wave waves/friday.csv",
		RunE:    a.onTenant(g, func(ctx context.Context, conn *connection, _ []string) error { return a.cloudPCList(ctx, g, conn, f) }),
	}
	cmd.Flags().StringSliceVar(&f.users, "user", nil, "only of these users: UPN or object id")
	cmd.Flags().StringVar(&f.policy, "policy", "", "only of this provisioning policy: name or id")
	cmd.Flags().StringVar(&f.status, "status", "", "only with this status, such as provisioned, failed or inGracePeriod")
	cmd.Flags().StringVar(&f.waveFile, "wave", "", "only of the users of this wave file")
	return cmd
}

func (a *app) cloudPCList(ctx context.Context, g *globals, conn *connection, f cloudPCFilter) error {
	which, unknown, err := f.which(ctx, conn)
	if err != nil {
		return err
	}
	all, err := conn.graph.CloudPCs(ctx, "")
	if err == nil {
		err = f.known(ctx, conn, all, unknown)
	}
	if err != nil {
		return err
	}
	list := []listing.CloudPC{}
	for _, p := range listing.Select(all, which) {
		list = append(list, listing.Shown(p))
	}
	if len(list) == 0 {
		if len(all) == 0 {
			return nothing("this tenant has no Cloud PC", "")
		}
		return nothing("no Cloud PC matches, of "+wording.Count(len(all), "Cloud PC")+" in this tenant", "list all of them", fault.NewCommand("cloudpc list"))
	}
	doc := struct {
		Schema   string            `json:"schema"`
		CloudPCs []listing.CloudPC `json:"cloud_pcs"`
	}{"wave365/cloudpc-list/v1", list}
	return answerList(a, g, doc, list, "USER\tCLOUD PC\tSTATUS\tPOLICY\tPLAN\tPROVISIONED\tNOTE", func(p listing.CloudPC) []string {
		note := p.Reason
		if !p.GraceEnd.IsZero() {
			note = "grace period ends " + a.when(p.GraceEnd)
		}
		return []string{p.User, p.Name, p.Status, p.Policy, p.Plan, a.when(p.Provisioned), note}
	})
}

// which returns the selection of Cloud PCs; unknown are users who are not in the directory.
func (f cloudPCFilter) which(ctx context.Context, conn *connection) (which listing.Which, unknown []string, err error) {
	which = listing.Which{Users: f.users, Policy: f.policy, Status: f.status}
	if f.waveFile != "" {
		rows, err := waveRows(f.waveFile)
		if err != nil {
			return which, nil, err
		}
		if which.Users == nil {
			which.Users = []string{}
		}
		for _, r := range rows {
			which.Users = append(which.Users, r.User)
		}
	}
	if which.Users != nil {
		users, err := conn.graph.UsersTogether(ctx, which.Users)
		if err != nil {
			return which, nil, err
		}
		for i, u := range users {
			switch {
			case u.Err == nil:
				which.Users[i] = u.User.UPN
			case fault.Is(u.Err, fault.NotFound):
				unknown = append(unknown, which.Users[i])
			}
		}
	}
	return which, unknown, nil
}

// statuses are the documented statuses of a Cloud PC; others may occur.
var statuses = []string{graph.StatusNotProvisioned, graph.StatusProvisioning, graph.StatusProvisioned, graph.StatusInGracePeriod, graph.StatusDeprovisioning,
	graph.StatusFailed, graph.StatusProvisionedWithWarnings, "resizing", "restoring", graph.StatusPendingProvision, "movingRegion", "resizePendingLicense",
	"updatingSingleSignOn", "modifyingSingleSignOn", "refreshPolicyConfiguration", graph.StatusPreparing, "failoverInProgress", "failbackInProgress"}

// known refuses a filter with a name that does not exist: an empty answer would look like information about it. A Cloud PC
// outlives its policy and its user, so names that occur in a Cloud PC are accepted. unknown are users who are not in the
// directory.
func (f cloudPCFilter) known(ctx context.Context, conn *connection, all []graph.CloudPC, unknown []string) error {
	of := func(w listing.Which) bool { return len(listing.Select(all, w)) > 0 }
	isStatus := func(s string) bool { return strings.EqualFold(s, f.status) }
	if f.status != "" && !slices.ContainsFunc(statuses, isStatus) && !of(listing.Which{Status: f.status}) {
		hint := "use one of " + strings.Join(statuses, ", ")
		if near := wave.Nearest(f.status, statuses); near != "" {
			hint = "did you mean " + near + "?"
		}
		return usageError{fault.New(fault.Invalid, "usage", "invalid --status "+f.status, hint)}
	}
	for _, u := range unknown {
		if !of(listing.Which{Users: []string{u}}) {
			return fault.New(fault.NotFound, "user.not-found", "there is no user "+u+" in this tenant", "name the user by UPN or object id")
		}
	}
	if f.policy == "" || of(listing.Which{Policy: f.policy}) {
		return nil
	}
	_, err := onePolicy(ctx, conn, f.policy)
	return err
}

func newCloudPCShowCommand(a *app, g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "show USER|ID", Short: "Show the Cloud PCs of a user, or one by its id: grace period, last action, connectivity", Args: cobra.ExactArgs(1),
		RunE: a.onTenant(g, func(ctx context.Context, conn *connection, args []string) error {
			return a.cloudPCShow(ctx, g, conn, args[0])
		}),
	}
}

func (a *app) cloudPCShow(ctx context.Context, g *globals, conn *connection, name string) error {
	found, err := cloudPCsOf(ctx, conn, name)
	if err != nil {
		return err
	}
	list := []listing.CloudPC{}
	for _, p := range found {
		full, err := conn.graph.CloudPCDetails(ctx, p.ID)
		if err != nil {
			return err
		}
		list = append(list, listing.Shown(full))
	}
	if g.json {
		return a.answer(struct {
			Schema   string            `json:"schema"`
			CloudPCs []listing.CloudPC `json:"cloud_pcs"`
		}{"wave365/cloudpc-show/v1", list})
	}
	for i, p := range list {
		if i > 0 {
			_, _ = a.out.Write([]byte("\n"))
		}
		action := p.LastAction
		if action != "" {
			action += ", " + p.LastActionState + ", " + a.when(p.LastActionAt)
		}
		console.Details(a.out, "Cloud PC", p.Name, "id", p.ID, "user", p.User, "status", p.Status, "reason", p.Reason, "policy", p.Policy, "plan", p.Plan,
			"image of the policy", p.Image, "device", p.Device, "region", p.Region, "network", p.Network, "provisioned", a.when(p.Provisioned),
			"grace period ends", a.when(p.GraceEnd), "last action", action, "connectivity", p.Connectivity, "last log-off", a.when(p.LastLogoff))
	}
	return nil
}

// cloudPCsOf finds the Cloud PC with an id, or those of a user.
func cloudPCsOf(ctx context.Context, conn *connection, name string) ([]graph.CloudPC, error) {
	p, err := conn.graph.CloudPC(ctx, name)
	if err == nil {
		return []graph.CloudPC{p}, nil
	}
	if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Invalid) {
		return nil, err
	}
	u, err := findUser(ctx, conn, name)
	if err != nil {
		return nil, err
	}
	all, err := conn.graph.CloudPCsOf(ctx, []string{u.UPN})
	if err != nil {
		return nil, err
	}
	found := listing.Select(all, listing.Which{Users: []string{u.UPN}})
	if len(found) == 0 {
		return nil, nothing(u.UPN+" has no Cloud PC", "")
	}
	return found, nil
}

// findUser finds the one user with that UPN, object id, or display name if it is unique.
func findUser(ctx context.Context, conn *connection, name string) (graph.User, error) {
	return found(ctx, name, conn.graph.User, conn.graph.UsersNamed, tenantcare.OneUser)
}

// found returns the object with that id, or the one that one chooses of those with that name.
func found[T any](ctx context.Context, text string, byID func(context.Context, string) (T, error), named func(context.Context, string) ([]T, error), one func(string, []T) (T, error)) (T, error) {
	t, err := byID(ctx, text)
	if err == nil || !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Invalid) {
		return t, err
	}
	all, err := named(ctx, text)
	if err != nil {
		return t, err
	}
	return one(text, all)
}
