package closing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/imports"
	"wave365/pkg/tenantcare/leaving"
	"wave365/pkg/wave"
)

// Options say what is cleared away besides the settings.
type Options struct {
	// Shared also switches settings that others have a share in: that reach groups of other waves, that another ledger made,
	// or that people outside the run still need.
	Shared bool
	// Purge removes the imports that were never used; DeleteStaging the blobs of proven rows.
	Purge, DeleteStaging bool
	// SignatureLife is how long a signature that the tool made for an import is good, Now the service's time.
	SignatureLife time.Duration
	Now           time.Time
}

// Left is something that is left over and not acted on.
type Left struct {
	What string
	// Commands are what to type about it; nil: nothing.
	Commands []fault.Command
}

// Staging is one blob that a proven row was imported from.
type Staging struct {
	Row   migration.Row
	Path  string
	ETag  string
	Bytes int64
	// Why says why it may not be deleted; "" when it may. Show is the command to see more; its zero value: there is none.
	Why  string
	Show fault.Command
}

// Plan is what close finds and does.
type Plan struct {
	// Switch are the settings that go back to building from images.
	Switch []graph.UserSetting
	// Kept are those that stay for others, each with the reason: the run is not closed before they went back too.
	Kept []Left
	// Purge are unused imports, when they are to be removed.
	Purge []imports.Verdict
	// Staging are the blobs of proven rows that are still there.
	Staging []Staging
	// Delete says that those that may be deleted are to be.
	Delete bool
	Left   []Left
}

// Nothing reports whether there is nothing to write.
func (p Plan) Nothing() bool { return len(p.Switch)+len(p.Purge)+len(p.Deletable()) == 0 }

// Deletable are the staging blobs to be deleted.
func (p Plan) Deletable() []Staging {
	if !p.Delete {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.Staging), func(s Staging) bool { return s.Why != "" })
}

// Decide says what close does about a run, from one look.
func Decide(r Record, f Facts, o Options) Plan {
	p := Plan{Delete: o.DeleteStaging}
	p.settings(r, f, o)
	p.imports(r, f, o)
	p.people(r, f)
	p.staging(r, f, o)
	p.signatures(r, o)
	return p
}

func (p *Plan) leave(command fault.Command, what string, args ...any) {
	l := Left{What: fmt.Sprintf(what, args...)}
	if command.Name != "" {
		l.Commands = []fault.Command{command}
	}
	p.Left = append(p.Left, l)
}

// settings finds the snapshot settings that reach the run's groups. One that others still need, or have a share in, stays.
func (p *Plan) settings(r Record, f Facts, o Options) {
	for _, s := range f.Settings {
		if !r.reachedBySnapshot(s) {
			continue
		}
		busy, others := "", 0
		for _, g := range s.GroupIDs {
			if run := r.Busy[strings.ToLower(g)]; run != "" {
				busy = run
			}
			if !r.mine(g) {
				others++
			}
		}
		need := needing(r, f, s)
		var why []string
		if len(need) > 0 {
			why = append(why, fmt.Sprintf("people who are not in this run need it, or may, until they have their Cloud PCs (%d): %s", len(need), some(need)))
		}
		if r.elsewhere(s) {
			why = append(why, "this ledger did not make it, another one did: close the run there")
		}
		if others > 0 {
			why = append(why, fmt.Sprintf("it also reaches groups of other waves (%d)", others))
		}
		keep := func(c fault.Command, why string) {
			p.leave(c, "user setting %s still builds from snapshots: %s", s.DisplayName, why)
			p.Kept = append(p.Kept, p.Left[len(p.Left)-1])
		}
		switch {
		case busy != "":
			keep(fault.NewCommand("close").For(busy), "run "+busy+" needs it until it is finished")
		case len(why) > 0 && !o.Shared:
			keep(fault.NewCommand("close", "--shared").For(r.Run.ID), strings.Join(why, "; ")+"; --shared switches it all the same")
		default:
			p.Switch = append(p.Switch, s)
			if len(need) > 0 {
				p.leave(fault.Command{}, "from now on Cloud PCs of %d who are not in this run are built from the image, whatever was imported for them: %s", len(need), some(need))
			}
		}
	}
}

func (p *Plan) imports(r Record, f Facts, o Options) {
	for _, v := range f.Imports {
		switch {
		case v.Fate == imports.Purge && o.Purge:
			p.Purge = append(p.Purge, v)
		case v.Fate == imports.Purge:
			p.leave(fault.NewCommand("purge", "--id", v.ID), "import %s of %s is stored and unused: %s", v.ID, v.User(), v.Why)
		case v.Fate == imports.Keep && v.Row != nil && v.Row.State != migration.Succeeded:
			p.leave(fault.NewCommand("status").For(r.Run.ID), "import %s of %s: %s", v.ID, v.User(), v.Why)
		}
	}
}

// people says who was left half-way, who lost the link to the Cloud PC, and who would be built from the image from now on.
func (p *Plan) people(r Record, f Facts) {
	pcs := map[string]graph.CloudPC{}
	for _, pc := range f.CloudPCs {
		pcs[wave.UserKey(pc.UserPrincipalName)+"\x00"+strings.ToLower(pc.ProvisioningPolicyID)] = pc
	}
	in := map[string]bool{}
	for _, row := range r.Rows {
		t := row.Target
		in[strings.ToLower(t.UserID)] = true
		var pc graph.CloudPC
		has := false
		for _, name := range names(f, row) {
			if pc, has = pcs[wave.UserKey(name)+"\x00"+strings.ToLower(t.PolicyID)]; has {
				break
			}
		}
		undo := fault.NewCommand("undo", "--row", t.User).For(r.Run.ID)
		switch {
		case row.State == migration.Succeeded && !member(f, t) && !has:
			p.leave(fault.Command{}, "%s has no Cloud PC of this wave any more, and is not in group %s", t.User, t.GroupName)
		case row.State == migration.Succeeded && !member(f, t):
			p.leave(fault.NewCommand("cloudpc show", t.User), "%s is not in group %s any more: the grace period of the Cloud PC has begun", t.User, t.GroupName)
		case row.State == migration.Succeeded:
		case has && pc.Status == graph.StatusFailed:
			p.failed(r, f, row, pc)
		case has && len(changed(r, row)) > 0 && !leaving.Ending(pc) && !leaving.MadeBy(row, pc):
			p.leave(fault.NewCommand("cloudpc show", t.User), "%s has Cloud PC %s, which this run did not make: ask before anything is taken back; it lives from the license and the membership", t.User, pc.DisplayName)
		case len(changed(r, row)) > 0:
			p.leave(undo, "%s was not migrated, and of what this run did is left: %s", t.User, strings.Join(changed(r, row), ", "))
		}
	}
	for _, g := range r.groups() {
		switch n := len(f.Members[strings.ToLower(g.ID)]); {
		case !made(r, g.ID) || f.Gone[strings.ToLower(g.ID)]:
		case n == 0:
			p.leave(fault.NewCommand("undo", "--groups").For(r.Run.ID), "group %s was made for this wave, and nobody is in it", g.Name)
		default:
			p.leave(fault.Command{}, "group %s was made for this wave and stays: the Cloud PCs of its members (%d) depend on it", g.Name, n)
		}
		var who []string
		for _, m := range f.Members[strings.ToLower(g.ID)] {
			if !in[strings.ToLower(m.ID)] && m.UPN != "" && !hasCloudPC(f, m.UPN) {
				who = append(who, m.UPN)
			}
		}
		if len(who) > 0 {
			p.leave(fault.Command{}, "members of group %s who are not in this wave have no Cloud PC (%d); with a license they get one from the image: %s", g.Name, len(who), some(who))
		}
	}
}

// failed names a retry for a row whose Cloud PC has failed. Where the setting of its group builds from images, or does once
// the run is closed, a retry is refused until the setting is switched to snapshots again.
func (p *Plan) failed(r Record, f Facts, row migration.Row, pc graph.CloudPC) {
	t, retry := row.Target, fault.NewCommand("retry", "--row", row.Target.User).For(r.Run.ID)
	text := fmt.Sprintf("Cloud PC %s of %s has failed", pc.DisplayName, t.User)
	reaches := func(s graph.UserSetting) bool { return tenantcare.Has(s.GroupIDs, t.GroupID) }
	ensure := func(s graph.UserSetting) []fault.Command {
		return []fault.Command{fault.NewCommand("setting ensure", "--group", cmp.Or(t.GroupName, t.GroupID), "--name", s.DisplayName), retry}
	}
	if i := slices.IndexFunc(p.Switch, reaches); i >= 0 {
		p.Left = append(p.Left, Left{What: text + "; retry first, then close. Once closed, a retry takes both commands, in this order", Commands: ensure(p.Switch[i])})
		return
	}
	for _, s := range f.Settings {
		if reaches(s) && !strings.EqualFold(s.ProvisioningSourceType, graph.SourceSnapshot) && strings.HasPrefix(s.DisplayName, r.Marker) {
			p.Left = append(p.Left, Left{What: text + "; its user setting builds from the image again, so a retry takes both commands, in this order", Commands: ensure(s)})
			return
		}
	}
	p.leave(retry, "%s", text)
}

// made reports whether this tool made a group.
func made(r Record, group string) bool {
	return slices.ContainsFunc(r.Effects, func(w migration.Write) bool {
		return w.Effect == tenantcare.GroupCreate && w.Changed() && strings.EqualFold(w.Outcome.RemoteID, group)
	})
}

func some(who []string) string {
	const most = 5
	if len(who) > most {
		return strings.Join(who[:most], ", ") + ", …"
	}
	return strings.Join(who, ", ")
}

func hasCloudPC(f Facts, upn string) bool {
	return slices.ContainsFunc(f.CloudPCs, func(pc graph.CloudPC) bool { return strings.EqualFold(pc.UserPrincipalName, upn) })
}

// names are the UPNs under which a row's user may have a Cloud PC: as the groups' members tell it, and as the run knew them. A
// name that another member has by now is not among them: it is theirs.
func names(f Facts, r migration.Row) (out []string) {
	taken := map[string]bool{}
	for _, members := range f.Members {
		for _, m := range members {
			switch {
			case m.UPN == "":
			case !strings.EqualFold(m.ID, r.Target.UserID):
				taken[strings.ToLower(m.UPN)] = true
			case len(out) == 0:
				out = append(out, m.UPN)
			}
		}
	}
	for _, n := range r.Names() {
		if !taken[strings.ToLower(n)] {
			out = append(out, n)
		}
	}
	return out
}

func member(f Facts, t migration.Target) bool {
	return slices.ContainsFunc(f.Members[strings.ToLower(t.GroupID)], func(m graph.Member) bool { return strings.EqualFold(m.ID, t.UserID) })
}

// changed says what the run made for a row and nobody took back since.
func changed(r Record, row migration.Row) []string {
	joined, licensed, away := false, false, false
	for _, w := range r.Effects {
		if w.Row != row.Index || !w.Changed() {
			continue
		}
		ran := w.Command == migration.CommandRun
		switch w.Effect {
		case migration.EffectJoin:
			joined = true
		case tenantcare.GroupLeave:
			joined = false
		case migration.EffectRelease: // by a command it is what takes a license back
			licensed, away = false, ran
		case migration.EffectLicense:
			licensed, away = ran && row.Target.Trigger != migration.TriggerRelicense, false
		}
	}
	var out []string
	if joined {
		out = append(out, "the membership in group "+row.Target.GroupName)
	}
	if licensed {
		out = append(out, "the license "+row.Target.SKUName)
	}
	if away {
		out = append(out, "the license "+row.Target.SKUName+" was taken away for the import and is not given back")
	}
	return out
}

// staging finds the blobs that proven rows were imported from. Until the memberships are known to be as they were, no
// disk goes: whoever lost the link may need theirs again.
func (p *Plan) staging(r Record, f Facts, o Options) {
	if f.Blobs == nil {
		return
	}
	var count int
	var bytes int64
	for _, row := range r.Rows {
		if row.State != migration.Succeeded {
			continue
		}
		for _, s := range []*migration.Source{&row.Target.Disk, row.Target.GuestState} {
			if s == nil {
				continue
			}
			now, there := f.Blobs[s.Container+"/"+s.Name]
			if !there {
				continue
			}
			x := Staging{Row: row, Path: s.Container + "/" + s.Name, ETag: s.ETag, Bytes: now.Length}
			switch {
			case s.ETag == "" || now.ETag != s.ETag:
				x.Why = "it changed since it was validated"
			case strings.EqualFold(now.LeaseStatus, "locked"):
				x.Why = "it is leased"
			case r.user(row, *s) != "":
				x.Why = "run " + r.user(row, *s) + " needs it"
			case !member(f, row.Target):
				x.Why = row.Target.User + " is not in group " + row.Target.GroupName + " any more"
			case notProven(f, row) != "":
				x.Why, x.Show = notProven(f, row), fault.NewCommand("cloudpc show", row.Target.User)
			default:
				count, bytes = count+1, bytes+now.Length
			}
			p.Staging = append(p.Staging, x)
		}
	}
	if count > 0 && !o.DeleteStaging {
		p.leave(fault.NewCommand("close", "--delete-staging").For(r.Run.ID), "staging blobs of proven rows (%d) hold %s that could be freed", count, Size(bytes))
	}
	for _, x := range p.Staging { // that a disk is the last copy is said to whoever would delete it by hand, too
		if x.Why != "" && (o.DeleteStaging || x.Show.Name != "") {
			p.leave(x.Show, "blob %s is kept: %s", x.Path, x.Why)
		}
	}
}

// notProven says why a row's Cloud PC is not known to hold what was on its disk; "" when the one by which the row was proven
// is there, in order, and was not provisioned again since.
func notProven(f Facts, r migration.Row) string {
	other, called := "", names(f, r)
	for _, pc := range f.CloudPCs {
		if !slices.ContainsFunc(called, func(n string) bool { return strings.EqualFold(n, pc.UserPrincipalName) }) || !strings.EqualFold(pc.ProvisioningPolicyID, r.Target.PolicyID) ||
			pc.Status != graph.StatusProvisioned && pc.Status != graph.StatusProvisionedWithWarnings {
			continue
		}
		if r.Facts.Proven(pc.ID, pc.ProvisionedAt) {
			return ""
		}
		other = replaced(r, pc)
	}
	return cmp.Or(other, "the Cloud PC of "+r.Target.User+" is not there, or not in order")
}

// replaced says what a Cloud PC is that stands where the proven one stood.
func replaced(r migration.Row, pc graph.CloudPC) string {
	what := "has another id than"
	if strings.EqualFold(pc.ID, r.Facts.CloudPCID) {
		what = "was provisioned again since, or resized or restored, unlike"
	}
	return fmt.Sprintf("Cloud PC %s of %s, provisioned %s, %s the one that was proven, provisioned %s: this disk may be the only copy of what was on that one, and a new import can be made from it",
		pc.DisplayName, r.Target.User, moment(pc.ProvisionedAt), what, moment(r.Facts.Provisioned))
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "at a time that is not known"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// Size is a number of bytes for people.
func Size(n int64) string {
	const gib = 1 << 30
	if n < gib {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d GiB", (n+gib/2)/gib)
}

// signatures says until when the links that were handed to the service can still be used.
func (p *Plan) signatures(r Record, o Options) {
	var last time.Time
	n := 0
	for _, w := range r.Effects {
		if w.Effect == migration.EffectImport && w.Command == "run" {
			if end := w.At.Add(o.SignatureLife); end.After(o.Now) {
				n++
				if end.After(last) {
					last = end
				}
			}
		}
	}
	if n > 0 && r.Run.Settings.ImportSource != "account" {
		p.leave(fault.Command{}, "the read-only links to disks that were made for the service (%d) are good until %s; revoking the account's user delegation keys, or rotating its key, ends them at once", n, last.UTC().Format("2006-01-02 15:04 UTC"))
	}
}
