package playbook

import (
	"context"
	"time"

	"wave365/pkg/migration"
)

// join puts the user into the row's group before the import, as the import wants the policy to be assigned to the
// user, and waits until the directory shows it.
func (b *Book) join(ctx context.Context, r migration.Row) (migration.Result, error) {
	if _, err, jerr := b.apply(ctx, b.membership(r)); jerr != nil {
		return migration.Result{}, jerr
	} else if err != nil {
		return trouble(r, err, "group.join-failed", "add "+r.Target.User+" to group "+r.Target.GroupName), nil
	}
	f := r.Facts
	seen, err := b.graph.IsMember(ctx, r.Target.GroupID, r.Target.UserID)
	if err != nil {
		return unread(b, r, err, "group.join-failed", "look for "+r.Target.User+" in group "+r.Target.GroupName), nil
	}
	if !seen {
		return migration.Wait(f, 15*time.Second, "waiting for the directory to show the membership"), nil
	}
	f.MemberSeen = b.clock.Now()
	return migration.Done(f), nil
}

// membership is the effect of joining the row's group.
func (b *Book) membership(r migration.Row) effect {
	group, user := r.Target.GroupID, r.Target.UserID
	return effect{
		row: r.Index, attempt: r.Attempt, kind: migration.EffectJoin, subject: group, repeatable: true,
		present: func(ctx context.Context, _ *migration.Intent) (string, string, bool, error) {
			ok, err := b.graph.IsMember(ctx, group, user)
			return "", "the user is a member", ok, err
		},
		call: func(ctx context.Context) (string, error) { return "", b.graph.AddMember(ctx, group, user) },
	}
}
