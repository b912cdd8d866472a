package check

import (
	"regexp"
	"slices"
	"strings"

	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/scenario/shape"
)

// container is Azure's rule for container names.
var container = regexp.MustCompile(`^(\$root|\$web|[a-z0-9](-?[a-z0-9]){2,62})$`)

var accountName = regexp.MustCompile(`^[a-z0-9]{3,24}$`)

func (c *checker) accountList() {
	c.accounts = map[string]bool{"": true, scenario.DevelopmentAccount: true}
	for i, a := range c.s.Accounts {
		switch {
		case !accountName.MatchString(a.Name) || a.Name == scenario.DevelopmentAccount:
			c.add("accounts", i, "name", "expected a storage account's name of 3 to 24 small letters and digits other than %s, got %q", scenario.DevelopmentAccount, a.Name)
		default:
			c.once(c.accounts, "accounts", i, "name", a.Name, a.Name)
		}
	}
}

func (c *checker) blobList() {
	seen := make(map[string]bool, len(c.s.Blobs))
	for i, b := range c.s.Blobs {
		box, name, ok := strings.Cut(b.Path, "/")
		if !ok || name == "" || !container.MatchString(box) {
			c.add("blobs", i, "path", "expected container/name with a container of 3 to 63 small letters, digits and hyphens, got %q", b.Path)
		} else {
			c.once(seen, "blobs", i, "path", b.Account+"/"+b.Path, b.Path)
		}
		if !c.accounts[b.Account] {
			c.known(c.accounts, "blobs", i, "account", b.Account, "accounts")
		}
		c.one("blobs", i, "kind", b.Kind, scenario.BlobKinds...)
		c.one("blobs", i, "fault", b.Fault, scenario.BlobFaults...)
		c.blobSize(i, b)
	}
}

// blobSize checks that a blob has one size: that of its file, or one in GiB or bytes.
func (c *checker) blobSize(i int, b scenario.Blob) {
	sized := b.GiB != 0 || b.Bytes != 0
	if b.File != "" {
		if sized || b.Kind != "" && b.Kind != "block-blob" {
			c.add("blobs", i, "file", "expected a file alone, or with kind block-blob: its bytes say the size and the kind")
		}
		return
	}
	c.atLeast("blobs", i, "gib", b.GiB, 0)
	if b.Bytes < 0 {
		c.add("blobs", i, "bytes", "expected 0 or more, got %d", b.Bytes)
	}
	if !sized && !slices.Contains([]string{"guest-state", "empty", "qcow2", "vmdk", "zip", "gzip", "iso"}, b.Kind) {
		c.add("blobs", i, "gib", "expected the disk's size: gib or bytes")
	}
	if b.GiB != 0 && b.Bytes != 0 {
		c.add("blobs", i, "bytes", "expected gib or bytes, not both")
	}
}

func (c *checker) importList() {
	seen := map[string]bool{}
	for i, m := range c.s.Imports {
		key := c.upn(m.User)
		c.known(c.users, "imports", i, "user", key, "users")
		c.once(seen, "imports", i, "user", key, m.User)
		c.one("imports", i, "status", m.Status, "pending", "inProgress", "succeeded", "failed")
		c.one("imports", i, "usage", m.Usage, "notUsed", "inUse", "expired")
	}
}

func (c *checker) fateList() {
	seen := map[string]bool{}
	for i, f := range c.s.Fates {
		key := c.upn(f.User)
		c.known(c.users, "fates", i, "user", key, "users")
		c.once(seen, "fates", i, "user", key, f.User)
		c.one("fates", i, "import", f.Import, "failed")
		c.one("fates", i, "provision", f.Provision, "failed", "warnings", "image")
		c.duration("fates", i, "import_takes", f.ImportTakes)
		c.duration("fates", i, "provision_takes", f.ProvisionTakes)
	}
}

func (c *checker) knobs() {
	k := c.s.Knobs
	one := func(field, value string, allowed ...string) { c.one("knobs", -1, field, value, allowed...) }
	one("retrieve_route", k.RetrieveRoute, "singular", "plural", "both")
	one("retrieve_shape", k.RetrieveShape, "object", "collection")
	one("snapshot_id", k.SnapshotID, "present", "id", "omitted")
	one("assigned_user", k.AssignedUser, "id", "upn", "empty")
	one("storage_field", k.StorageField, "fileName", "blobName", "both", "strict")
	one("no_policy_import", k.NoPolicyImport, "accept", "refuse")
	one("bad_disk", k.BadDisk, "fail", "refuse")
	one("partial_patch", k.PartialPatch, "refuse", "accept")
	one("assignment_id", k.AssignmentID, "accept", "refuse")
	one("no_snapshot", k.NoSnapshot, "image", "wait", "failed")
	one("oversize", k.Oversize, "provision", "import")
	one("flip_flop", k.FlipFlop, "on", "off")
	for _, s := range []struct {
		field   string
		value   int
		allowed [2]int
	}{
		{"second_import", k.SecondImport, [2]int{400, 409}},
		{"purge_busy", k.PurgeBusy, [2]int{400, 409}},
		{"purge_unknown", k.PurgeUnknown, [2]int{204, 404}},
		{"patch_status", k.PatchStatus, [2]int{200, 204}},
		{"delete_policy_in_use", k.DeletePolicyInUse, [2]int{400, 409}},
	} {
		if s.value != 0 && s.value != s.allowed[0] && s.value != s.allowed[1] {
			c.add("knobs", -1, s.field, "expected %d or %d, got %d", s.allowed[0], s.allowed[1], s.value)
		}
	}
	for field, value := range map[string]string{
		"membership_lag": k.MembershipLag, "license_lag": k.LicenseLag, "import_expires": k.ImportExpires,
		"daily_retry_after": k.DailyRetryAfter, "usage_location_lag": k.UsageLocationLag, "import_base": k.ImportBase, "import_per_10gib": k.ImportPer10GiB, "provision_min": k.ProvisionMin, "provision_max": k.ProvisionMax,
	} {
		c.duration("knobs", -1, field, value)
	}
	c.atLeast("knobs", -1, "daily_imports", k.DailyImports, -1)
	c.atLeast("knobs", -1, "page_size", k.PageSize, 0)
	c.atLeast("knobs", -1, "writes_per_20s", k.WritesPer20s, -1)
	c.atLeast("knobs", -1, "requests_per_20s", k.RequestsPer20s, -1)
}

func (c *checker) eventList() {
	for i, e := range c.s.Events {
		for _, p := range Event(e) {
			c.add("events", i, p.Field, "%s", p.Expected)
		}
		if e.User != "" {
			c.known(c.users, "events", i, "user", c.upn(e.User), "users")
		}
		switch {
		case e.What == "":
		case e.Do == "give-license" || e.Do == "take-license":
			c.oneOf(c.licenses, "events", i, "what", e.What, "licenses")
		case e.Do == "join" || e.Do == "leave":
			c.oneOf(c.groups, "events", i, "what", e.What, "groups")
		case e.Do == "give-cloud-pc":
			c.oneOf(c.policies, "events", i, "what", e.What, "policies")
		}
	}
}

// Event returns the problems of a single event; their lines are 0.
func Event(e scenario.Event) []shape.Problem {
	c := &checker{}
	if e.Do == "" || !slices.Contains(scenario.EventKinds, e.Do) {
		c.add("events", -1, "do", "expected one of %s, got %q", strings.Join(scenario.EventKinds, ", "), e.Do)
	}
	if e.User == "" && e.Do != "write-blob" {
		c.add("events", -1, "user", "expected the user whom it concerns")
	}
	c.duration("events", -1, "at", e.At)
	if e.What == "" && slices.Contains([]string{"rename", "give-license", "take-license", "join", "leave", "write-blob"}, e.Do) {
		c.add("events", -1, "what", "expected what %s is about", e.Do)
	}
	c.one("events", -1, "status", e.Status, "succeeded", "failed", "inProgress")
	return c.alone("events")
}

// alone returns the problems of a value that is not in a file: without lines and without the section's name.
func (c *checker) alone(section string) []shape.Problem {
	for i := range c.problems {
		c.problems[i].Line = 0
		c.problems[i].Field = strings.TrimPrefix(strings.TrimPrefix(c.problems[i].Field, section), ".")
	}
	return c.problems
}

func (c *checker) faultList() {
	for i, f := range c.s.Faults {
		for _, p := range Fault(f) {
			c.add("faults", i, p.Field, "%s", p.Expected)
		}
	}
}

// Fault returns the problems of a single fault; their lines are 0.
func Fault(f scenario.Fault) []shape.Problem {
	c := &checker{}
	c.one("faults", -1, "kind", f.Kind, scenario.FaultKinds...)
	if f.Kind == "" {
		c.add("faults", -1, "kind", "expected one of %s", strings.Join(scenario.FaultKinds, ", "))
	}
	c.faultAnswer(f)
	if f.Link != "" && f.Kind != "next-link" {
		c.add("faults", -1, "link", "expected a link with kind next-link only")
	}
	c.one("faults", -1, "service", f.Service, "graph", "blob")
	c.duration("faults", -1, "from", f.From)
	c.duration("faults", -1, "until", f.Until)
	if f.Rate < 0 || f.Rate > 1 {
		c.add("faults", -1, "rate", "expected a share from 0 to 1, got %v", f.Rate)
	}
	c.atLeast("faults", -1, "count", f.Count, 0)
	c.atLeast("faults", -1, "after", f.After, 0)
	c.atLeast("faults", -1, "retry_after", f.RetryAfter, -1)
	c.duration("faults", -1, "delay", f.Delay)
	if f.Kind == "delay" && f.Delay == "" {
		c.add("faults", -1, "delay", "expected a duration such as 90s")
	}
	return c.alone("faults")
}

// faultAnswer checks what a fault answers in place of the service.
func (c *checker) faultAnswer(f scenario.Fault) {
	least := 400
	if f.Body != "" {
		least = 200 // an answer with its own status need not be an error
	}
	if f.Status != 0 && (f.Status < least || f.Status > 599) {
		c.add("faults", -1, "status", "expected a status from %d to 599, got %d", least, f.Status)
	}
	if (len(f.Headers) > 0 || f.Body != "") && f.Kind != "status" && f.Kind != "retry-after" {
		c.add("faults", -1, "headers", "expected headers and body with kind status or retry-after only")
	}
}
