package preflight

import (
	"context"
	"slices"
	"strings"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/preflight/plans"
	"wave365/pkg/wave"
)

// earlierRuns determines the state of the wave's users in the runs of this ledger. Users who have what they should have
// are done, and nothing else is reported about them; users who are in progress, held or failed there are continued by
// that run's own command.
func (c *check) earlierRuns() {
	for i := range c.rows {
		r := &c.rows[i]
		if r.user == nil {
			continue
		}
		s, ok := c.in.Before[fold(r.user.ID)]
		switch {
		case !ok:
		case s.Holds():
			c.inOtherRun(r, s)
		case s.State == migration.Succeeded && c.stillThere(r, s):
			c.migrated(r, s, "")
		case s.State == migration.Failed && s.Code == migration.CodeUsedUp:
			// Its import became a Cloud PC that is gone, as one that succeeded may be: what remains to be done is in the tenant.
		case s.State == migration.Failed && c.sameRow(r, s):
			c.inOtherRun(r, s)
		}
	}
}

// migrated reports that the run of s brought the row to its end, and leaves the row out; also adds to the message about
// its user.
func (c *check) migrated(r *row, s migration.Standing, also string) {
	c.flag("user.already-migrated", r, "user", r.User, r.User+also+" was migrated by run "+s.Run+" at "+clocks.Moment(s.At.In(c.in.Now.Location()))+": nothing is left to do")
	c.withdraw(r)
	r.done = true
}

// renamed looks up by object id the users whom the tenant does not know by the name in the file, but whom a run of this ledger knew
// by it: people are renamed, and an old wave file does not follow. Users that were brought to their end are done; for the others
// their present name is reported, and nothing is done for users whom the file does not name.
func (c *check) renamed(ctx context.Context) error {
	byName := map[string]string{} // "": several people had that name
	for id, s := range c.in.Before {
		for _, name := range []string{wave.UserKey(s.User), wave.UserKey(s.UPN)} {
			if other, ok := byName[name]; ok && other != id {
				id = ""
			}
			byName[name] = id
		}
	}
	var rows []*row
	var ids []string
	c.eachRow(func(r *row) {
		if id := byName[wave.UserKey(r.User)]; id != "" && r.user == nil && r.User != "" && c.finding(r.Line, "user.not-found") != nil {
			rows, ids = append(rows, r), append(ids, id)
		}
	})
	if len(ids) == 0 {
		return nil
	}
	answers, err := c.tenant.Users(ctx, ids)
	if err != nil {
		return c.refused(err, "users", "User.Read.All")
	}
	for k, a := range answers {
		if a.Err == nil { // else the row's present finding is right
			c.calledNow(rows[k], a.User, c.in.Before[ids[k]])
		}
	}
	return nil
}

// calledNow reports that the user whom the run of s knew by the row's name, which the tenant does not know, is now u.
func (c *check) calledNow(r *row, u graph.User, s migration.Standing) {
	r.user = &u
	if s.State == migration.Succeeded && c.stillThere(r, s) {
		r.target.UserID, r.target.UPN, r.target.DisplayName = u.ID, u.UPN, u.DisplayName
		c.migrated(r, s, ", who is called "+u.UPN+" now,")
		return
	}
	r.user = nil
	f := c.finding(r.Line, "user.not-found")
	f.Message += "; run " + s.Run + " knew a person by that name, who is called " + u.UPN + " now"
	f.Hint = "when that person is meant, write " + u.UPN + " into the line"
}

// finding returns the finding of that code on a line; nil: none.
func (c *check) finding(line int, code string) *wave.Finding {
	if i := slices.IndexFunc(c.found, func(f wave.Finding) bool { return f.Line == line && f.Code == code }); i >= 0 {
		return &c.found[i]
	}
	return nil
}

// inOtherRun flags a row whose user another run has, with that run's command.
func (c *check) inOtherRun(r *row, s migration.Standing) {
	what, then := "run "+s.Run+" works on "+r.User, []fault.Command{fault.NewCommand("resume").For(s.Run)}
	hint := "finish that run first, or cancel the row there"
	switch {
	case s.State == migration.Held:
		what, then = "the row of "+r.User+" in run "+s.Run+" is held: an import of it may exist, and a second one must not be sent", []fault.Command{
			fault.NewCommand("reconcile", "--row", s.User, "--snapshot-id", "ID").For(s.Run), fault.NewCommand("reconcile", "--row", s.User, "--no-effect").For(s.Run)}
		hint = "find out whether the import happened, then settle the row there: take the import over by its id, or say that there is none"
	case s.State.Final() && s.InDoubt:
		what, then = "run "+s.Run+" sent an import for "+r.User+" whose end is not known", []fault.Command{fault.NewCommand("retry", "--row", s.User).For(s.Run)}
		hint = "retry the row there: the import is looked for before anything is sent"
	case s.State == migration.Failed:
		what, then = "the row of "+r.User+" failed in run "+s.Run, []fault.Command{fault.NewCommand("retry", "--row", s.User).For(s.Run)}
		hint = "retry the row there, from the step that failed"
	}
	c.flag("user.in-other-run", r, "user", r.User, what)
	c.last.Hint, c.last.Commands = hint, then
}

// stillThere reports whether the Cloud PC that an earlier run proved is there: the tenant decides, not the ledger, and one that
// was provisioned again since is another. Where Cloud PCs could not be read, the ledger is believed.
func (c *check) stillThere(r *row, s migration.Standing) bool {
	if c.facts.unread[readCloudPCs] {
		return true
	}
	for _, pc := range c.facts.pcs {
		gone := strings.EqualFold(pc.Status, graph.StatusNotProvisioned) || strings.EqualFold(pc.Status, graph.StatusInGracePeriod) || strings.EqualFold(pc.Status, graph.StatusDeprovisioning)
		theirs, proven := fold(pc.UserPrincipalName) == fold(r.user.UPN), s.Proven(pc.ID, pc.ProvisionedAt)
		if !gone && (theirs && s.CloudPCID == "" && (s.Policy == "" || strings.EqualFold(pc.ProvisioningPolicyID, s.Policy)) ||
			proven && (theirs || fold(pc.UserPrincipalName) == fold(s.UPN))) { // the service learns a new name late
			return true
		}
	}
	return false
}

// sameRow reports whether the row is still the one that failed: one whose disk, policy, group, license or trigger was changed
// since is a new request.
func (c *check) sameRow(r *row, s migration.Standing) bool {
	if s.Trigger != "" && r.target.Trigger != s.Trigger || c.otherGroup(r, s) || c.otherLicense(r, s) {
		return false
	}
	if r.Policy != "" && s.Policy != "" {
		same := strings.EqualFold(r.Policy, s.Policy)
		for _, p := range c.facts.policies {
			same = same || strings.EqualFold(p.ID, s.Policy) && fold(p.DisplayName) == fold(r.Policy)
		}
		if !same {
			return false
		}
	}
	disk, err := bloburl.Parse(r.Blob, c.in.BlobRoot)
	return err != nil || s.Disk == "" || disk.URL() == s.Disk
}

// otherLicense reports whether the row names a license other than the one that an earlier run was to assign.
func (c *check) otherLicense(r *row, s migration.Standing) bool {
	if r.License == "" || s.License == "" || strings.EqualFold(r.License, s.License) {
		return false
	}
	for _, k := range c.facts.skus {
		if strings.EqualFold(k.ID, s.License) {
			return !plans.SameSKU(r.License, k.ID, k.PartNumber)
		}
	}
	return false // its name then is unknown
}

// otherGroup reports whether the row's user will be in a group other than the one where an earlier run left them: the row names
// another one, or the policy is no longer assigned to that one.
func (c *check) otherGroup(r *row, s migration.Standing) bool {
	if s.Group == "" {
		return false
	}
	if r.Group != "" && fold(r.Group) != fold(s.Group) && fold(r.Group) != fold(s.GroupName) {
		return true
	}
	for _, p := range c.facts.policies {
		if strings.EqualFold(p.ID, s.Policy) {
			return len(p.GroupIDs) > 0 && !slices.ContainsFunc(p.GroupIDs, func(id string) bool { return fold(id) == fold(s.Group) })
		}
	}
	return false
}

// withdraw removes the findings of the row so far, except those of its file.
func (c *check) withdraw(r *row) {
	kept := c.found[:0]
	for _, f := range c.found {
		if f.Line != r.Line || f.Code == "user.already-migrated" {
			kept = append(kept, f)
		}
	}
	c.found = kept
}

// replaced describes that a Cloud PC is not the one that an earlier run proved; "" when there was none.
func (c *check) replaced(r *row, pc graph.CloudPC) string {
	s, ok := c.in.Before[fold(r.user.ID)]
	if !ok || s.State != migration.Succeeded || s.Provisioned.IsZero() || pc.ProvisionedAt.IsZero() || s.Proven(pc.ID, pc.ProvisionedAt) {
		return ""
	}
	const layout = "2006-01-02 15:04:05 MST"
	return ", provisioned " + pc.ProvisionedAt.UTC().Format(layout) + "; it is not, or no longer, what run " + s.Run + " made from the disk (provisioned " +
		s.Provisioned.UTC().Format(layout) + "), so keep the disk: it was rebuilt since, or resized or restored"
}
