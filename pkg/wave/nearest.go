package wave

import (
	"slices"
	"strings"
)

// Nearest is the one of known that a name was probably meant to be, compared as headers are: without case, blanks, "_" and
// "-". "" when none is much like it.
func Nearest(name string, known []string) string {
	folded := []rune(foldHeader(name))
	near, best := "", max(1, len(folded)/3)+1
	for _, k := range known {
		if d := distance(folded, []rune(foldHeader(k))); d < best {
			best, near = d, k
		}
	}
	return near
}

// NearestUser is the beginning of a hint for a user name that nobody has, "did you mean ada@contoso.com? ": the one of users
// that was probably meant, compared by what stands before the @. "" when none is much like it.
func NearestUser(name string, users []string) string {
	before := func(user string) string { before, _, _ := strings.Cut(user, "@"); return before }
	names := make([]string, len(users))
	for i, user := range users {
		names[i] = before(user)
	}
	near := Nearest(before(name), names)
	if near == "" {
		return ""
	}
	return "did you mean " + users[slices.Index(names, near)] + "? "
}
