package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/blob/bloburl"
	"wave365/pkg/cloud/clouds"
	"wave365/pkg/cloud/contact"
	"wave365/pkg/cloud/signin"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/ledger"
	ledgerplace "wave365/pkg/ledger/place"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
	"wave365/pkg/preflight/doctor"
	"wave365/pkg/preflight/rules"
	"wave365/pkg/runner/awake"
)

func newDoctorCommand(a *app, g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Check sign-in, permissions, network, storage, clock and ledger before an evening", Args: cobra.NoArgs,
		Long: `Check what an evening needs: the network to each host, who signs in and into which tenant, each permission and how it
was proven, the storage account and whether links to disks can be signed, the clock, the ledger's disk, sleep, this terminal,
how many imports of the day are used, and snapshot settings that finished runs left behind. Changes nothing.

Exit codes: 0 nothing is bad, 5 a permission or prerequisite is missing, 12 the sign-in or the network failed.`,
		Example: "  wave365 doctor --storage-account contosovhds\n  wave365 doctor --sandbox=waves/friday.tenant.yaml",
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDoctor(cmd.Context(), a, g) },
	}
}

// doctorDocument is the answer of `doctor --json`.
type doctorDocument struct {
	Schema string        `json:"schema"`
	Worst  doctor.Grade  `json:"worst"`
	Lines  []doctor.Line `json:"lines"`
}

func runDoctor(ctx context.Context, a *app, g *globals) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	lines := a.examineMachine(ctx, g)
	tenant, err := a.examineTenant(ctx, g)
	if err != nil {
		return err
	}
	lines = append(lines, tenant...)
	worst := doctor.Worst(lines)
	if g.json {
		console.JSON(a.out, doctorDocument{"wave365/doctor/v1", worst, lines})
	} else {
		a.printDoctor(g, lines, worst)
	}
	if worst != doctor.Bad {
		return nil
	}
	for _, l := range lines {
		if l.Grade == doctor.Bad && (strings.HasPrefix(l.Code, "cloud.sign-in") || l.Code == contact.CodeUnreachable) {
			return exit(exitSignIn)
		}
	}
	return exit(exitDenied)
}

func (a *app) printDoctor(g *globals, lines []doctor.Line, worst doctor.Grade) {
	sh := g.shell("")
	mark := map[doctor.Grade]string{doctor.Good: "good     ", doctor.Warning: "warning  ", doctor.Bad: "bad      "}
	for _, l := range lines {
		console.Say(a.out, mark[l.Grade], l.Name+": "+l.Found)
		if !l.Remedy.Empty() {
			console.Say(a.out, "           remedy: ", sh.Remedy(l.Remedy))
		}
	}
	fmt.Fprintln(a.out, map[doctor.Grade]string{
		doctor.Good: "\nReady for the evening.", doctor.Warning: "\nReady for the evening; look at the warnings.", doctor.Bad: "\nNot ready: fix what is bad.",
	}[worst])
}

// examineMachine looks at what needs no network.
func (a *app) examineMachine(ctx context.Context, g *globals) []doctor.Line {
	path := absolute(g.ledger)
	found := doctor.Ledger{Path: g.ledger, Free: -1}
	inDatabase := ledger.InDatabase(g.ledger)
	if !inDatabase {
		found.Refused, found.Free = ledgerplace.Refuse(path), ledgerplace.Free(path)
	}
	if _, err := os.Stat(path); inDatabase || err == nil {
		found.Exists = true
		l, err := ledger.Open(ctx, g.ledger, ledger.Options{ReadOnly: true})
		if found.Open = err; err == nil {
			_ = l.Close()
		}
		if inDatabase && fault.CodeOf(err) == "ledger.none" {
			found.Exists, found.Open = false, nil // the first run makes it
		}
	}
	lines := doctor.LedgerLines(found)
	if inDatabase {
		d, err := ledger.ExamineDatabase(ctx, g.ledger)
		lines = append(lines[:1], doctor.DatabaseLines(doctor.Database{
			Err: err, Version: d.Version, Settings: d.Settings, Off: d.Off, Encrypted: d.Encrypted, Remote: d.Remote,
		})...)
	}
	letGo, err := awake.Keep("wave365 doctor")
	letGo()
	return append(lines, doctor.SleepLine(err), doctor.TerminalLine(doctor.Terminal{
		IsTerminal: a.inTerm, Columns: console.Width(a.err),
		Remote: os.Getenv("SSH_CONNECTION") != "", Kept: os.Getenv("TMUX") != "" || os.Getenv("STY") != "",
	}))
}

// examineTenant looks at hosts, sign-in, permissions, storage and what is left over. The error is for a mistake in flags
// or an interrupted look; what is wrong with a service is a line.
func (a *app) examineTenant(ctx context.Context, g *globals) ([]doctor.Line, error) {
	p, err := g.tenantPlace()
	if err != nil {
		return nil, err
	}
	p.stateDir = "" // it changes nothing
	p.tenantOnly = g.account == "" && g.blobEndpoint == ""
	lines := hosts(ctx, g, p)
	conn, err := a.connect(ctx, g, p)
	if ctx.Err() != nil {
		return nil, fault.Wrap(fault.Interrupted, "", "stopped", "", ctx.Err())
	}
	if err != nil {
		if fault.Is(err, fault.Invalid) {
			return nil, err
		}
		return append(lines, doctor.SignIn(doctor.Identity{}, "", false, "", err)...), nil
	}
	defer conn.close()
	return append(lines, a.examineService(ctx, g, conn)...), ctx.Err()
}

// hosts asks each host of the cloud whether it answers; a sandbox has none.
func hosts(ctx context.Context, g *globals, p place) []doctor.Line {
	if p.sandbox != "" {
		return nil
	}
	known, err := clouds.Lookup(g.cloud)
	if err != nil {
		return nil
	}
	roots := []string{known.Login, known.GraphRoot}
	switch {
	case g.blobEndpoint != "":
		roots = append(roots, originOf(g.blobEndpoint))
	case g.account != "":
		roots = append(roots, "https://"+g.account+"."+known.BlobSuffix)
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

func (a *app) examineService(ctx context.Context, g *globals, conn *connection) []doctor.Line {
	t := conn.graph
	org, orgErr := t.Organization(ctx)
	who := doctor.Identity{Method: g.signIn}
	if who.Method == "" {
		who.Method = "the default sign-in"
	}
	if token, err := conn.cred.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{conn.cloud.GraphRoot + "/.default"}}); err == nil {
		id := signin.IdentityOf(token.Token)
		who.App, who.AppName, who.User, who.Tenant, who.Expires, who.Granted = id.App, id.AppName, id.User, id.Tenant, token.ExpiresOn, id.Granted
	}
	if conn.place.sandbox != "" {
		who.Method, who.Rehearsal = "the sandbox's own sign-in", true
	}
	name := strings.TrimSpace(org.DisplayName + " (" + org.ID + ")")
	if orgErr != nil {
		name = who.Tenant
	}
	lines := doctor.SignIn(who, g.tenant, orgErr == nil && org.Is(g.tenant) || strings.EqualFold(who.Tenant, g.tenant), name, nil)
	_, pcErr := t.CloudPCs(ctx, "status eq 'failed'")
	settings, settingErr := t.UserSettings(ctx)
	_, skuErr := t.SubscribedSKUs(ctx)
	_, auditErr := t.AuditEvents(ctx, "activityDateTime ge "+conn.clock.Now().Add(-time.Hour).UTC().Format(time.RFC3339))
	_, groupErr := t.GroupsNamed(ctx, "wave365")
	_, userErr := t.UsersNamed(ctx, "wave365")
	lines = append(lines, doctor.Permissions(needs(tries{orgErr, pcErr, auditErr, skuErr, userErr, groupErr}), who)...)
	lines = append(lines, doctor.StorageLines(examineStorage(ctx, conn))...)
	return append(lines, a.examineHistory(ctx, g, conn, snapshotSettings(settings), settingErr)...)
}

// tries is what reading each thing of the tenant was answered with.
type tries struct {
	organization, cloudPCs, audit, licenses, users, groups error
}

// needs are the permissions that a wave takes.
func needs(t tries) []doctor.Need {
	list := []doctor.Need{
		{Permission: "Organization.Read.All", Purpose: "the tenant's name", Tried: true, Err: t.organization},
		{Permission: "CloudPC.Read.All", Purpose: "Cloud PCs", Tried: true, Err: t.cloudPCs},
		{Permission: "CloudPC.Read.All", Purpose: "the Windows 365 audit log, which tells a lost import and a purge", Tried: true, Err: t.audit},
		{Permission: "LicenseAssignment.Read.All", Purpose: "the tenant's licenses", Tried: true, Err: t.licenses},
		{Permission: "User.Read.All", Purpose: "users", Tried: true, Err: t.users},
		{Permission: "GroupMember.Read.All", Purpose: "groups", Tried: true, Err: t.groups},
	}
	for _, w := range rules.Writes() {
		list = append(list, doctor.Need{Permission: w.Permission, Purpose: w.Purpose, Also: w.Also, Optional: w.License || w.Optional})
	}
	return list
}

// examineStorage asks for a container that need not exist, and for a signature that nobody will use.
func examineStorage(ctx context.Context, conn *connection) doctor.Storage {
	s := doctor.Storage{Account: conn.blobRoot}
	if conn.storage == nil {
		s.Account = ""
		return s
	}
	_, s.Read = conn.storage.List(ctx, "wave365-doctor", "none")
	ref, err := bloburl.Parse("wave365-doctor/none.vhd", conn.blobRoot)
	if err == nil {
		_, err = conn.storage.SignRead(ctx, ref, time.Time{}, conn.clock.Now().Add(time.Hour))
	}
	s.Sign = err
	return s
}

// snapshotSettings are the user settings that look like ours and say snapshot.
func snapshotSettings(settings []graph.UserSetting) []graph.UserSetting {
	return slices.DeleteFunc(slices.Clone(settings), func(s graph.UserSetting) bool {
		return !strings.HasPrefix(s.DisplayName, playbook.SettingName(migration.Run{})) || !strings.EqualFold(s.ProvisioningSourceType, "snapshot") || len(s.GroupIDs) == 0
	})
}

// needed says which run of the ledger a snapshot setting is of, by its name, or by its groups where `setting ensure` made it
// for a wave; and whether it is needed still: the run goes on, or has not begun.
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

// examineHistory compares what is left over with the runs of the ledger, and counts the day's imports.
func (a *app) examineHistory(ctx context.Context, g *globals, conn *connection, settings []graph.UserSetting, settingErr error) []doctor.Line {
	l, err := ledger.Open(ctx, g.ledger, ledger.Options{ReadOnly: true})
	if err != nil {
		var left []doctor.Setting
		for _, s := range settings {
			left = append(left, doctor.Setting{Name: s.DisplayName})
		}
		return doctor.Leftovers(left, settingErr)
	}
	defer func() { _ = l.Close() }()
	var lines []doctor.Line
	if n, err := l.ImportsSince(ctx, conn.clock.Now().Add(-24*time.Hour)); err == nil {
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
