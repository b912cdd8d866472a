// Package moved compares a sealed plan with one that was made since.
package moved

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"wave365/pkg/run/plan"
)

// Since describes, for the operator, what has changed since the plan was sealed, in order: the wave and how it is run
// first, then what surrounds it, then row by row. nil: nothing has changed, and the plan may be carried out.
func Since(was, now plan.Plan) []string {
	var moved []string
	say := func(format string, args ...any) { moved = append(moved, fmt.Sprintf(format, args...)) }
	if was.Tenant != now.Tenant {
		say("the plan is for tenant %s (%s), this sign-in is in %s (%s)", was.TenantName, was.Tenant, now.TenantName, now.Tenant)
		return moved // nothing else can be compared
	}
	if was.WaveHash != now.WaveHash {
		say("the wave file %s was edited", now.WavePath)
	}
	if was.Slots != now.Slots {
		say("--slots was %d, is %d", was.Slots, now.Slots)
	}
	if was.Changes.CreateGroup != now.Changes.CreateGroup {
		say("--create-group was %s, is %s", orNone(was.Changes.CreateGroup), orNone(now.Changes.CreateGroup))
	}
	for _, name := range slices.Sorted(maps.Keys(union(was.Settings, now.Settings))) {
		if old, fresh := was.Settings[name], now.Settings[name]; old != fresh {
			say("--%s was %s, is %s", name, orNone(old), orNone(fresh))
		}
	}
	around(was, now, say)
	rows(was, now, say)
	joins(was, now, say)
	return moved
}

func around(was, now plan.Plan, say func(string, ...any)) {
	before, after := reaching(was), reaching(now)
	for _, g := range slices.Sorted(maps.Keys(union(before, after))) {
		if before[g] != after[g] {
			say("group %s was reached by user setting %s, now by %s", g, orNone(before[g]), orNone(after[g]))
		}
	}
	for _, g := range now.Changes.Groups {
		for _, old := range was.Changes.Groups {
			if !strings.EqualFold(old.ID, g.ID) {
				continue
			}
			if more := without(g.Outsiders, old.Outsiders); len(more) > 0 {
				say("%s joined group %s and would be reached too", strings.Join(more, ", "), g.Name)
			}
		}
	}
	for _, l := range now.Changes.Licenses {
		if l.Free < l.Give {
			say("%s has %d free seats, %d are needed", l.Name, l.Free, l.Give)
		}
	}
}

// reaching returns the user setting that reaches each group, by the group's name; "" for one that is to be created,
// which has another name in each plan.
func reaching(p plan.Plan) map[string]string {
	by := map[string]string{}
	for _, s := range p.Changes.Settings {
		for _, g := range s.Groups {
			if by[g] = s.Name; s.Create {
				by[g] = ""
			}
		}
	}
	return by
}

func rows(was, now plan.Plan, say func(string, ...any)) {
	left := map[string]plan.Row{}
	for _, r := range now.Rows {
		left[r.UserID] = r
	}
	for _, old := range was.Rows {
		r, ok := left[old.UserID]
		if !ok {
			say("line %d, %s: would not run any more", old.Line, old.User)
			continue
		}
		delete(left, old.UserID)
		for _, f := range []struct{ what, was, is string }{
			{"the disk is a different one", old.Blob, r.Blob},
			{"the disk was written again (its ETag changed)", old.ETag, r.ETag},
			{"the policy is a different one", old.Policy, r.Policy},
			{"the group is a different one", groupOf(was, old, old.NewGroup), groupOf(now, r, old.NewGroup)},
			{"the license is a different one", old.License, r.License},
			{"the service plan is a different one", old.Plan, r.Plan},
			{"the trigger is " + string(r.Trigger) + ", was " + string(old.Trigger), string(old.Trigger), string(r.Trigger)},
		} {
			if f.was != f.is {
				say("line %d, %s: %s", r.Line, r.User, f.what)
			}
		}
	}
	for _, r := range now.Rows {
		if _, fresh := left[r.UserID]; fresh {
			say("line %d, %s: is not in the plan", r.Line, r.User)
		}
	}
}

// joins reports which users of rows that still run have become members, and which no longer are: a membership that
// exists before the run is not the run's to take back.
func joins(was, now plan.Plan, say func(string, ...any)) {
	before, after := joining(was), joining(now)
	for _, r := range now.Rows {
		if !slices.ContainsFunc(was.Rows, func(old plan.Row) bool { return old.UserID == r.UserID && old.Trigger == r.Trigger }) {
			continue
		}
		switch old, fresh := before[r.UserID], after[r.UserID]; {
		case old != "" && fresh == "":
			say("line %d, %s: is a member of group %s already, which the plan would have done", r.Line, r.User, old)
		case old == "" && fresh != "":
			say("line %d, %s: is not a member of group %s any more, and would join it", r.Line, r.User, fresh)
		}
	}
}

// joining returns the name of the group that each user joins, by the user's id.
func joining(p plan.Plan) map[string]string {
	ids, in := map[string]string{}, map[string]string{}
	for _, r := range p.Rows {
		ids[r.User] = r.UserID
	}
	for _, g := range p.Changes.Groups {
		for _, user := range slices.Concat(g.Before, g.AtEnd) {
			in[ids[user]] = g.Name
		}
	}
	return in
}

// groupOf returns the name of a row's group: by its id, or by its name when the run was to create it, which may have
// happened meanwhile. planned is that name in the plan; "" when the group existed.
func groupOf(p plan.Plan, r plan.Row, planned string) string {
	if planned == "" && r.Group != "" {
		return r.Group
	}
	for _, g := range p.Changes.Groups {
		if r.Group != "" && strings.EqualFold(g.ID, r.Group) {
			return "new " + g.Name
		}
	}
	return "new " + r.NewGroup
}

func union(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, b)
	return all
}

func without(list, known []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(known, s) })
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
