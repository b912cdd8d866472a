package playbook

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/preflight/rules"
)

// surroundings is what the tenant holds for a row's user, as read once before an import.
type surroundings struct {
	user     graph.UserAnswer
	licenses graph.LicenseAnswer
	cloudPCs []graph.CloudPC
	// member: the user is in the row's group. Read only where that is not allowed before the check.
	member bool
	// imports are those of the user, where the service lists them.
	imports []graph.Import
	// at is when the look began.
	at time.Time
	// err is why the look failed, while doing what.
	err   error
	doing string
}

// lookAround reads once what the tenant holds for the users of some rows: accounts, licenses, Cloud PCs, memberships,
// imports, each of them for all rows together. The answers are in the order of rows.
func (b *Playbook) lookAround(ctx context.Context, rows []migration.Row) []surroundings {
	at := b.clock.Now()
	seen := b.lookAtAll(ctx, rows, look{"read the users", b.lookAtPeople}, look{"list Cloud PCs", b.lookAtCloudPCs},
		look{"look for members", func(ctx context.Context, rows []migration.Row, seen []surroundings) error {
			return b.lookAtMembers(ctx, rows, seen, func(r migration.Row) bool { return r.Target.Trigger != migration.TriggerLicense })
		}}, look{"list the imports", b.lookAtImports})
	for i := range seen {
		seen[i].at = at
	}
	return seen
}

// look reads one kind of object for some rows together; doing names it.
type look struct {
	doing string
	read  func(context.Context, []migration.Row, []surroundings) error
}

// lookAtAll reads some kinds of objects for the users of some rows, each of them for all rows together.
func (b *Playbook) lookAtAll(ctx context.Context, rows []migration.Row, looks ...look) []surroundings {
	seen := make([]surroundings, len(rows))
	if len(rows) == 0 {
		return seen
	}
	for _, look := range looks {
		err := look.read(ctx, rows, seen)
		if err == nil {
			continue
		}
		if len(rows) > 1 && !common(err) {
			// One user that the service cannot look up must not keep the others waiting.
			for i := range rows {
				seen[i] = b.lookAtAll(ctx, rows[i:i+1], looks...)[0]
			}
			return seen
		}
		for i := range seen {
			seen[i].err, seen[i].doing = err, look.doing
		}
		return seen
	}
	return seen
}

// common reports whether an error would be the same for every user.
func common(err error) bool {
	switch fault.KindOf(err) {
	case fault.Interrupted, fault.Throttled, fault.Unavailable, fault.Denied:
		return true
	}
	return false
}

func (b *Playbook) lookAtAccounts(ctx context.Context, rows []migration.Row, seen []surroundings) error {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.Target.UserID
	}
	users, err := b.graph.UsersTogether(ctx, ids)
	for i, u := range users {
		seen[i].user = u
	}
	return err
}

// lookAtPeople reads accounts and licenses.
func (b *Playbook) lookAtPeople(ctx context.Context, rows []migration.Row, seen []surroundings) error {
	if err := b.lookAtAccounts(ctx, rows, seen); err != nil {
		return err
	}
	var holders []string
	var at []int
	for i, r := range rows {
		u := seen[i].user
		if u.Err != nil || len(u.User.AssignedSKUs) > 0 { // a license that a user does not hold has no plans to read
			holders, at = append(holders, r.Target.UserID), append(at, i)
		}
	}
	if len(holders) == 0 {
		return nil
	}
	details, err := b.graph.LicenseDetailsOf(ctx, holders)
	if err != nil {
		return err
	}
	for k, i := range at {
		seen[i].licenses = details[k]
	}
	return nil
}

func (b *Playbook) lookAtCloudPCs(ctx context.Context, rows []migration.Row, seen []surroundings) error {
	var upns []string
	known := slices.Clone(rows)
	for i := range known {
		known[i].Facts = renamed(known[i], seen[i])
		upns = append(upns, known[i].Names()...)
	}
	pcs, err := b.graph.CloudPCsOf(ctx, upns)
	if err != nil {
		return err
	}
	for i, r := range known {
		for _, pc := range pcs {
			if r.Called(pc.UserPrincipalName) {
				seen[i].cloudPCs = append(seen[i].cloudPCs, pc)
			}
		}
	}
	return b.dropOthers(ctx, known, seen)
}

// lookAtMembers reads whether the users of the selected rows are in their row's group. A group that does not exist has no
// members; see groupGone.
func (b *Playbook) lookAtMembers(ctx context.Context, rows []migration.Row, seen []surroundings, meant func(migration.Row) bool) error {
	in := map[string][]int{}
	for i, r := range rows {
		if meant(r) {
			in[r.Target.GroupID] = append(in[r.Target.GroupID], i)
		}
	}
	for _, group := range slices.Sorted(maps.Keys(in)) {
		users := make([]string, len(in[group]))
		for k, i := range in[group] {
			users[k] = rows[i].Target.UserID
		}
		members, err := b.graph.MembersAmong(ctx, group, users)
		if fault.Is(err, fault.NotFound) { // that ends the rows of this group, and must not keep the others waiting
			b.recent.deleted.note(group, b.clock.Now())
			continue
		}
		if err != nil {
			return err
		}
		b.recent.deleted.there(group)
		for k, i := range in[group] {
			seen[i].member = members[k]
		}
	}
	return nil
}

// lookAtImports reads the list of imports, which most services do not have: then it is tried once.
func (b *Playbook) lookAtImports(ctx context.Context, rows []migration.Row, seen []surroundings) error {
	if b.recent.unlisted.Load() {
		return nil
	}
	all, err := b.graph.ListImports(ctx)
	if absent(err) {
		b.recent.unlisted.Store(true)
		return nil
	}
	if err != nil {
		return err
	}
	return b.keepOwnImports(ctx, rows, seen, all)
}

// A look before an import may be lookAge old; when the import is finally sent, after any wait, lookHolds, and in any case
// lookHoldsWall on the wall clock: where a sandbox's time runs thousands of times as fast, what this process itself does
// between look and import takes longer than lookHolds, and no import would ever be sent.
const (
	lookAge       = 2 * time.Minute
	lookHolds     = 5 * time.Minute
	lookHoldsWall = 2 * time.Second
)

// errStale is an import or a cut-over that was not sent, because the look before it had grown too old on the way.
var errStale = errors.New("not sent: the check of the tenant before it was too long ago")

// stillHolds makes the check of an effect that relies on a look that began at that time, and holds for so long.
func (b *Playbook) stillHolds(looked time.Time, holds time.Duration) func() error {
	return func() error {
		if age := b.clock.Now().Sub(looked); age > holds && b.clock.Wall(age) > lookHoldsWall {
			return errStale
		}
		return nil
	}
}

// lookAgain is the result of a row whose effect was not sent for errStale.
func lookAgain(r migration.Row) migration.Result {
	return migration.Wait(r.Facts, time.Second, "the service made it wait too long since the last look at the tenant: looking again")
}

// lookedLately reports whether nothing was in the way of the row's import a moment ago.
func (b *Playbook) lookedLately(r migration.Row) bool {
	return b.clock.Now().Sub(b.recent.imports.at(r.Index)) < lookAge
}

// wouldSend reports whether the import step would send an import for a row with this past: none of it is there, or may be.
func wouldSend(past []migration.Intent) bool {
	last := lastImport(past)
	return last == nil || !undecided(*last) && !last.Outcome.Status.Happened()
}

// freeToImport decides whether the row may be imported, by what was seen of its user: the user is as validated, and, when
// an import would be sent, nothing exists that it would collide with or that would start a Cloud PC from the image.
func (b *Playbook) freeToImport(ctx context.Context, r migration.Row, s surroundings, past []migration.Intent) (stop, error) {
	if s, err := b.groupGone(ctx, r); s != nil || err != nil {
		return s, err
	}
	if err := s.lookFailed(); err != nil {
		return stopWith(b.readFailed(r, err, "check.failed", cmp.Or(s.doing, "read user "+r.Target.User)))
	}
	problem := userDrift(r, s, wouldSend(past))
	if problem != nil && problem.Code == "license.missing" && Released(past) {
		problem = nil // an earlier attempt has it, and this one gives it back
	}
	if problem == nil && wouldSend(past) {
		problem = obstacle(r, s, past)
	}
	if problem == nil {
		return nil, nil
	}
	res := b.confirmTwice(r, r.Facts, problem.Message, func(f migration.Facts) migration.Result { return migration.Failure(f, *problem) })
	return &res, nil
}

// obstacle is what of the tenant is in the way of an import for the row; nil: nothing.
func obstacle(r migration.Row, s surroundings, past []migration.Intent) *migration.Problem {
	if pc := cloudPCInTheWay(r, s.cloudPCs); pc != nil {
		return foreignCloudPC(r, *pc)
	}
	ours := map[string]bool{}
	for _, p := range past {
		if p.Effect == migration.EffectImport && p.Outcome != nil {
			ours[p.Outcome.RemoteID] = true
		}
	}
	for _, im := range s.imports {
		if !ours[im.SnapshotID] {
			return foreignImport(r, im)
		}
	}
	return targetedAlready(r, s)
}

// targetedAlready reports that the user has, before the import, what would start a Cloud PC from the image; nil: they have
// not. A license that is still to be removed, and a membership that this attempt made, are as expected.
func targetedAlready(r migration.Row, s surroundings) *migration.Problem {
	starts := rules.Starts(s.licenses.Licenses, nil)
	licenseLast := r.Target.Trigger.Licenses() && (r.Target.Trigger != migration.TriggerRelicense || r.Step != migration.StepCheck)
	memberFirst := r.Target.Trigger == migration.TriggerMembership || r.Target.Trigger == migration.TriggerRelicense && r.Step == migration.StepCheck
	if licenseLast && starts != nil {
		return &migration.Problem{
			Code:    "user.already-targeted",
			Message: r.Target.User + " holds " + cmp.Or(starts.SKUPartNumber, r.Target.SKUName, starts.SKUID) + " since validation: with the group's membership the Cloud PC would be started before the snapshot is there",
			Hint: "somebody gave it since validation, or an earlier attempt did: when it was not meant, take the license away and retry; " +
				"when it was, leave this row and put the user into a new wave with --trigger relicense", Commands: retry(),
		}
	}
	// Whose license an earlier attempt has taken away already, nothing would start for them.
	started := r.Target.Trigger != migration.TriggerRelicense || starts != nil
	if memberFirst && s.member && started {
		return &migration.Problem{
			Code:    "user.already-targeted",
			Message: r.Target.User + " is licensed and in group " + r.Target.GroupName + " already: nothing is left to start provisioning with, and an image may be used before the snapshot is there",
			Hint:    "somebody added the user since validation, or an earlier attempt did: when it was not meant, take the user out of the group and retry", Commands: retry(),
		}
	}
	return nil
}

// cloudPCInTheWay gives the first of the user's Cloud PCs that would keep this row's from being made; nil: none.
func cloudPCInTheWay(r migration.Row, pcs []graph.CloudPC) *graph.CloudPC {
	for i, pc := range pcs {
		if r.Target.PlanID == "" && !strings.EqualFold(pc.ProvisioningPolicyID, r.Target.PolicyID) {
			continue // the plan comes with the group: which one it is was not kept
		}
		if rules.InTheWay(pc, r.Target.PolicyID, r.Target.PlanID) {
			return &pcs[i]
		}
	}
	return nil
}

// foreignCloudPC reports that the user has a Cloud PC that this row did not make, and who has to decide about it. It never
// asks for its removal: the user may be working on it.
func foreignCloudPC(r migration.Row, pc graph.CloudPC) *migration.Problem {
	p := &migration.Problem{Code: "user.has-cloud-pc", Message: r.Target.User + " has a Cloud PC that this row did not make: " + describeCloudPC(pc)}
	switch {
	case leaving(pc.Status):
		if p.Message += "; it is leaving"; !pc.GracePeriodEnd.IsZero() {
			p.Message += ", at the latest at " + stamp(pc.GracePeriodEnd)
		}
		p.Hint = "wait until it is gone, then retry; whether it may go sooner is for " + r.Target.User + " and whoever took its license or group away to decide"
		p.Commands = retry()
	case strings.EqualFold(pc.ProvisioningPolicyID, r.Target.PolicyID):
		p.Hint = "another run, another ledger or a colleague made it: ask " + r.Target.User + " and the tenant's Windows 365 administrator. When it is the migrated one, nothing is left to do for this row; no disk is imported while it exists"
	default:
		p.Hint = "ask " + r.Target.User + " and the tenant's Windows 365 administrator whether it is in use; no disk is imported while it exists. Once they have decided, retry"
		p.Commands = retry()
	}
	return p
}

func foreignImport(r migration.Row, im graph.Import) *migration.Problem {
	p := &migration.Problem{
		Code: "user.has-import", Message: r.Target.User + " has an imported snapshot that is not this row's: " + im.SnapshotID + " (" + im.Status + ", " + quoteOr(im.Usage, "usage unknown") + ")",
		Hint:     "another run, another ledger or a colleague sent it: ask who, before anything is purged; if it is not wanted, purge it while it is unused, then retry",
		Commands: []fault.Command{fault.NewCommand("purge", "--id", im.SnapshotID, "--foreign"), fault.NewCommand("retry")},
	}
	if im.Usage == graph.UsageInUse {
		p.Hint = "a Cloud PC is built from it, or was, and nothing is to be purged: another run, another ledger or a colleague sent it; ask who, and " + r.Target.User + ", then retry once it is decided"
		p.Commands = []fault.Command{fault.NewCommand("cloudpc list", "--user", cmp.Or(r.Target.UPN, r.Target.User)), fault.NewCommand("retry")}
	}
	if spent(im) {
		p.Message += ", a leftover that cannot be used any more"
	}
	return p
}

func leaving(status string) bool { return status == pcGrace || status == pcDeprovisioned }

func describeCloudPC(pc graph.CloudPC) string {
	text := quoteOr(pc.DisplayName, pc.ID) + ", " + pc.Status + ", policy " + quoteOr(pc.ProvisioningPolicyName, "(none)")
	if !pc.ProvisionedAt.IsZero() {
		text += ", provisioned at " + stamp(pc.ProvisionedAt)
	}
	return text
}

// becameCloudPC returns the Cloud PC that an import, sent at since and whose record is gone, may have become: one under the
// row's policy that is not older and is not being removed. nil: there is none.
func becameCloudPC(r migration.Row, pcs []graph.CloudPC, since time.Time) *graph.CloudPC {
	for i, pc := range pcs {
		if !strings.EqualFold(pc.ProvisioningPolicyID, r.Target.PolicyID) || leaving(pc.Status) || pc.Status == pcFailed || pc.Status == graph.StatusNotProvisioned {
			continue
		}
		if pc.ProvisionedAt.IsZero() || pc.ProvisionedAt.After(since) {
			return &pcs[i]
		}
	}
	return nil
}
