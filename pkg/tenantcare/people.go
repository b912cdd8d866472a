package tenantcare

import (
	"slices"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/wave"
)

// RowsOf are the rows of one person, in the order given: those whose user, UPN or object id is name, or else those whose
// display name it is. Errors: NotFound (row.none); Invalid (user.ambiguous) when the name means several people: then
// nobody is touched.
func RowsOf(rows []migration.Row, name string) ([]migration.Row, error) {
	key := wave.UserKey(name)
	is := func(keys ...string) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return k != "" && wave.UserKey(k) == key })
	}
	var found []migration.Row
	for _, r := range rows {
		if is(r.Target.User, r.Target.UPN, r.Target.UserID) {
			found = append(found, r)
		}
	}
	if len(found) == 0 {
		for _, r := range rows {
			if is(r.Target.DisplayName) {
				found = append(found, r)
			}
		}
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
		id := strings.ToLower(r.Target.UserID)
		if id == "" {
			id = wave.UserKey(r.Target.User)
		}
		if !seen[id] {
			seen[id], who = true, append(who, r.Target.User)
		}
	}
	if len(who) > 1 {
		return nil, fault.New(fault.Invalid, "user.ambiguous", name+" means several people: "+strings.Join(who, ", "), "name the one by UPN or object id; nobody was touched")
	}
	return found, nil
}
