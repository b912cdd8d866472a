package generate

import (
	"bytes"
	"fmt"
	"strings"
)

// How many addresses a network connection has for each row, and at least.
const (
	addressesPerRow = 4
	leastAddresses  = 200
)

// scenario returns the tenant for the rows so far.
func (g *generator) scenario(rows int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Made by wave365 sandbox generate.
version: 1
name: generated-%d
description: A generated wave of %d rows.
seed: %d

tenant:
  id: 6f0d3c52-8a41-4c1e-9f27-5b7e21c4d0a9
  name: Nordwind Maschinenbau AG
  domain: %s

licenses:
`, rows, rows, g.seed, domain)
	seen := map[string]bool{}
	for _, s := range sizes {
		if n := g.seats[s.sku]; n > 0 && !seen[s.sku] {
			seen[s.sku] = true
			fmt.Fprintf(&b, "  - {sku: %s, seats: %d, used: %d}\n", s.sku, 2*n+20, n/2+5)
		}
	}
	b.WriteString("\ngroups:\n")
	for _, d := range g.departments {
		fmt.Fprintf(&b, "  - {name: grp-w365-%s}\n", strings.ToLower(d.name))
	}
	b.WriteString("\nconnections:\n")
	for i, d := range g.departments {
		fmt.Fprintf(&b, "  - {name: anc-%s, checked: 45m, free_addresses: %d}\n", strings.ToLower(d.name), max(leastAddresses, addressesPerRow*g.crowd[i]))
	}
	b.WriteString("\npolicies:\n")
	for i, d := range g.departments {
		network := "connection: anc-" + strings.ToLower(d.name)
		if i%3 == 2 {
			network = "region: " + d.region
		}
		fmt.Fprintf(&b, "  - {name: W365 %s, groups: [grp-w365-%s], %s}\n", d.name, strings.ToLower(d.name), network)
	}
	if rows > 1000 {
		b.WriteString("\n# More than the service is said to take in a day: here it takes them all.\nknobs: {daily_imports: -1}\n")
	}
	b.WriteString("\nusers:\n")
	b.Write(g.users.Bytes())
	b.WriteString("\nblobs:\n")
	b.Write(g.blobs.Bytes())
	if g.fates.Len() > 0 {
		b.WriteString("\nfates:\n")
		b.Write(g.fates.Bytes())
	}
	if g.faults {
		b.WriteString(`
faults:
  - {match: importSnapshot, kind: drop-reply, rate: 0.01}
  - {match: importSnapshot, kind: retry-after, rate: 0.03, retry_after: 20}
  - {match: retrieveSnapshotImportResult, kind: status, status: 503, rate: 0.01}
  - {match: assignLicense, kind: status, status: 504, applied: true, rate: 0.02}
  - {match: /beta/deviceManagement, kind: delay, delay: 20s, rate: 0.02}
  - {match: GET, kind: reset, rate: 0.005}
`)
	}
	return b.Bytes()
}
