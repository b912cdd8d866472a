package run

import (
	"testing"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
)

// TestOneTenant: a ledger belongs to one tenant; rehearsals, and runs whose tenant could not be read, do not count.
func TestOneTenant(t *testing.T) {
	t.Parallel()
	now := migration.Run{ID: "r2", Tenant: "t-1", TenantName: "Contoso"}
	for _, c := range []struct {
		name    string
		earlier migration.Run
		refused bool
	}{
		{"the same", migration.Run{ID: "r1", Tenant: "t-1"}, false},
		{"another", migration.Run{ID: "r1", Tenant: "t-2", TenantName: "Fabrikam"}, true},
		{"a rehearsal in another", migration.Run{ID: "r1", Tenant: "t-2", Sandbox: "waves/friday.tenant.yaml"}, false},
		{"not known", migration.Run{ID: "r1"}, false},
	} {
		err := oneTenant(now, []migration.Run{{ID: "r0", Tenant: "t-1"}, c.earlier})
		if (fault.CodeOf(err) == "tenant.changed") != c.refused {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
