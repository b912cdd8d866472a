package preflight

import (
	"context"

	"wave365/pkg/fault"
)

// reading is one read of the tenant and the permission it needs.
type reading struct {
	what, permission string
	read             func(ctx context.Context) error
}

// readTenant reads once what is the same for every row. A read that is refused becomes a finding that names the
// permission; the others go on, so that all that is missing is known at once.
func (c *check) readTenant(ctx context.Context) error {
	f, t := &c.facts, c.tenant
	readings := []reading{
		{"the tenant", "Organization.Read.All", func(ctx context.Context) (err error) { f.org, err = t.Organization(ctx); return }},
		{"provisioning policies", "CloudPC.Read.All", func(ctx context.Context) (err error) { f.policies, err = t.ProvisioningPolicies(ctx); return }},
		{"user settings", "CloudPC.Read.All", func(ctx context.Context) (err error) { f.settings, err = t.UserSettings(ctx); return }},
		{"service plans", "CloudPC.Read.All", func(ctx context.Context) (err error) { f.plans, err = t.ServicePlans(ctx); return }},
		{"Cloud PCs", "CloudPC.Read.All", func(ctx context.Context) (err error) { f.pcs, err = t.CloudPCs(ctx, ""); return }},
		{"the tenant's licenses", "LicenseAssignment.Read.All", func(ctx context.Context) (err error) { f.skus, err = t.SubscribedSKUs(ctx); return }},
	}
	for i, r := range readings {
		c.progress("tenant", i, len(readings))
		if err := c.refused(r.read(ctx), r.what, r.permission); err != nil {
			return err
		}
	}
	c.progress("tenant", len(readings), len(readings))
	return nil
}

// refused turns a missing permission into a finding and gives every other error back.
func (c *check) refused(err error, what, permission string) error {
	if err == nil {
		return nil
	}
	f := fault.As(err)
	if !fault.Is(err, fault.Denied) || f.Remote == nil || f.Remote.Status == 401 {
		return err
	}
	for _, old := range c.found {
		if old.Code == "permission.missing" && old.Value == permission {
			return nil
		}
	}
	c.flagWave("permission.missing", permission, "not allowed to read "+what+": the sign-in lacks "+permission)
	return nil
}
