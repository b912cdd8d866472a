package preflight

import (
	"context"

	"wave365/pkg/cloud/bound"
	"wave365/pkg/cloud/clouds"
	"wave365/pkg/cloud/contact"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
)

// Tenant is what validation reads of the tenant, grouped by subject; *graph.Client implements it.
type Tenant interface {
	// The tenant, its people and their licenses.
	Organization(ctx context.Context) (graph.Organization, error)
	Users(ctx context.Context, idsOrUPNs []string) ([]graph.UserAnswer, error)
	LicenseDetailsOf(ctx context.Context, userIDs []string) ([]graph.LicenseAnswer, error)
	SubscribedSKUs(ctx context.Context) ([]graph.SKU, error)

	// Groups.
	Groups(ctx context.Context, ids []string) ([]graph.GroupAnswer, error)
	GroupMembers(ctx context.Context, groupID string) ([]graph.Member, error)

	// Windows 365.
	ProvisioningPolicies(ctx context.Context) ([]graph.ProvisioningPolicy, error)
	UserSettings(ctx context.Context) ([]graph.UserSetting, error)
	ServicePlans(ctx context.Context) ([]graph.ServicePlan, error)
	CloudPCs(ctx context.Context, filter string) ([]graph.CloudPC, error)

	// Images and network connections.
	OnPremisesConnections(ctx context.Context) ([]graph.OnPremisesConnection, error)
	GalleryImages(ctx context.Context) ([]graph.GalleryImage, error)

	// Imported snapshots.
	ImportResults(ctx context.Context, ids []string) ([]graph.ImportAnswer, error)
	ListImports(ctx context.Context) ([]graph.Import, error)
}

// facts is what was read once for the whole wave.
type facts struct {
	org      graph.Organization
	policies []graph.ProvisioningPolicy
	settings []graph.UserSetting
	plans    []graph.ServicePlan
	skus     []graph.SKU
	pcs      []graph.CloudPC
	networks []graph.OnPremisesConnection
	images   []graph.GalleryImage
	// groups are by id, in lower case.
	groups map[string]graph.Group
	// unreadGroups are those whose existence is unknown, and why: by id in lower case.
	unreadGroups map[string]error
	// listings are by container. Containers that were not listed are not in there.
	listings map[string]*listing
	// unread are the readings that failed for lack of a permission; a finding reports that.
	unread map[string]bool
}

// What is read once. A rule that needs one of them is silent when it could not be read.
const (
	readOrganization = "the tenant"
	readPolicies     = "provisioning policies"
	readSettings     = "user settings"
	readPlans        = "service plans"
	readCloudPCs     = "Cloud PCs"
	readSKUs         = "the tenant's licenses"
	readNetworks     = "network connections"
	readImages       = "gallery images"
)

// cloudLimits reports what is known about the cloud before any call. It returns false where the service does not exist.
func (c *check) cloudLimits() bool {
	if c.in.Cloud == "" || c.in.Cloud == "sandbox" {
		return true
	}
	known, err := clouds.Lookup(c.in.Cloud)
	if err != nil {
		c.flagWave("cloud.unsupported", c.in.Cloud, err.Error())
		return false
	}
	c.cloud = known
	if known.Warning != "" {
		c.flagWave("cloud.limited", known.Name, known.Warning)
	}
	return true
}

// readTenant reads once what is the same for every row. A read that is refused becomes a finding that names the
// permission; the others continue, so that everything that is missing is known at once.
func (c *check) readTenant(ctx context.Context) error {
	f, t := &c.facts, c.tenant
	readings := []struct {
		what, permission string
		read             func(ctx context.Context) error
	}{
		{readOrganization, "Organization.Read.All", func(ctx context.Context) (err error) { f.org, err = t.Organization(ctx); return }},
		{readPolicies, "CloudPC.Read.All", func(ctx context.Context) (err error) { f.policies, err = t.ProvisioningPolicies(ctx); return }},
		{readSettings, "CloudPC.Read.All", func(ctx context.Context) (err error) { f.settings, err = t.UserSettings(ctx); return }},
		{readPlans, "CloudPC.Read.All", func(ctx context.Context) (err error) { f.plans, err = t.ServicePlans(ctx); return }},
		{readCloudPCs, "CloudPC.Read.All", func(ctx context.Context) (err error) { f.pcs, err = t.CloudPCs(ctx, ""); return }},
		{readNetworks, "CloudPC.Read.All", func(ctx context.Context) (err error) { f.networks, err = t.OnPremisesConnections(ctx); return }},
		{readImages, "CloudPC.Read.All", func(ctx context.Context) (err error) { f.images, err = t.GalleryImages(ctx); return }},
		{readSKUs, "LicenseAssignment.Read.All", func(ctx context.Context) (err error) { f.skus, err = t.SubscribedSKUs(ctx); return }},
	}
	f.unread = map[string]bool{}
	told := &tally{code: "cloud.unreadable", things: "lists of the tenant", total: len(readings)}
	for i, r := range readings {
		c.progress("tenant", i, len(readings))
		err := r.read(ctx)
		f.unread[r.what] = err != nil
		if err := c.unlisted(err, r.what, r.permission, told); err != nil {
			return err
		}
	}
	c.progress("tenant", len(readings), len(readings))
	return nil
}

// unlisted turns a list that could not be read into a finding about the wave: what depends on it was not checked. The
// error is one of the sign-in, of the network, or of a service that reads nothing.
func (c *check) unlisted(err error, what, permission string, told *tally) error {
	if denied(err) {
		return c.refused(err, what, permission)
	}
	if f := fault.As(err); f != nil && (f.Remote == nil || f.Remote.Status == 0) && f.Code != bound.CodeTooLarge {
		// No answer came: the next list is on the same host, and waits as long unless the others were answered.
		if told.read == 0 || told.silent || f.Kind == fault.Interrupted || f.Code == contact.CodeUnreachable {
			return err
		}
		told.silent = true
	}
	if end := told.add(err); end != nil {
		return end
	}
	if err != nil {
		c.flagWave("cloud.unreadable", what, what+" could not be read, so what depends on them is not checked: "+why(err))
	}
	return nil
}

// refused turns a missing permission into a finding and gives every other error back.
func (c *check) refused(err error, what, permission string) error {
	if err == nil {
		return nil
	}
	if !denied(err) || fault.As(err).Remote.Status == 401 {
		return err
	}
	c.lacks(permission, "to read "+what)
	return nil
}
