package preflight

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"sort"
	"strconv"
	"strings"
	"time"

	"wave365/pkg/graph"
)

// triesPerRow is how many addresses one row may use up: provisioning tries three times, each with a fresh address.
const triesPerRow = 3

// staleAfter is how old health checks may be: the service repeats them every six hours.
const staleAfter = 6 * time.Hour

// networks checks the network connections and images behind the policies in use. Of several connections of a policy the
// first counts: the others are alternates.
func (c *check) networks(context.Context) error {
	byID := map[string]graph.OnPremisesConnection{}
	for _, n := range c.facts.networks {
		byID[fold(n.ID)] = n
	}
	need := map[string]int{}
	imageSeen := map[string]bool{}
	for i := range c.rows {
		r := &c.rows[i]
		if r.policy == nil {
			continue
		}
		c.image(r, imageSeen)
		if len(r.policy.DomainJoin) == 0 || r.policy.DomainJoin[0].ConnectionID == "" || c.facts.unread[readNetworks] {
			continue // the Microsoft-hosted network has nothing to check
		}
		id := r.policy.DomainJoin[0].ConnectionID
		n, ok := byID[fold(id)]
		switch {
		case !ok:
			c.flag("network.unhealthy", r, "policy", id, "the network connection of policy "+r.policy.DisplayName+" does not exist")
		case !healthy(n.HealthCheckStatus):
			c.flag("network.unhealthy", r, "policy", n.DisplayName, "network connection "+n.DisplayName+" of policy "+r.policy.DisplayName+" is "+cmp.Or(n.HealthCheckStatus, "not checked"))
		default:
			need[fold(id)]++
		}
	}
	for _, n := range c.facts.networks {
		c.network(n, need[fold(n.ID)])
	}
	c.sources(byID)
	return nil
}

// sources reports which network each policy in use puts its Cloud PCs into: what a machine reached from its original subnet,
// it may not reach from another one, and the disk does not record which that was.
func (c *check) sources(byID map[string]graph.OnPremisesConnection) {
	var uses []string
	seen := map[string]bool{}
	for i := range c.rows {
		p := c.rows[i].policy
		if p == nil || c.rows[i].done || seen[p.ID] {
			continue
		}
		seen[p.ID] = true
		uses = append(uses, p.DisplayName+": "+networkOf(p, byID))
	}
	if len(uses) == 0 {
		return
	}
	sort.Strings(uses)
	c.flagWave("network.not-the-source", strconv.Itoa(len(uses)), "the network of each policy: "+strings.Join(uses, "; "))
}

// networkOf names the network of a policy for people.
func networkOf(p *graph.ProvisioningPolicy, byID map[string]graph.OnPremisesConnection) string {
	if len(p.DomainJoin) == 0 {
		return "not said"
	}
	join := p.DomainJoin[0]
	if join.ConnectionID == "" {
		return "Microsoft-hosted, " + cmp.Or(join.RegionName, join.RegionGroup, "region chosen by the service")
	}
	n, ok := byID[fold(join.ConnectionID)]
	if !ok {
		return "network connection " + join.ConnectionID
	}
	if n.SubnetID == "" {
		return "network connection " + n.DisplayName
	}
	return "network connection " + n.DisplayName + " (subnet " + path.Base(n.SubnetID) + " of " + path.Base(n.VirtualNetworkID) + ")"
}

// network warns about a connection that rows of the wave are to use.
func (c *check) network(n graph.OnPremisesConnection, rows int) {
	if rows == 0 {
		return
	}
	if age := c.in.Now.Sub(n.CheckedAt); !n.CheckedAt.IsZero() && age > staleAfter {
		c.flagWave("network.stale", n.DisplayName, fmt.Sprintf("the checks of network connection %s ended %d hours ago", n.DisplayName, int(age.Hours())))
	}
	if n.FreeAddresses >= 0 && n.FreeAddresses < rows*triesPerRow {
		c.flagWave("network.few-addresses", n.DisplayName, fmt.Sprintf("the subnet of network connection %s has %d free addresses; %d rows may need up to %d", n.DisplayName, n.FreeAddresses, rows, rows*triesPerRow))
	}
}

func healthy(status string) bool {
	switch strings.ToLower(status) {
	case "passed", "warning", "informational":
		return true
	}
	return false
}

// image warns once per policy about an image that is no longer supported.
func (c *check) image(r *row, seen map[string]bool) {
	if seen[r.policy.ID] || !strings.EqualFold(r.policy.ImageType, graph.ImageGallery) {
		return
	}
	seen[r.policy.ID] = true
	for _, im := range c.facts.images {
		if strings.EqualFold(im.ID, r.policy.ImageID) && strings.EqualFold(im.Status, "notSupported") {
			c.flagWave("policy.image-unsupported", r.policy.DisplayName, "the image of policy "+r.policy.DisplayName+" is no longer supported; it matters when a Cloud PC is reprovisioned")
		}
	}
}
