// Package check reports what is well-formed in a scenario but invalid: unknown names, values outside their range, duplicates.
// It reads no file.
package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/scenario/shape"
)

// checker collects the problems of a scenario.
type checker struct {
	s        *scenario.Scenario
	lines    shape.Lines
	problems []shape.Problem

	users, connections map[string]bool
	// licenses, groups and policies count how many objects have a name or id.
	licenses, groups, policies named
	accounts                   map[string]bool
}

// Scenario returns all problems of a scenario. lines are the positions in the file.
func Scenario(s *scenario.Scenario, lines shape.Lines) []shape.Problem {
	c := &checker{s: s, lines: lines}

	c.header()
	c.connectionList()
	c.licenseList()
	c.userList()
	c.groupList()
	c.policyList()
	c.settingList()
	c.imageList()
	c.accountList()
	c.blobList()
	c.cloudPCList()
	c.importList()
	c.fateList()
	c.eventList()
	c.knobs()
	c.faultList()
	return c.problems
}

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)

func (c *checker) header() {
	if c.s.Version != 1 {
		c.add("version", -1, "", "expected 1, got %d", c.s.Version)
	}
	if c.s.Name == "" {
		c.add("name", -1, "", "expected a name for the scenario")
	}
	if c.s.Tenant.ID == "" || !guid.MatchString(c.s.Tenant.ID) {
		c.add("tenant", -1, "id", "expected the tenant's id, a GUID such as 11111111-2222-4333-8444-555555555555, got %q", c.s.Tenant.ID)
	}
	if d := c.s.Tenant.Domain; d == "" || strings.ContainsAny(d, "@ /") {
		c.add("tenant", -1, "domain", "expected a domain such as contoso.example, got %q", d)
	}
}

// add records a problem of entry i of a top-level list, or of a top-level field when i is negative.
func (c *checker) add(section string, i int, field, format string, args ...any) {
	p := shape.Problem{Line: c.lines.Of(section, i, field), Field: section, Expected: fmt.Sprintf(format, args...)}
	if i >= 0 {
		p.Field = fmt.Sprintf("%s[%d]", section, i)
	}
	if field != "" {
		p.Field += "." + field
	}
	c.problems = append(c.problems, p)
}

// required records a problem if a field is empty, in the words of expected; it reports whether it is filled.
func (c *checker) required(section string, i int, field, value, expected string) bool {
	if value == "" {
		c.add(section, i, field, "%s", expected)
	}
	return value != ""
}

// once adds a name to a set and records a problem if it was there already.
func (c *checker) once(set map[string]bool, section string, i int, field, key, shown string) {
	if set[key] {
		c.add(section, i, field, "expected each %s once, %q is there twice", strings.TrimSuffix(section, "s"), shown)
	}
	set[key] = true
}

// named counts names that several objects may have, exact and folded, and ids.
type named struct{ exact, folded map[string]int }

func (n *named) add(name, id string) {
	if n.exact == nil {
		n.exact, n.folded = map[string]int{}, map[string]int{}
	}
	if name != "" {
		n.exact[name]++
		n.folded[fold(name)]++
	}
	if id != "" {
		n.folded[fold(id)]++
	}
}

// oneOf records a problem for a name that no object or more than one object has.
func (c *checker) oneOf(set named, section string, i int, field, name, what string) {
	if set.exact[name] == 1 || set.folded[fold(name)] == 1 {
		return
	}
	if n := set.folded[fold(name)]; n > 1 {
		c.add(section, i, field, "expected the id of one of the %d %s that are called %q", n, what, name)
		return
	}
	known := make(map[string]bool, len(set.folded))
	for k := range set.folded {
		known[k] = true
	}
	c.known(known, section, i, field, name, what)
}

// known records a problem for a name that is not in the set. what names where such names are declared.
func (c *checker) known(set map[string]bool, section string, i int, field, key, what string) {
	if set[fold(key)] {
		return
	}
	near := ""
	if len(set) <= 1000 {
		all := make([]string, 0, len(set))
		for k := range set {
			all = append(all, k)
		}
		slices.Sort(all)
		if n := shape.Nearest(key, all); n != "" {
			near = fmt.Sprintf("; did you mean %q?", n)
		}
	}
	c.add(section, i, field, "expected a name under %s, %q is not there%s", what, key, near)
}

// one records a problem for a value that is not one of those allowed; empty is always allowed.
func (c *checker) one(section string, i int, field, value string, allowed ...string) {
	if value == "" || slices.Contains(allowed, value) {
		return
	}
	c.add(section, i, field, "expected one of %s, got %q", strings.Join(allowed, ", "), value)
}

// duration records a problem for text that is not a duration of zero or more; empty is allowed.
func (c *checker) duration(section string, i int, field, value string) {
	if value == "" {
		return
	}
	if d, err := time.ParseDuration(value); err != nil || d < 0 {
		c.add(section, i, field, "expected a duration such as 90s, 20m or 1h30m, got %q", value)
	}
}

// id records a problem for an id that is given and is not a GUID, or is used twice.
func (c *checker) id(ids map[string]bool, section string, i int, value string) {
	if value == "" {
		return
	}
	if !guid.MatchString(value) {
		c.add(section, i, "id", "expected a GUID, got %q", value)
	}
	c.once(ids, section, i, "id", fold(value), value)
}

func (c *checker) atLeast(section string, i int, field string, value, least int) {
	if value < least {
		c.add(section, i, field, "expected %d or more, got %d", least, value)
	}
}

// fold makes spellings of one name equal.
func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// upn completes a user name with the tenant's domain.
func (c *checker) upn(s string) string {
	if s != "" && !strings.Contains(s, "@") && !guid.MatchString(s) {
		s += "@" + c.s.Tenant.Domain
	}
	return fold(s)
}
