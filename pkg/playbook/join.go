package playbook

import (
	"context"
	"maps"
	"slices"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/migration"
)

// seenAfter is how long after joining the directory is read for the first time: most memberships show within a minute.
const seenAfter = time.Minute

// join adds the users to their groups before the import, because the import requires the policy to be assigned to the
// user, and waits until the directory shows it. Users of one group are added, and looked for, many with each call.
func (b *Playbook) join(ctx context.Context, rows []migration.Row) ([]migration.Result, error) {
	results := make([]migration.Result, len(rows))
	todo := map[string][]int{} // group → users that were never requested
	look := map[string][]int{} // group → those who were added
	added := make([]time.Time, len(rows))
	for i, r := range rows {
		past, err := b.journal.Intents(ctx, b.run.ID, r.Index)
		if err != nil {
			return nil, err
		}
		if lastOf(past, b.membership(r)) == nil {
			todo[r.Target.GroupID] = append(todo[r.Target.GroupID], i)
			continue
		}
		out, err := b.apply(ctx, b.membership(r))
		switch {
		case err != nil:
			if results[i], err = b.notJoined(ctx, r, err); err != nil {
				return nil, err
			}
		case b.clock.Now().Sub(out.At) < seenAfter/4:
			results[i] = b.joined(r)
		default:
			look[r.Target.GroupID] = append(look[r.Target.GroupID], i)
			added[i] = out.At
		}
	}
	for _, group := range slices.Sorted(maps.Keys(todo)) {
		at, err := b.strangers(ctx, group, todo[group], rows, results)
		if err != nil {
			return nil, err
		}
		if err := b.addAll(ctx, group, at, rows, results); err != nil {
			return nil, err
		}
	}
	for _, group := range slices.Sorted(maps.Keys(look)) {
		at := look[group]
		seen, err := b.membersAt(ctx, group, at, rows, results)
		if err != nil {
			return nil, err
		}
		for k, member := range seen {
			i := at[k]
			if member {
				results[i] = b.memberSeen(rows[i])
			} else {
				results[i] = b.memberMissing(rows[i], added[i])
			}
		}
	}
	return results, nil
}

// membersAt looks which users of the rows at these positions are in the group. Nil: that could not be found out, and the rows
// have their results.
func (b *Playbook) membersAt(ctx context.Context, group string, at []int, rows []migration.Row, results []migration.Result) (seen []bool, err error) {
	users := make([]string, len(at))
	for k, i := range at {
		users[k] = rows[i].Target.UserID
	}
	seen, err = b.graph.MembersAmong(ctx, group, users)
	if err == nil {
		return seen, nil
	}
	for _, i := range at {
		var fatal error
		if results[i], fatal = b.membersUnread(ctx, rows[i], err); fatal != nil {
			return nil, fatal
		}
	}
	return nil, nil
}

// memberSeen is the result of a row whose user is in the group.
func (b *Playbook) memberSeen(r migration.Row) migration.Result {
	f := clearSuspicion(r.Facts)
	f.MemberSeen = b.clock.Now()
	return migration.Done(f)
}

// memberMissing is the result of a row whose user was added at some time and does not show as a member.
func (b *Playbook) memberMissing(r migration.Row, added time.Time) migration.Result {
	if b.clock.Now().Sub(added) <= linkLag {
		return migration.Wait(clearSuspicion(r.Facts), b.aligned(half/2, half/2), noteJoined)
	}
	return b.late(r.Facts, "the membership does not show", linkLag/2, half/2, migration.Problem{
		Code: codeLeft, Message: r.Target.User + " was added to group " + r.Target.GroupName + " at " + stamp(added) + " and is not a member: somebody removed them",
		Hint: "find out who or what removes members of the group; retry adds the user again", Commands: retry(),
	})
}

// strangers leaves out who is a member already: that membership is not this run's doing, and an undo must not take it away.
// Those rows are done with the step. at are positions in rows.
func (b *Playbook) strangers(ctx context.Context, group string, at []int, rows []migration.Row, results []migration.Result) ([]int, error) {
	seen, err := b.membersAt(ctx, group, at, rows, results)
	var out []int
	for k, member := range seen {
		if i := at[k]; member {
			results[i] = b.memberSeen(rows[i])
		} else {
			out = append(out, i)
		}
	}
	return out, err
}

const noteJoined = "waiting for the directory to show the membership"

func (b *Playbook) joined(r migration.Row) migration.Result {
	if b.pace.Imports() == 0 { // at the beginning slots are idle: sooner is worth a call
		return migration.Wait(clearSuspicion(r.Facts), seenAfter/4, noteJoined)
	}
	return migration.Wait(clearSuspicion(r.Facts), b.aligned(seenAfter, half), noteJoined)
}

// addAll adds users to a group with one call. Each has an intent of its own, and all carry the call's id. When the call
// is refused or its answer lost, each row continues by itself and checks first.
func (b *Playbook) addAll(ctx context.Context, group string, at []int, rows []migration.Row, results []migration.Result) error {
	id := cloud.NewOperationID()
	intents := make([]migration.Intent, len(at))
	users := make([]string, len(at))
	for k, i := range at {
		if ctx.Err() != nil {
			for _, i := range at[k:] {
				results[i] = migration.Stopped(rows[i].Facts)
			}
			at, intents, users = at[:k], intents[:k], users[:k]
			break
		}
		in, err := b.journal.Intend(ctx, migration.Intent{
			Run: b.run.ID, Row: rows[i].Index, Attempt: rows[i].Attempt, Effect: migration.EffectJoin, Subject: group,
			ClientRequestID: id, At: b.clock.Now(),
		})
		if err != nil {
			return err
		}
		intents[k], users[k] = in, rows[i].Target.UserID
	}
	if len(at) == 0 {
		return nil
	}
	requestID, err, denied := b.send(ctx, nil, func(ctx context.Context) error { return b.graph.AddMembers(ctx, group, users) }, intents...)
	if denied != nil {
		return denied
	}
	out := migration.Outcome{Status: migration.OutcomeDone, RequestID: requestID, At: b.clock.Now()}
	if err != nil {
		out.Status, out.Detail = migration.OutcomeUnknown, err.Error()
	}
	for k, i := range at {
		if err := b.journal.Conclude(ctx, intents[k], out); err != nil {
			return err
		}
		r := rows[i]
		switch {
		case err == nil:
			results[i] = b.joined(r)
		case len(at) == 1:
			res, err := b.notJoined(ctx, r, err)
			if err != nil {
				return err
			}
			results[i] = res
		default:
			results[i] = migration.Wait(r.Facts, b.aligned(half/2, half/2), "adding many users at once did not work: one by one")
		}
	}
	return nil
}

// notJoined is what follows for a row from an error of adding its user to its group.
func (b *Playbook) notJoined(ctx context.Context, r migration.Row, err error) (migration.Result, error) {
	if s, fatal := b.groupMissed(ctx, r, err); s != nil || fatal != nil {
		return orNone(s), fatal
	}
	return effectFailed(r, err, "group.join-failed", "add "+r.Target.User+" to group "+r.Target.GroupName)
}

// membersUnread is what follows for a row from an error of looking for its user among the members of its group.
func (b *Playbook) membersUnread(ctx context.Context, r migration.Row, err error) (migration.Result, error) {
	if s, fatal := b.groupMissed(ctx, r, err); s != nil || fatal != nil {
		return orNone(s), fatal
	}
	return b.readFailed(r, err, "group.join-failed", "look for "+r.Target.User+" in group "+r.Target.GroupName)
}

// membership is the effect of joining the row's group.
func (b *Playbook) membership(r migration.Row) effect {
	group, user := r.Target.GroupID, r.Target.UserID
	return effect{
		row: r.Index, attempt: r.Attempt, kind: migration.EffectJoin, subject: group, repeatable: true, blind: true,
		present: func(ctx context.Context, _ *migration.Intent) (string, string, bool, error) {
			ok, err := b.graph.IsMember(ctx, group, user)
			return "", "the user is a member", ok, err
		},
		call: func(ctx context.Context) (string, error) { return "", b.graph.AddMember(ctx, group, user) },
	}
}
