package imports_test

import (
	"slices"
	"testing"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare/imports"
)

// An import is found by its run, its person or its id, and one that no row has is somebody else's.
func TestChoice(t *testing.T) {
	t.Parallel()
	row := func(run, user, id string) migration.Row {
		r := migration.Row{Run: run}
		r.Target.User, r.Facts.SnapshotID = user, id
		return r
	}
	rows := []migration.Row{row("r1", "ada@contoso.com", "one"), row("r1", "bob@contoso.com", "two"), row("r2", "ada@contoso.com", "three")}
	for _, c := range []struct {
		name   string
		choice imports.Choice
		want   []string
		run    string
		code   string
	}{
		{"a run", imports.Choice{Run: "r1"}, []string{"one", "two"}, "r1", ""},
		{"a person", imports.Choice{User: "ADA@contoso.com"}, []string{"one", "three"}, "r2", ""},
		{"a person of a run", imports.Choice{User: "ada@contoso.com", Run: "r1"}, []string{"one"}, "r1", ""},
		{"nobody", imports.Choice{User: "cyd@contoso.com"}, nil, "", "row.none"},
		{"an id", imports.Choice{IDs: []string{"TWO"}}, []string{"two"}, "r1", ""},
		{"an id of nobody", imports.Choice{IDs: []string{"four"}}, nil, "", "purge.refused"},
		{"a foreign id", imports.Choice{IDs: []string{"four"}, Foreign: true}, []string{"four"}, "", ""},
	} {
		all, err := c.choice.Of(rows, nil)
		var ids []string
		for _, one := range all {
			ids = append(ids, one.ID)
		}
		if fault.CodeOf(err) != c.code || !slices.Equal(ids, c.want) {
			t.Errorf("%s: %q, %v; want %q, %q", c.name, ids, err, c.want, c.code)
		}
		if at, err := c.choice.RunOf(rows, nil); at != c.run || c.code == "row.none" && err == nil {
			t.Errorf("%s is of run %q (%v), want %q", c.name, at, err, c.run)
		}
	}
}
