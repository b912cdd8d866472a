// Package examine reads from hosts and tenant what pkg/preflight/doctor judges. It changes nothing.
package examine

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"wave365/pkg/blob"
	"wave365/pkg/blob/bloburl"
	"wave365/pkg/cloud"
	"wave365/pkg/cloud/clouds"
	"wave365/pkg/cloud/contact"
	"wave365/pkg/cloud/signin"
	"wave365/pkg/graph"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
	"wave365/pkg/preflight/doctor"
	"wave365/pkg/preflight/rules"
)

// Hosts checks whether each host of a cloud responds, and that of the storage account, given by its name or its endpoint; either
// may be empty.
func Hosts(ctx context.Context, cloud, account, endpoint string) []doctor.Line {
	known, err := clouds.Lookup(cloud)
	if err != nil {
		return nil
	}
	roots := []string{known.Login, known.GraphRoot}
	switch {
	case endpoint != "":
		roots = append(roots, clouds.Host(endpoint))
	case account != "":
		roots = append(roots, "https://"+account+"."+known.BlobSuffix)
	}
	var lines []doctor.Line
	var off time.Duration
	answered := false
	for _, root := range roots {
		u, err := url.Parse(root)
		if err != nil {
			continue
		}
		took, of, err := contact.Reach(ctx, root)
		lines = append(lines, doctor.Reach(u.Host, took, err))
		if err == nil {
			answered, off = true, of
		}
	}
	if answered {
		lines = append(lines, doctor.Clock(off))
	}
	return lines
}

// Signed are the services of a tenant, signed in to.
type Signed struct {
	Graph *graph.Client
	// Storage is nil when no account is named.
	Storage  *blob.Client
	BlobRoot string
	Cred     azcore.TokenCredential
	Clock    cloud.Clock
	// GraphRoot is what the sign-in is for; Method and Tenant are as the flags name them.
	GraphRoot, Method, Tenant string
	Rehearsal                 bool
	// Ledger is the path of the ledger, which need not be there; Zone is that of times in its faults.
	Ledger string
	Zone   *time.Location
}

// Service checks sign-in, permissions, storage and what earlier runs left in the tenant.
func Service(ctx context.Context, s Signed) []doctor.Line {
	t := s.Graph
	org, orgErr := t.Organization(ctx)
	who := doctor.Identity{Method: s.Method}
	if who.Method == "" {
		who.Method = "the default sign-in"
	}
	if token, err := s.Cred.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{s.GraphRoot + "/.default"}}); err == nil {
		id := signin.IdentityOf(token.Token)
		who.App, who.AppName, who.User, who.Tenant, who.Expires, who.Granted = id.App, id.AppName, id.User, id.Tenant, token.ExpiresOn, id.Granted
	}
	if s.Rehearsal {
		who.Method, who.Rehearsal = "the sandbox's own sign-in", true
	}
	name := strings.TrimSpace(org.DisplayName + " (" + org.ID + ")")
	if orgErr != nil {
		name = who.Tenant
	}
	lines := doctor.SignIn(who, s.Tenant, orgErr == nil && org.Is(s.Tenant) || strings.EqualFold(who.Tenant, s.Tenant), name, nil)
	_, pcErr := t.CloudPCs(ctx, "status eq 'failed'")
	settings, settingErr := t.UserSettings(ctx)
	_, skuErr := t.SubscribedSKUs(ctx)
	_, auditErr := t.AuditEvents(ctx, "activityDateTime ge "+s.Clock.Now().Add(-time.Hour).UTC().Format(time.RFC3339))
	_, groupErr := t.GroupsNamed(ctx, "wave365")
	_, userErr := t.UsersNamed(ctx, "wave365")
	lines = append(lines, doctor.Permissions(Needs(Tries{orgErr, pcErr, auditErr, skuErr, userErr, groupErr}), who)...)
	lines = append(lines, doctor.StorageLines(storage(ctx, s))...)
	return append(lines, left(ctx, s, snapshotSettings(settings), settingErr)...)
}

// Tries holds the results of reading each kind of object in the tenant.
type Tries struct {
	Organization, CloudPCs, Audit, Licenses, Users, Groups error
}

// Needs returns the permissions that a wave needs.
func Needs(t Tries) []doctor.Need {
	list := []doctor.Need{
		{Permission: "Organization.Read.All", Purpose: "the tenant's name", Tried: true, Err: t.Organization},
		{Permission: "CloudPC.Read.All", Purpose: "Cloud PCs", Tried: true, Err: t.CloudPCs},
		{Permission: "CloudPC.Read.All", Purpose: "the Windows 365 audit log, which shows imports whose answer was lost, and purges", Tried: true, Err: t.Audit},
		{Permission: "LicenseAssignment.Read.All", Purpose: "the tenant's licenses", Tried: true, Err: t.Licenses},
		{Permission: "User.Read.All", Purpose: "users", Tried: true, Err: t.Users},
		{Permission: "GroupMember.Read.All", Purpose: "groups", Tried: true, Err: t.Groups},
	}
	for _, w := range rules.Writes() {
		list = append(list, doctor.Need{Permission: w.Permission, Purpose: w.Purpose, Also: w.Also, Optional: w.License || w.Optional})
	}
	return list
}

// storage requests a container that need not exist, and a key for signatures that is not used.
func storage(ctx context.Context, at Signed) doctor.Storage {
	s := doctor.Storage{Account: at.BlobRoot}
	if at.Storage == nil {
		s.Account = ""
		return s
	}
	_, s.Read = at.Storage.List(ctx, "wave365-doctor", "none")
	ref, err := bloburl.Parse("wave365-doctor/none.vhd", at.BlobRoot)
	if err == nil {
		_, err = at.Storage.SignRead(ctx, ref, time.Time{}, at.Clock.Now().Add(time.Hour))
	}
	s.Sign = err
	return s
}

// snapshotSettings returns the user settings that look like ours and build from snapshots.
func snapshotSettings(settings []graph.UserSetting) []graph.UserSetting {
	return slices.DeleteFunc(slices.Clone(settings), func(s graph.UserSetting) bool {
		return !strings.HasPrefix(s.DisplayName, playbook.SettingName(migration.Run{})) || !strings.EqualFold(s.ProvisioningSourceType, "snapshot") || len(s.GroupIDs) == 0
	})
}

// needed returns the run of the ledger that a snapshot setting belongs to, by its name, or by its groups if `setting ensure`
// made it for a wave; and whether it is still needed: the run is in progress, or has not begun.
func needed(ctx context.Context, l *ledger.Ledger, runs []migration.Run, s graph.UserSetting) (run string, still bool, err error) {
	for _, r := range runs {
		if playbook.SettingName(r) == s.DisplayName {
			return r.ID, r.State == migration.RunActive, nil
		}
	}
	made, err := l.Writes(ctx, migration.WriteFilter{Target: s.ID})
	if err != nil {
		return "", false, err
	}
	i := slices.IndexFunc(made, func(w migration.Write) bool {
		return w.Command != migration.CommandRun && w.Outcome != nil && w.Outcome.Status.Happened()
	})
	if i < 0 {
		return "", false, nil
	}
	for _, r := range runs { // the newest first
		if r.CreatedAt.Before(made[i].At) {
			continue
		}
		rows, err := l.Rows(ctx, r.ID)
		if err != nil {
			return "", false, err
		}
		if slices.ContainsFunc(rows, func(row migration.Row) bool {
			return slices.ContainsFunc(s.GroupIDs, func(g string) bool { return strings.EqualFold(g, row.Target.GroupID) })
		}) {
			return r.ID, r.State == migration.RunActive, nil
		}
	}
	return "", true, nil
}

// left compares what is left over with the runs of the ledger, and counts the day's imports.
func left(ctx context.Context, at Signed, settings []graph.UserSetting, settingErr error) []doctor.Line {
	l, err := ledger.Open(ctx, at.Ledger, ledger.Options{ReadOnly: true, Zone: at.Zone})
	if err != nil {
		var left []doctor.Setting
		for _, s := range settings {
			left = append(left, doctor.Setting{Name: s.DisplayName})
		}
		return doctor.Leftovers(left, settingErr)
	}
	defer func() { _ = l.Close() }()
	var lines []doctor.Line
	if n, err := l.ImportsSince(ctx, at.Clock.Now().Add(-24*time.Hour)); err == nil {
		lines = append(lines, doctor.Imports(n))
	}
	runs, err := l.Runs(ctx)
	if err != nil {
		return lines
	}
	var left []doctor.Setting
	for _, s := range settings {
		of, still, err := needed(ctx, l, runs, s)
		if err != nil {
			return lines
		}
		if !still {
			left = append(left, doctor.Setting{Name: s.DisplayName, Run: of})
		}
	}
	return append(lines, doctor.Leftovers(left, settingErr)...)
}
