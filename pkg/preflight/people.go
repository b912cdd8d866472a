package preflight

import (
	"context"
	"fmt"

	"wave365/pkg/fault"
)

// people resolves every user of the wave, in batches, and says what is wrong with them.
func (c *check) people(ctx context.Context) error {
	var names []string
	at := map[string][]int{} // spelling → rows
	for i := range c.rows {
		name := c.rows[i].User
		if name == "" {
			continue
		}
		key := fold(name)
		if at[key] == nil {
			names = append(names, name)
		}
		at[key] = append(at[key], i)
	}
	const stretch = 200 // so that progress moves on a large wave
	for from := 0; from < len(names); from += stretch {
		part := names[from:min(from+stretch, len(names))]
		c.progress("people", from, len(names))
		answers, err := c.tenant.Users(ctx, part)
		if err != nil {
			return c.refused(err, "users", "User.Read.All")
		}
		for k, a := range answers {
			for _, i := range at[fold(part[k])] {
				r := &c.rows[i]
				switch {
				case fault.Is(a.Err, fault.NotFound):
					c.flag("user.not-found", r, "user", r.User, "the tenant has no user "+r.User)
				case a.Err != nil:
					if err := c.refused(a.Err, "users", "User.Read.All"); err != nil {
						return err
					}
				default:
					user := a.User
					r.user = &user
					r.target.UserID, r.target.UPN, r.target.DisplayName = user.ID, user.UPN, user.DisplayName
				}
			}
		}
	}
	c.progress("people", len(names), len(names))
	c.onePerPerson()
	for i := range c.rows {
		r := &c.rows[i]
		if r.user == nil {
			continue
		}
		if !r.user.Enabled {
			c.flag("user.disabled", r, "user", r.User, "the account of "+r.User+" is disabled")
		}
		if r.License != "" && r.user.UsageLocation == "" {
			c.flag("user.no-usage-location", r, "user", r.User, r.User+" has no usage location, so no license can be assigned")
		}
		if run := c.in.OpenUsers[fold(r.user.ID)]; run != "" {
			c.flag("user.in-other-run", r, "user", r.User, r.User+" is in run "+run+", which is not finished")
		}
	}
	return nil
}

// onePerPerson finds rows of one person that the file spells so differently that only the tenant can tell, such as
// UPN and object id. The file's own check has told the others.
func (c *check) onePerPerson() {
	byID := map[string][]int{}
	for i := range c.rows {
		if u := c.rows[i].user; u != nil {
			byID[fold(u.ID)] = append(byID[fold(u.ID)], i)
		}
	}
	told := map[int]bool{}
	for _, f := range c.in.Findings {
		if f.Code == "user.duplicate" {
			told[f.Line] = true
		}
	}
	for i := range c.rows {
		r := &c.rows[i]
		if r.user == nil || told[r.Line] {
			continue
		}
		for _, k := range byID[fold(r.user.ID)] {
			if k != i {
				c.flag("user.duplicate", r, "user", r.User, fmt.Sprintf("%s is the same person as on line %d; a user can have one snapshot", r.User, c.rows[k].Line))
				break
			}
		}
	}
}
