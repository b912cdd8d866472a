package preflight

import (
	"context"
	"fmt"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/preflight/rules"
	"wave365/pkg/wave"
)

// people resolves every user of the wave, in batches, and reports what is wrong with them.
func (c *check) people(ctx context.Context) error {
	var names []string
	at := map[string][]int{} // spelling → rows
	for i := range c.rows {
		name := c.rows[i].User
		if name == "" || c.told(c.rows[i].Line, "user", "csv.value-bad") {
			continue
		}
		key := wave.UserKey(name)
		if at[key] == nil {
			names = append(names, name)
		}
		at[key] = append(at[key], i)
	}
	t := &tally{code: "user.unreadable", things: "users", total: len(names)}
	answers, err := ask(ctx, c, "people", names, t, c.tenant.Users, func(a graph.UserAnswer) error { return a.Err })
	if err != nil {
		return c.refused(err, "users", "User.Read.All")
	}
	for k := range answers {
		for _, i := range at[wave.UserKey(names[k])] {
			c.person(&c.rows[i], &answers[k])
		}
	}
	c.eachRow(func(r *row) {
		if r.user != nil {
			c.byID[fold(r.user.ID)] = append(c.byID[fold(r.user.ID)], r)
		}
	})
	c.onePerPerson()
	for i := range c.rows {
		r := &c.rows[i]
		if r.user == nil {
			continue
		}
		if r.target.Trigger == migration.TriggerLicense && r.user.UsageLocation == "" {
			c.flag("user.no-usage-location", r, "user", r.User, r.User+" has no usage location, so no license can be assigned")
		}
	}
	c.earlierRuns()
	return c.renamed(ctx)
}

// person records the directory's answer about a row's user.
func (c *check) person(r *row, a *graph.UserAnswer) {
	if broken := rules.User(r.User, *a); broken != nil {
		c.flag(broken.Code, r, "user", r.User, broken.Message)
	}
	switch {
	case fault.Is(a.Err, fault.NotFound):
	case a.Err != nil:
		c.unreadable("user.unreadable", r, "user", r.User, a.Err)
	default:
		r.user = &a.User
		r.target.UserID, r.target.UPN, r.target.DisplayName = r.user.ID, r.user.UPN, r.user.DisplayName
	}
}

// onePerPerson finds rows of one person that the file spells so differently that only the tenant can match them, such
// as UPN and object id. The file's own check has reported the others.
func (c *check) onePerPerson() {
	c.eachRow(func(r *row) {
		if r.user == nil || c.told(r.Line, "user", "user.duplicate") {
			return
		}
		for _, other := range c.byID[fold(r.user.ID)] {
			if other != r {
				c.flag("user.duplicate", r, "user", r.User, fmt.Sprintf("%s is the same person as on line %d; a user can have one snapshot", r.User, other.Line))
				return
			}
		}
	})
}
