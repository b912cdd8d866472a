package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/listing"
	"wave365/pkg/tenantcare/policies"
	"wave365/pkg/tenantcare/policyfile"
	"wave365/pkg/wave"
)

// applying holds the flags of policy apply.
type applying struct{ files, remove []string }

func newPolicyApplyCommand(a *app, g *globals) *cobra.Command {
	var o applying
	cmd := &cobra.Command{
		Use: "apply -f FILE", Short: "Create provisioning policies from files, or change what differs", Args: cobra.NoArgs,
		Long: `Create provisioning policies from YAML files, or change what differs from them. Properties have Graph's own names;
` + "`wave365 policy export`" + ` writes such a file. Groups, network connections and the image may be named by name.

The rules are checked before anything is sent, each with its line. Then the difference is shown, for confirmation. What the
file does not name is left as it is: a group that the policy is assigned to stays, because taking it away starts the
grace period of its users' Cloud PCs; --remove-group names one to remove. What was written is read back.

Exit codes: 0 applied, 2 a file has errors, 5 permission missing, 6 the tenant already matches the files.`,
		Example: "  wave365 policy apply -f waves/finance.policy.yaml",
		RunE:    a.onTenant(g, func(ctx context.Context, conn *connection, _ []string) error { return a.policyApply(ctx, g, conn, o) }),
	}
	cmd.Flags().StringArrayVarP(&o.files, "file", "f", nil, "the policy's file; can be given more than once")
	cmd.Flags().StringArrayVar(&o.remove, "remove-group", nil, "a group, by name or id, to take the policy away from")
	_ = cmd.MarkFlagRequired("file")
	return cmd
}

// appliedPolicy is one policy of the answer of `policy apply` with --json.
type appliedPolicy struct {
	File     string               `json:"file"`
	Name     string               `json:"name"`
	ID       string               `json:"id"`
	New      bool                 `json:"new"`
	Changes  []policyfile.Change  `json:"changes"`
	Added    []string             `json:"groups_added"`
	Removed  []string             `json:"groups_removed"`
	Kept     []string             `json:"groups_kept"`
	Notes    []string             `json:"notes,omitempty"`
	Problems []policyfile.Problem `json:"problems,omitempty"`
}

type policyApplyDocument struct {
	Schema   string          `json:"schema"`
	Policies []appliedPolicy `json:"policies"`
	ExitCode int             `json:"exit_code"`
}

func (a *app) policyApply(ctx context.Context, g *globals, conn *connection, o applying) error {
	if len(o.remove) > 0 && len(o.files) > 1 {
		return usageError{fault.New(fault.Invalid, "usage", "--remove-group can only be used with a single file", "apply the files one by one")}
	}
	if err := a.settlePolicies(ctx, g, conn); err != nil {
		return err
	}
	plans, doc, err := a.policyPlans(ctx, g, conn, o)
	if err != nil {
		return err
	}
	todo := 0
	for _, p := range plans {
		if !p.Nothing() {
			todo++
		}
	}
	if todo == 0 {
		return nothing("the tenant already matches "+strings.Join(o.files, ", ")+": nothing to do", "")
	}
	if err := a.ask(ctx, g, "Apply? "+consequence(g.sandbox)); err != nil {
		return err
	}
	return a.withWriter(ctx, g, conn, "policy apply", func(w tenantcare.Writer) error {
		for i, p := range plans {
			if p.Nothing() {
				continue
			}
			now, err := policies.Apply(ctx, w, conn.graph, p)
			if err != nil {
				return err
			}
			doc.Policies[i].ID = now.ID
			done := "changed"
			if p.New() {
				done = "created"
			}
			a.say(g, "Policy %s %s, and read back: %s", now.DisplayName, done, now.ID)
		}
		return a.said(g, doc)
	})
}

// settlePolicies finds out what became of the writes of an earlier policy apply to this tenant's policies. One that was to make
// a policy and does not show is settled when its file is applied.
func (a *app) settlePolicies(ctx context.Context, g *globals, conn *connection) error {
	return a.settleEarlier(ctx, g, conn, "policy apply", func(ctx context.Context, w migration.Write) (bool, error) {
		all, err := conn.graph.ProvisioningPolicies(ctx)
		return slices.ContainsFunc(all, func(p graph.ProvisioningPolicy) bool {
			return strings.EqualFold(p.ID, w.Target) || w.Effect == tenantcare.PolicyCreate && wave.UserKey(p.DisplayName) == wave.UserKey(w.Target)
		}), err
	})
}

// policyPlans reads the files and the tenant, and prints what is wrong, or what would change.
func (a *app) policyPlans(ctx context.Context, g *globals, conn *connection, o applying) ([]policies.Plan, policyApplyDocument, error) {
	doc := policyApplyDocument{Schema: "wave365/policy-apply/v1"}
	var plans []policies.Plan
	bad := false
	for _, path := range o.files {
		data, err := run.ReadFile(path, maxDescription)
		if err != nil {
			return nil, doc, fault.Wrap(fault.Invalid, "policy.file", "the policy file "+path+" cannot be read: "+err.Error(), "check the path", err)
		}
		file, problems := policyfile.Parse(data)
		var p policies.Plan
		if len(problems) == 0 {
			if p, problems, err = policies.Look(ctx, conn.graph, file, o.remove); err != nil {
				return nil, doc, err
			}
		}
		plans, bad = append(plans, p), bad || len(problems) > 0
		doc.Policies = append(doc.Policies, describePlan(path, file, p, problems))
		if !g.json {
			a.printPolicyPlan(doc.Policies[len(doc.Policies)-1], p, problems)
		}
	}
	if !bad {
		return plans, doc, nil
	}
	doc.ExitCode = exitUsage
	if g.json {
		console.JSON(a.out, doc)
	}
	fmt.Fprintln(a.err, "wave365: nothing was changed: correct the files first")
	return nil, doc, exit(exitUsage)
}

func describePlan(path string, file *policyfile.File, p policies.Plan, problems []policyfile.Problem) appliedPolicy {
	out := appliedPolicy{File: path, ID: p.Have.ID, Changes: p.Changes, Problems: problems,
		Added: listing.Names(p.Groups.Add, p.Name), Removed: listing.Names(p.Groups.Remove, p.Name), Kept: listing.Names(p.Groups.Stay, p.Name)}
	if out.Changes == nil {
		out.Changes = []policyfile.Change{}
	}
	if file != nil {
		out.Name, out.Notes = file.Policy.DisplayName, file.Notes
		out.New = len(problems) == 0 && p.New()
	}
	return out
}

// printPolicyPlan shows one file's problems, or its difference to the tenant.
func (a *app) printPolicyPlan(d appliedPolicy, p policies.Plan, problems []policyfile.Problem) {
	say := func(lead string, parts ...string) { console.Say(a.err, lead, strings.Join(parts, "")) }
	for _, pr := range problems {
		where := d.File
		if pr.Line > 0 {
			where = fmt.Sprintf("%s:%d", d.File, pr.Line)
		}
		say("", where, ": ", pr.Message)
		if pr.Hint != "" {
			say("  remedy:  ", pr.Hint)
		}
	}
	if len(problems) > 0 {
		return
	}
	switch {
	case p.Nothing():
		say("", d.File, ": policy ", d.Name, " matches the file")
		return
	case p.New():
		say("", d.File, ": policy ", d.Name, " is new")
	default:
		say("", d.File, ": policy ", d.Name, " differs")
	}
	for _, c := range d.Changes {
		switch {
		case c.Have == "":
			say("  + ", c.Property, ": ", c.Want)
		case c.Want == "":
			say("  - ", c.Property, ": ", c.Have)
		default:
			say("  ~ ", c.Property, ": ", c.Have, " -> ", c.Want)
		}
	}
	for _, n := range d.Added {
		say("  + ", "group ", n)
	}
	for _, n := range d.Removed {
		say("  - ", "group ", n, ": the grace period of its users' Cloud PCs begins")
	}
	for _, n := range d.Kept {
		say("    ", "group ", n, " stays, though the file does not name it")
	}
	for _, n := range d.Notes {
		say("  note: ", n)
	}
}
