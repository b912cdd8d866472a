package tenantcare

import (
	"slices"
	"strconv"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/wave"
)

// Named is a thing of the tenant as people name it.
type Named struct{ ID, Name string }

// Pick finds the one thing that cell names, by id or by display name; names are compared without case and surrounding
// blanks. what is the thing's kind in the singular, such as "provisioning policy"; code is the family of the fault's code.
//
// Errors: NotFound (code.not-found) with the names there are; Invalid (code.ambiguous) when several bear the name: then
// none is taken.
func Pick[T any](what, code, cell string, all []T, named func(T) Named) (T, error) {
	var zero T
	for _, one := range all {
		if strings.EqualFold(named(one).ID, strings.TrimSpace(cell)) {
			return one, nil
		}
	}
	var found []T
	key := wave.UserKey(cell)
	for _, one := range all {
		if wave.UserKey(named(one).Name) == key {
			found = append(found, one)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return zero, fault.New(fault.NotFound, code+".not-found", "there is no "+what+" "+cell+" in this tenant", known(all, named))
	}
	var ids []string
	for _, one := range found {
		ids = append(ids, named(one).ID)
	}
	return zero, fault.New(fault.Invalid, code+".ambiguous", "ambiguous "+what+" "+cell+": "+strings.Join(ids, ", "), "name it by its id; nothing was changed")
}

// ByID finds the one thing of an id, without case. The fault is NotFound, of that code.
func ByID[T any](what, code, id string, all []T, idOf func(T) string) (T, error) {
	for _, one := range all {
		if strings.EqualFold(idOf(one), id) {
			return one, nil
		}
	}
	var zero T
	return zero, fault.New(fault.NotFound, code, "the "+what+" "+id+" is gone", "somebody deleted it: run the command again")
}

// Has reports whether an id is in a list, without case; Without is the list without it.
func Has(list []string, id string) bool {
	return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, id) })
}

// Without is list without an id.
func Without(list []string, id string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(x string) bool { return strings.EqualFold(x, id) })
}

// known lists the first names there are.
func known[T any](all []T, named func(T) Named) string {
	const most = 8
	if len(all) == 0 {
		return "check the spelling, or name it by its id"
	}
	var names []string
	for _, one := range all[:min(most, len(all))] {
		names = append(names, named(one).Name)
	}
	text := "there are: " + strings.Join(names, ", ")
	if len(all) > most {
		text += ", …"
	}
	return text
}

// OneUser is the one user among those whom the directory found under a name. Errors: NotFound (user.not-found); Invalid
// (user.ambiguous) when several users have the name: then nothing is changed.
func OneUser(name string, found []graph.User) (graph.User, error) {
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return graph.User{}, fault.New(fault.NotFound, "user.not-found", "there is no user "+name+" in this tenant", "name the user by UPN or object id")
	}
	var who []string
	for _, u := range found {
		who = append(who, u.UPN)
	}
	return graph.User{}, fault.New(fault.Invalid, "user.ambiguous", strconv.Itoa(len(found))+" people are called "+name+": "+strings.Join(who, ", "),
		"name the person by UPN or object id; nothing was changed")
}
