package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Moved says what is no longer as it was when the plan was sealed, in words for the operator, in order: the wave and
// how it is run first, then what is around it, then row by row. nil: nothing moved, and the plan may be carried out.
func (p Plan) Moved(now Plan) []string {
	var moved []string
	say := func(format string, args ...any) { moved = append(moved, fmt.Sprintf(format, args...)) }
	if p.Tenant != now.Tenant {
		say("the plan is for tenant %s (%s), this sign-in is in %s (%s)", p.TenantName, p.Tenant, now.TenantName, now.Tenant)
		return moved // nothing else can be compared
	}
	if p.WaveHash != now.WaveHash {
		say("the wave file %s was edited", now.WavePath)
	}
	if p.Slots != now.Slots {
		say("--slots was %d, is %d", p.Slots, now.Slots)
	}
	if p.Changes.CreateGroup != now.Changes.CreateGroup {
		say("--create-group was %s, is %s", orNone(p.Changes.CreateGroup), orNone(now.Changes.CreateGroup))
	}
	for _, name := range slices.Sorted(maps.Keys(union(p.Settings, now.Settings))) {
		if was, is := p.Settings[name], now.Settings[name]; was != is {
			say("--%s was %s, is %s", name, orNone(was), orNone(is))
		}
	}
	p.around(now, say)
	p.rows(now, say)
	p.joins(now, say)
	return moved
}

func (p Plan) around(now Plan, say func(string, ...any)) {
	was, is := map[string]string{}, map[string]string{}
	for plan, into := range map[*Plan]map[string]string{&p: was, &now: is} {
		for _, s := range plan.Changes.Settings {
			for _, g := range s.Groups {
				into[g] = s.Name
				if s.Create {
					into[g] = "" // the one that is made has another name in each plan
				}
			}
		}
	}
	for _, g := range slices.Sorted(maps.Keys(union(was, is))) {
		if was[g] != is[g] {
			say("group %s was reached by user setting %s, now by %s", g, orNone(was[g]), orNone(is[g]))
		}
	}
	for _, g := range now.Changes.Groups {
		for _, old := range p.Changes.Groups {
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

func (p Plan) rows(now Plan, say func(string, ...any)) {
	is := map[string]Row{}
	for _, r := range now.Rows {
		is[r.UserID] = r
	}
	for _, was := range p.Rows {
		r, ok := is[was.UserID]
		if !ok {
			say("line %d, %s: would not run any more", was.Line, was.User)
			continue
		}
		delete(is, was.UserID)
		for _, f := range []struct{ what, was, is string }{
			{"the disk is another one", was.Blob, r.Blob},
			{"the disk was written again (its ETag changed)", was.ETag, r.ETag},
			{"the policy is another one", was.Policy, r.Policy},
			{"the group is another one", p.groupOf(was, was.NewGroup), now.groupOf(r, was.NewGroup)},
			{"the license is another one", was.License, r.License},
			{"the service plan is another one", was.Plan, r.Plan},
			{"the trigger is " + string(r.Trigger) + ", was " + string(was.Trigger), string(was.Trigger), string(r.Trigger)},
		} {
			if f.was != f.is {
				say("line %d, %s: %s", r.Line, r.User, f.what)
			}
		}
	}
	for _, r := range now.Rows {
		if _, fresh := is[r.UserID]; fresh {
			say("line %d, %s: is not in the plan", r.Line, r.User)
		}
	}
}

// joins says of the rows that still run who is a member by now, and who is none any more: a membership that is there
// before the run is not the run's to take back.
func (p Plan) joins(now Plan, say func(string, ...any)) {
	was, is := p.joining(), now.joining()
	for _, r := range now.Rows {
		if !slices.ContainsFunc(p.Rows, func(old Row) bool { return old.UserID == r.UserID && old.Trigger == r.Trigger }) {
			continue
		}
		switch old, fresh := was[r.UserID], is[r.UserID]; {
		case old != "" && fresh == "":
			say("line %d, %s: is a member of group %s already, which the plan would have done", r.Line, r.User, old)
		case old == "" && fresh != "":
			say("line %d, %s: is no member of group %s any more, and would join it", r.Line, r.User, fresh)
		}
	}
}

// joining gives the name of the group that each user joins, by the user's id.
func (p Plan) joining() map[string]string {
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

// groupOf tells a row's group: by its id, or by its name when it was to be made, which it may have been meanwhile. planned is
// that name in the plan; "" when the group was there.
func (p Plan) groupOf(r Row, planned string) string {
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
