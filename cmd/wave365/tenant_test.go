package main

import (
	"strings"
	"testing"

	"wave365/pkg/graph"
)

// A wave goes to the tenant that was named, or nowhere.
func TestRightTenant(t *testing.T) {
	t.Parallel()
	org := graph.Organization{ID: "8f0d4c1e-6f0e-4b43-9d4a-3c8c4a1d2b3c", DisplayName: "Contoso", Domains: []string{"contoso.onmicrosoft.com", "contoso.example"}}
	for _, tc := range []struct {
		named string
		org   graph.Organization
		right bool
	}{
		{"", org, true},
		{"8F0D4C1E-6F0E-4B43-9D4A-3C8C4A1D2B3C", org, true},
		{"Contoso.onmicrosoft.com", org, true},
		{"contoso.example", org, true},
		{"fabrikam.onmicrosoft.com", org, false},
		{"11111111-6f0e-4b43-9d4a-3c8c4a1d2b3c", org, false},
		{"Contoso", org, false}, // anybody can take a display name
		{"fabrikam.onmicrosoft.com", graph.Organization{}, true},
	} {
		err := rightTenant(tc.named, tc.org)
		if (err == nil) != tc.right {
			t.Errorf("%q in %+v: %v", tc.named, tc.org, err)
		}
		if err == nil {
			continue
		}
		if code, _ := exitCode(err); code != exitUsage || !strings.Contains(errorText(err, shell("", ""), 0), org.ID) {
			t.Errorf("%q: exit code %d, %s", tc.named, code, errorText(err, shell("", ""), 0))
		}
	}
}
