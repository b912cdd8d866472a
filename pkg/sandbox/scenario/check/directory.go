package check

import (
	"regexp"
	"strings"

	"wave365/pkg/sandbox/scenario"
)

var country = regexp.MustCompile(`^[A-Z]{2}$`)

func (c *checker) userList() {
	c.users = make(map[string]bool, len(c.s.Users))
	ids := map[string]bool{}
	for i, u := range c.s.Users {
		switch {
		case u.UPN == "":
			c.add("users", i, "upn", "expected a user name")
		case strings.Count(u.UPN, "@") > 1 || strings.ContainsAny(u.UPN, " ,;"):
			c.add("users", i, "upn", "expected a user name such as anna.keller or anna.keller@contoso.example, got %q", u.UPN)
		default:
			c.once(c.users, "users", i, "upn", c.upn(u.UPN), u.UPN)
		}
		c.id(ids, "users", i, u.ID)
		if u.Location != "" && u.Location != "none" && !country.MatchString(u.Location) {
			c.add("users", i, "location", "expected a two-letter country code such as CH, or none, got %q", u.Location)
		}
		for _, sku := range u.Licenses {
			c.oneOf(c.licenses, "users", i, "licenses", sku, "licenses")
		}
	}
	for id := range ids {
		c.users[id] = true
	}
}

func (c *checker) licenseList() {
	ids := map[string]bool{}
	for i, l := range c.s.Licenses {
		c.required("licenses", i, "sku", l.SKU, "expected a part number such as CPC_E_2C_8GB_128GB")
		c.licenses.add(l.SKU, l.ID)
		c.id(ids, "licenses", i, l.ID)
		c.atLeast("licenses", i, "seats", l.Seats, 0)
		c.atLeast("licenses", i, "warning", l.Warning, 0)
		c.atLeast("licenses", i, "suspended", l.Suspended, 0)
		c.atLeast("licenses", i, "locked_out", l.LockedOut, 0)
		c.atLeast("licenses", i, "used", l.Used, 0)
		c.atLeast("licenses", i, "disk_gib", l.DiskGiB, 0)
		c.one("licenses", i, "status", l.Status, "Enabled", "Warning", "Suspended", "Deleted", "LockedOut")
		if l.PlanID != "" && !guid.MatchString(l.PlanID) {
			c.add("licenses", i, "plan_id", "expected a GUID, got %q", l.PlanID)
		}
	}
}

func (c *checker) groupList() {
	ids := map[string]bool{}
	for i, g := range c.s.Groups {
		c.required("groups", i, "name", g.Name, "expected a group name")
		c.groups.add(g.Name, g.ID)
		if g.Unified && g.MailEnabled {
			c.add("groups", i, "unified", "expected unified or mail_enabled, not both: a Microsoft 365 group has mail anyway")
		}
		c.id(ids, "groups", i, g.ID)
		members := map[string]bool{}
		for _, m := range g.Members {
			key := c.upn(m)
			c.known(c.users, "groups", i, "members", key, "users")
			if members[key] {
				c.add("groups", i, "members", "expected each member once, %q is there twice", m)
			}
			members[key] = true
		}
		for _, sku := range g.Licenses {
			c.oneOf(c.licenses, "groups", i, "licenses", sku, "licenses")
		}
	}
}

func (c *checker) policyList() {
	ids := map[string]bool{}
	for i, p := range c.s.Policies {
		c.required("policies", i, "name", p.Name, "expected a policy name")
		c.policies.add(p.Name, p.ID)
		c.id(ids, "policies", i, p.ID)
		c.groupNames("policies", i, p.Groups)
		c.one("policies", i, "type", p.Type, "dedicated", "shared", "sharedByUser", "sharedByEntraGroup", "reserve")
		if p.Connection != "" {
			c.known(c.connections, "policies", i, "connection", p.Connection, "connections")
		}
		if p.Hybrid && p.Connection == "" {
			c.add("policies", i, "hybrid", "expected a connection too: a hybrid join needs one")
		}
	}
}

func (c *checker) settingList() {
	ids := map[string]bool{}
	for i, s := range c.s.Settings {
		c.required("settings", i, "name", s.Name, "expected a name for the user setting")
		c.id(ids, "settings", i, s.ID)
		c.one("settings", i, "source", s.Source, "image", "snapshot")
		c.groupNames("settings", i, s.Groups)
	}
}

func (c *checker) groupNames(section string, i int, groups []string) {
	for _, g := range groups {
		c.oneOf(c.groups, section, i, "groups", g, "groups")
	}
}

func (c *checker) connectionList() {
	c.connections = map[string]bool{}
	ids := map[string]bool{}
	for i, n := range c.s.Connections {
		if c.required("connections", i, "name", n.Name, "expected a name for the network connection") {
			c.once(c.connections, "connections", i, "name", fold(n.Name), n.Name)
		}
		c.id(ids, "connections", i, n.ID)
		c.one("connections", i, "health", n.Health, "pending", "running", "passed", "failed", "warning", "informational")
		c.duration("connections", i, "checked", n.Checked)
		c.atLeast("connections", i, "free_addresses", n.FreeAddresses, -1)
	}
}

func (c *checker) imageList() {
	seen := map[string]bool{}
	for i, m := range c.s.Images {
		if c.required("images", i, "id", m.ID, "expected a gallery image id such as microsoftwindowsdesktop_windows-ent-cpc_win11-25h2-ent-cpc") {
			c.once(seen, "images", i, "id", fold(m.ID), m.ID)
		}
		c.one("images", i, "status", m.Status, "supported", "supportedWithWarning", "notSupported")
	}
	seen = map[string]bool{}
	for i, m := range c.s.SourceImages {
		if c.required("source_images", i, "id", m.ID, "expected the ARM id of a managed image") {
			c.once(seen, "source_images", i, "id", fold(m.ID), m.ID)
		}
		c.one("source_images", i, "error", m.Error, scenario.ImageErrors...)
	}
}

func (c *checker) cloudPCList() {
	for i, p := range c.s.CloudPCs {
		c.known(c.users, "cloud_pcs", i, "user", c.upn(p.User), "users")
		if p.Policy != "" {
			c.oneOf(c.policies, "cloud_pcs", i, "policy", p.Policy, "policies")
		}
		if p.SKU != "" {
			c.oneOf(c.licenses, "cloud_pcs", i, "sku", p.SKU, "licenses")
		}
		c.one("cloud_pcs", i, "status", p.Status, "notProvisioned", "provisioning", "provisioned", "inGracePeriod", "deprovisioning",
			"failed", "provisionedWithWarnings", "resizing", "restoring", "pendingProvision", "movingRegion", "resizePendingLicense",
			"updatingSingleSignOn", "modifyingSingleSignOn", "refreshPolicyConfiguration", "preparing", "failoverInProgress",
			"failbackInProgress")
	}
}
