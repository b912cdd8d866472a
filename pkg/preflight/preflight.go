// Package preflight says whether a wave is safe on a tenant: findings for every row, all at once, from the storage
// account and the tenant, before anything changes. It only reads. Each family of checks has a file of its own; the
// rules take what was read and give findings, the reading is done once for the whole wave. It is not for the file's
// own syntax (pkg/wave) and not for acting on anything.
package preflight

import (
	"context"
	"sort"
	"strings"
	"time"

	"wave365/pkg/blob"
	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/wave"
)

// Directory is what is read of people, groups and licenses.
type Directory interface {
	Users(ctx context.Context, idsOrUPNs []string) ([]graph.UserAnswer, error)
	LicenseDetailsOf(ctx context.Context, userIDs []string) ([]graph.LicenseAnswer, error)
	SubscribedSKUs(ctx context.Context) ([]graph.SKU, error)
	Organization(ctx context.Context) (graph.Organization, error)
}

// Groups is what is read of groups.
type Groups interface {
	Groups(ctx context.Context, ids []string) ([]graph.GroupAnswer, error)
	GroupMembers(ctx context.Context, groupID string) ([]graph.Member, error)
}

// Endpoint is what is read of Windows 365.
type Endpoint interface {
	ProvisioningPolicies(ctx context.Context) ([]graph.ProvisioningPolicy, error)
	UserSettings(ctx context.Context) ([]graph.UserSetting, error)
	ServicePlans(ctx context.Context) ([]graph.ServicePlan, error)
	CloudPCs(ctx context.Context, filter string) ([]graph.CloudPC, error)
}

// Networks is what is read of images and network connections.
type Networks interface {
	OnPremisesConnections(ctx context.Context) ([]graph.OnPremisesConnection, error)
	GalleryImages(ctx context.Context) ([]graph.GalleryImage, error)
}

// Tenant is all that is read of the tenant; *graph.Client is one.
type Tenant interface {
	Directory
	Groups
	Endpoint
	Networks
}

// Storage is what is read of the storage account; *blob.Client is one.
type Storage interface {
	Properties(ctx context.Context, r blob.Ref) (blob.Properties, error)
	Read(ctx context.Context, r blob.Ref, offset, count int64) ([]byte, error)
}

// Input is what to check against what.
type Input struct {
	File *wave.File
	// Findings are those of the file; rows with errors are still checked as far as they can be.
	Findings []wave.Finding
	// BlobRoot is the storage account's endpoint, which completes bare paths.
	BlobRoot string
	// Trigger is "license" or "membership" to say for every row which link is closed last; empty: the license where
	// the row names one, else the membership.
	Trigger migration.Trigger
	// OpenUsers maps object ids (lower case) to the unfinished run of this ledger that holds the user.
	OpenUsers map[string]string
	// LiveImports maps object ids (lower case) to snapshot ids that this ledger knows to exist; may be nil.
	LiveImports map[string]string
	// Slots is how many imports will be in flight, for the forecast of when a row's signature is needed.
	Slots int
	Now   time.Time
	// Progress, when not nil, is called as blobs and people are read: done of total. Not concurrently.
	Progress func(what string, done, total int)
}

// Result is what validation found.
type Result struct {
	Organization graph.Organization
	// Findings holds the file's and ours, in order of line, errors first within a line.
	Findings []wave.Finding
	// Targets has one entry per row of the file, in its order, with what could be resolved.
	Targets []migration.Target
	// Bad says for each row whether an error finding keeps it from running.
	Bad []bool
}

// Errors counts findings by severity.
func (r Result) Count(s wave.Severity) int {
	n := 0
	for _, f := range r.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// Whole reports whether an error concerns the wave as a whole rather than rows that could be left out.
func (r Result) Whole() bool {
	of := map[int]bool{}
	for _, t := range r.Targets {
		of[t.Line] = true
	}
	for _, f := range r.Findings {
		if f.Severity == wave.Error && !of[f.Line] {
			return true
		}
	}
	return false
}

// Denied reports whether a permission or tenant prerequisite is missing, rather than a row being wrong.
func (r Result) Denied() bool {
	for _, f := range r.Findings {
		if f.Code == "permission.missing" || f.Code == "cloud.unsupported" {
			return true
		}
	}
	return false
}

// Check validates the wave. The error is for the check as a whole (no sign-in, no network, stopped); everything that
// is wrong with the wave, the storage account or the tenant is a finding.
func Check(ctx context.Context, t Tenant, s Storage, in Input) (Result, error) {
	c := &check{in: in, tenant: t, storage: s, rows: make([]row, len(in.File.Rows))}
	for i, r := range in.File.Rows {
		c.rows[i] = row{Row: r, target: migration.Target{
			Line: r.Line, User: r.User, Priority: r.Priority,
			// People paste links anywhere: a signature in a note is as secret as one in its column.
			Department: cloud.RedactString(r.Department), Notify: cloud.RedactString(r.Notify), Notes: cloud.RedactString(r.Notes),
		}}
	}
	for _, family := range []func(*check, context.Context) error{
		(*check).readTenant, (*check).people, (*check).policies, (*check).groups, (*check).settings, (*check).networks,
		(*check).licenses, (*check).existing, (*check).disks, (*check).sizes, (*check).seats,
	} {
		if err := family(c, ctx); err != nil {
			return Result{}, err
		}
		if ctx.Err() != nil {
			return Result{}, fault.Wrap(fault.Interrupted, "", "stopped while validating", "nothing was changed", ctx.Err())
		}
	}
	return c.result(), nil
}

// check is one validation under way.
type check struct {
	in      Input
	tenant  Tenant
	storage Storage
	facts   facts
	rows    []row
	found   []wave.Finding
}

// row is a row with what has been resolved of it.
type row struct {
	wave.Row
	target migration.Target
	user   *graph.User
	plans  []graph.License
	policy *graph.ProvisioningPolicy
	member bool
}

// facts is what was read once for the whole wave. A nil list was not readable; a finding says so.
type facts struct {
	org      graph.Organization
	policies []graph.ProvisioningPolicy
	settings []graph.UserSetting
	plans    []graph.ServicePlan
	skus     []graph.SKU
	pcs      []graph.CloudPC
	groups   map[string]graph.Group
	members  map[string]map[string]graph.Member // group id → user id, both lower case
}

// flag adds a finding about a row's column.
func (c *check) flag(code string, r *row, column, value, message string) {
	c.found = append(c.found, wave.NewFinding(code, r.Line, column, r.User, wave.RedactSAS(value), message))
}

// flagWave adds a finding about the wave as a whole.
func (c *check) flagWave(code, value, message string) {
	c.found = append(c.found, wave.NewFinding(code, 0, "", "", value, message))
}

func (c *check) progress(what string, done, total int) {
	if c.in.Progress != nil {
		c.in.Progress(what, done, total)
	}
}

func (c *check) result() Result {
	res := Result{Organization: c.facts.org, Bad: make([]bool, len(c.rows)), Targets: make([]migration.Target, len(c.rows))}
	res.Findings = append(append(res.Findings, c.in.Findings...), c.found...)
	sort.SliceStable(res.Findings, func(i, j int) bool {
		a, b := res.Findings[i], res.Findings[j]
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Severity == wave.Error && b.Severity != wave.Error
	})
	wrong := map[int]bool{}
	for _, f := range res.Findings {
		if f.Severity == wave.Error {
			wrong[f.Line] = true
		}
	}
	for i := range c.rows {
		res.Targets[i] = c.rows[i].target
		res.Bad[i] = wrong[c.rows[i].Line]
	}
	return res
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
