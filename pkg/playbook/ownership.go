package playbook

import (
	"context"
	"slices"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// A Cloud PC names its user by UPN only, and an import may. The Cloud PC of a user who was renamed since validation may be listed under the old
// name for a while, and the old name may have been given to another user since: a new hire in the same group, under the same policy.

// keepOwn removes from each row's Cloud PCs those of other users, and notes in unread the rows for which that could not be
// found out. It reads the account where a Cloud PC is listed that the row did not have before, so once for most rows. own and
// unread are in the order of rows.
func (b *Playbook) keepOwn(ctx context.Context, rows []migration.Row, own [][]graph.CloudPC, unread []error) {
	var at []int
	listed := map[int][]graph.CloudPC{} // row index → Cloud PCs under one of the user's names
	for i, r := range rows {
		if unread[i] == nil && slices.ContainsFunc(own[i], func(pc graph.CloudPC) bool { return !isKnown(r, pc) }) {
			at = append(at, i)
			listed[r.Index] = own[i]
		}
	}
	for chunk := range slices.Chunk(at, atOnce(rows)) {
		some := make([]migration.Row, len(chunk))
		for k, i := range chunk {
			some[k] = rows[i]
		}
		for k, s := range b.lookAtAll(ctx, some, look{"read the users", b.lookAtAccounts},
			look{"look who has an earlier name now", func(ctx context.Context, rows []migration.Row, seen []surroundings) error {
				for i, r := range rows {
					seen[i].cloudPCs = slices.Clone(listed[r.Index])
				}
				return b.dropOthers(ctx, rows, seen)
			}}) {
			own[chunk[k]], unread[chunk[k]] = s.cloudPCs, s.lookFailed()
		}
	}
}

// dropOthers removes from seen the Cloud PCs under a name that is not the user's at this moment and that another user has.
// Those that a row had before stay: they were its own by then. The accounts in seen have been read.
func (b *Playbook) dropOthers(ctx context.Context, rows []migration.Row, seen []surroundings) error {
	var names []string
	for i, r := range rows {
		for _, pc := range seen[i].cloudPCs {
			if !isKnown(r, pc) && !strings.EqualFold(pc.UserPrincipalName, seen[i].user.User.UPN) {
				names = append(names, strings.ToLower(pc.UserPrincipalName))
			}
		}
	}
	has, err := b.whoHas(ctx, names)
	if err != nil {
		return err
	}
	for i, r := range rows {
		seen[i].cloudPCs = slices.DeleteFunc(seen[i].cloudPCs, func(pc graph.CloudPC) bool {
			id := has[strings.ToLower(pc.UserPrincipalName)]
			return !isKnown(r, pc) && id != "" && !strings.EqualFold(id, r.Target.UserID)
		})
	}
	return nil
}

// keepOwnImports puts into seen those of some imports that are the row's user's: by object id, or by a UPN that is theirs at this
// moment, or was and that no other user has now. The accounts in seen have been read.
func (b *Playbook) keepOwnImports(ctx context.Context, rows []migration.Row, seen []surroundings, all []graph.Import) error {
	var earlier []string
	isEarlier := func(im graph.Import, s surroundings) bool {
		return !isID(im.AssignedUser) && !strings.EqualFold(im.AssignedUser, s.user.User.UPN)
	}
	for i, r := range rows {
		r.Facts = renamed(r, seen[i])
		for _, im := range all {
			if !assigned(im.AssignedUser, r) {
				continue
			}
			if seen[i].imports = append(seen[i].imports, im); isEarlier(im, seen[i]) {
				earlier = append(earlier, strings.ToLower(im.AssignedUser))
			}
		}
	}
	has, err := b.whoHas(ctx, earlier)
	if err != nil {
		return err
	}
	for i, r := range rows {
		seen[i].imports = slices.DeleteFunc(seen[i].imports, func(im graph.Import) bool {
			id := has[strings.ToLower(im.AssignedUser)]
			return isEarlier(im, seen[i]) && id != "" && !strings.EqualFold(id, r.Target.UserID)
		})
	}
	return nil
}

// importsOf gives those of some imports that are the row's user's, and notes in the row how the user is called now where that
// had to be looked up.
func (b *Playbook) importsOf(ctx context.Context, r *migration.Row, all []graph.Import) ([]graph.Import, error) {
	if !slices.ContainsFunc(all, func(im graph.Import) bool { return !isID(im.AssignedUser) || assigned(im.AssignedUser, *r) }) {
		return nil, nil
	}
	s := b.lookAtAll(ctx, []migration.Row{*r}, look{"read the users", b.lookAtAccounts},
		look{"look who has an earlier name now", func(ctx context.Context, rows []migration.Row, seen []surroundings) error {
			return b.keepOwnImports(ctx, rows, seen, all)
		}})[0]
	if err := s.lookFailed(); err != nil {
		return nil, err
	}
	r.Facts = renamed(*r, s)
	return s.imports, nil
}

// ownImport reports whether an import that the row's own call made is the row's user's, under any name that they have had since.
func (b *Playbook) ownImport(ctx context.Context, r migration.Row, im graph.Import) (bool, error) {
	if assigned(im.AssignedUser, r) {
		return true, nil
	}
	own, err := b.importsOf(ctx, &r, []graph.Import{im})
	return len(own) > 0, err
}

// stillOurs looks whether an import of the row, by this id, says that it is the row's user's, under the name that they have now; nil:
// it is. It notes in the row how the user is called where that had to be looked up.
func (b *Playbook) stillOurs(ctx context.Context, r *migration.Row, id string, im graph.Import) (stop, error) {
	if assigned(im.AssignedUser, *r) {
		return nil, nil
	}
	s := b.lookAtAll(ctx, []migration.Row{*r}, look{"read the users", b.lookAtPeople})[0]
	if err := s.lookFailed(); err != nil {
		return stopWith(b.readFailed(*r, err, "import.unreadable", "read user "+r.Target.User))
	}
	now := *r
	if now.Facts = renamed(now, s); assigned(im.AssignedUser, now) {
		*r = now
		return nil, nil
	}
	res := migration.Unknown(now.Facts, wrongUser(id, im, now))
	if p := userGone(now, s); p != nil { // what they were called last cannot be read any more
		res = b.confirmTwice(*r, r.Facts, p.Message, func(f migration.Facts) migration.Result { return migration.Failure(f, *p) })
	}
	return &res, nil
}

// whoHas finds out which users have some names now. It maps each name, all in lower case, to an object id; a name that no user
// has is left out.
func (b *Playbook) whoHas(ctx context.Context, names []string) (map[string]string, error) {
	has := map[string]string{}
	if len(names) == 0 {
		return has, nil
	}
	slices.Sort(names)
	names = slices.Compact(names)
	answers, err := b.graph.UsersTogether(ctx, names)
	if err != nil {
		return nil, err
	}
	for k, a := range answers {
		switch {
		case a.Err == nil:
			has[names[k]] = a.User.ID
		case !fault.Is(a.Err, fault.NotFound):
			return nil, a.Err
		}
	}
	return has, nil
}

// isKnown reports whether a Cloud PC was found to be the row's before, under any name.
func isKnown(r migration.Row, pc graph.CloudPC) bool {
	return pc.ID != "" && strings.EqualFold(pc.ID, r.Facts.CloudPCID)
}
