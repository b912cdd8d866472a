package tenantcare

import (
	"cmp"
	"slices"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/wave"
)

// RowsOf are the rows of one person, in the order given: those whose user, UPN or object id is name, or else those with
// that display name. Errors: NotFound (row.none); Invalid (user.ambiguous) when several people have the name: then
// nothing is changed.
func RowsOf(rows []migration.Row, name string) ([]migration.Row, error) {
	key := wave.UserKey(name)
	called := func(names func(t migration.Target) []string) []migration.Row {
		return slices.DeleteFunc(slices.Clone(rows), func(r migration.Row) bool {
			return !slices.ContainsFunc(names(r.Target), func(n string) bool { return n != "" && wave.UserKey(n) == key })
		})
	}
	found := called(func(t migration.Target) []string { return []string{t.User, t.UPN, t.UserID} })
	if len(found) == 0 {
		found = called(func(t migration.Target) []string { return []string{t.DisplayName} })
	}
	if len(found) == 0 {
		users := make([]string, len(rows))
		for i, r := range rows {
			users[i] = r.Target.User
		}
		return nil, fault.New(fault.NotFound, "row.none", "no row is of "+name, wave.NearestUser(name, users)+"name the user as the wave file does")
	}
	who := []string{}
	seen := map[string]bool{}
	for _, r := range found {
		id := cmp.Or(strings.ToLower(r.Target.UserID), wave.UserKey(r.Target.User))
		if !seen[id] {
			seen[id], who = true, append(who, r.Target.User)
		}
	}
	if len(who) > 1 {
		return nil, fault.New(fault.Invalid, "user.ambiguous", name+" matches several people: "+strings.Join(who, ", "), "name the person by UPN or object id; nothing was changed")
	}
	return found, nil
}
