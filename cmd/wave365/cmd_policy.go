package main

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/listing"
	"wave365/pkg/tenantcare/policyfile"
)

func newPolicyCommand(a *app, g *globals) *cobra.Command {
	return family("policy", "Provisioning policies, as YAML files", newPolicyListCommand(a, g), newPolicyShowCommand(a, g), newPolicyExportCommand(a, g), newPolicyApplyCommand(a, g))
}

func newPolicyListCommand(a *app, g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the provisioning policies: type, network, image, groups", Args: cobra.NoArgs,
		RunE: a.onTenant(g, func(ctx context.Context, conn *connection, _ []string) error { return a.policyList(ctx, g, conn) }),
	}
}

func (a *app) policyList(ctx context.Context, g *globals, conn *connection) error {
	all, err := conn.graph.ProvisioningPolicies(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return nothing("this tenant has no provisioning policy", "policy apply makes one", fault.NewCommand("policy apply", "--file=FILE"))
	}
	name, err := policyNames(ctx, conn, all)
	if err != nil {
		return err
	}
	list := []listing.Policy{}
	for _, p := range all {
		list = append(list, listing.ShownPolicy(p, name))
	}
	doc := struct {
		Schema   string           `json:"schema"`
		Policies []listing.Policy `json:"policies"`
	}{"wave365/policy-list/v1", list}
	return answerList(a, g, doc, list, "POLICY\tTYPE\tJOIN\tIMAGE\tGROUPS\tID", func(p listing.Policy) []string {
		return []string{p.Name, p.Type, strings.Join(p.Joins, "; "), p.Image, strings.Join(p.Groups, ", "), p.ID}
	})
}

// policyNames names the groups and networks of policies.
func policyNames(ctx context.Context, conn *connection, all []graph.ProvisioningPolicy) (func(id string) string, error) {
	groups, err := groupNames(ctx, conn, distinctIDs(all, groupsOfPolicy))
	if err != nil {
		return nil, err
	}
	networks, err := conn.graph.OnPremisesConnections(ctx)
	if err != nil {
		return nil, err
	}
	return func(id string) string {
		for _, n := range networks {
			if strings.EqualFold(n.ID, id) {
				return n.DisplayName
			}
		}
		return groups(id)
	}, nil
}

// onePolicy finds the policy with that name or id.
func onePolicy(ctx context.Context, conn *connection, cell string) (graph.ProvisioningPolicy, error) {
	all, err := conn.graph.ProvisioningPolicies(ctx)
	if err != nil {
		return graph.ProvisioningPolicy{}, err
	}
	return pickPolicy(cell, all)
}

func pickPolicy(cell string, all []graph.ProvisioningPolicy) (graph.ProvisioningPolicy, error) {
	return tenantcare.Pick("provisioning policy", "policy", cell, all, func(p graph.ProvisioningPolicy) tenantcare.Named {
		return tenantcare.Named{ID: p.ID, Name: p.DisplayName}
	})
}

// policyAndNames is onePolicy with the names of its groups and networks.
func policyAndNames(ctx context.Context, conn *connection, cell string) (p graph.ProvisioningPolicy, name func(id string) string, err error) {
	if p, err = onePolicy(ctx, conn, cell); err == nil {
		name, err = policyNames(ctx, conn, []graph.ProvisioningPolicy{p})
	}
	return p, name, err
}

func newPolicyShowCommand(a *app, g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "show NAME|ID", Short: "Show one provisioning policy with all its properties", Args: cobra.ExactArgs(1),
		RunE: a.onTenant(g, func(ctx context.Context, conn *connection, args []string) error {
			return a.policyShow(ctx, g, conn, args[0])
		}),
	}
}

func (a *app) policyShow(ctx context.Context, g *globals, conn *connection, cell string) error {
	p, name, err := policyAndNames(ctx, conn, cell)
	if err != nil {
		return err
	}
	properties := policyfile.Properties(p)
	if g.json {
		return a.answer(struct {
			Schema     string            `json:"schema"`
			Policy     listing.Policy    `json:"policy"`
			Properties map[string]string `json:"properties"`
		}{"wave365/policy-show/v1", listing.ShownPolicy(p, name), mapOf(properties)})
	}
	pairs := []string{"id", p.ID}
	pairs = append(pairs, properties...)
	pairs = append(pairs, "groups", strings.Join(listing.Names(p.GroupIDs, name), ", "), "managed by", p.ManagedBy, "grace period", hours(p.GracePeriodHours), "changed", a.when(p.LastModified))
	console.Details(a.out, pairs...)
	return nil
}

func mapOf(pairs []string) map[string]string {
	m := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

func newPolicyExportCommand(a *app, g *globals) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "export NAME|ID", Short: "Write a provisioning policy as a YAML file that `policy apply` takes", Args: cobra.ExactArgs(1),
		Long:    "Write a provisioning policy as a YAML file, its groups and networks by name. Applied to the same tenant it changes nothing;\napplied to another one it makes the policy there.",
		Example: "  wave365 policy export \"W365 Finance\" --out finance.policy.yaml",
		RunE: a.onTenant(g, func(ctx context.Context, conn *connection, args []string) error {
			return a.policyExport(ctx, g, conn, args[0], out)
		}),
	}
	cmd.Flags().StringVar(&out, "out", "", "write it to this file, which must not exist yet")
	return cmd
}

func (a *app) policyExport(ctx context.Context, g *globals, conn *connection, cell, out string) error {
	p, name, err := policyAndNames(ctx, conn, cell)
	if err != nil {
		return err
	}
	text, err := policyfile.Export(p, name)
	if err != nil {
		return err
	}
	if out != "" {
		if err := writeNew(filepath.Dir(out), map[string][]byte{out: text}); err != nil {
			return err
		}
	}
	switch {
	case g.json:
		console.JSON(a.out, map[string]string{"schema": "wave365/policy-export/v1", "file": out, "yaml": string(text)})
	case out != "":
		_, err = a.out.Write([]byte("Wrote " + out + ".\n"))
	default:
		_, err = a.out.Write(text)
	}
	return err
}
