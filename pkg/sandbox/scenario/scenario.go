// Package scenario defines what a sandbox tenant contains and what will go wrong for which user: the values of a scenario
// file. Package load reads one, package check validates it.
package scenario

// Scenario is one scenario file. Ids that are left out are derived from the tenant's id and the object's name, so they
// are always the same.
type Scenario struct {
	// Version is 1.
	Version int    `yaml:"version"`
	Name    string `yaml:"name"`
	// Description is for people: what this scenario is for.
	Description string `yaml:"description,omitempty"`
	// Seed determines durations and random faults; the same seed gives the same story. 0 means 1.
	Seed        int64        `yaml:"seed,omitempty"`
	Tenant      Tenant       `yaml:"tenant"`
	Users       []User       `yaml:"users"`
	Licenses    []License    `yaml:"licenses"`
	Groups      []Group      `yaml:"groups"`
	Policies    []Policy     `yaml:"policies"`
	Settings    []Setting    `yaml:"settings,omitempty"`
	Connections []Connection `yaml:"connections,omitempty"`
	Images      []Image      `yaml:"images,omitempty"`
	// SourceImages are the managed images in Azure that a custom image can be created from. When the list is empty
	// every well-formed ARM id is a valid one.
	SourceImages []SourceImage `yaml:"source_images,omitempty"`
	// Accounts are storage accounts in addition to the development account.
	Accounts []Account `yaml:"accounts,omitempty"`
	Blobs    []Blob    `yaml:"blobs"`
	CloudPCs []CloudPC `yaml:"cloud_pcs,omitempty"`
	Imports  []Import  `yaml:"imports,omitempty"`
	// Permissions are the application permissions of the sign-in; empty: all that the product can need.
	Permissions []string `yaml:"permissions,omitempty"`
	// Fates are what goes wrong for which user. For a user without one everything succeeds.
	Fates []Fate `yaml:"fates,omitempty"`
	// Events are what other people do during the story.
	Events []Event `yaml:"events,omitempty"`
	Knobs  Knobs   `yaml:"knobs,omitempty"`
	Faults []Fault `yaml:"faults,omitempty"`
}

// Tenant is the directory itself.
type Tenant struct {
	ID   string `yaml:"id"`
	Name string `yaml:"name"`
	// Domain completes user names that have no @.
	Domain string `yaml:"domain"`
}

// User is a person in the directory.
type User struct {
	// UPN may leave out the domain.
	UPN         string `yaml:"upn"`
	ID          string `yaml:"id,omitempty"`
	DisplayName string `yaml:"name,omitempty"`
	Department  string `yaml:"department,omitempty"`
	// Disabled accounts cannot sign in.
	Disabled bool `yaml:"disabled,omitempty"`
	// Location is the usage location; empty: "CH"; "none": not set.
	Location string `yaml:"location,omitempty"`
	// Licenses are part numbers that the user holds directly.
	Licenses []string `yaml:"licenses,omitempty"`
}

// License is a product the tenant owns.
type License struct {
	// SKU is the part number, such as CPC_E_2C_8GB_128GB. Ids and plan come from the built-in table unless given.
	SKU string `yaml:"sku"`
	ID  string `yaml:"id,omitempty"`
	// Seats is how many units are enabled; Used how many are consumed by people outside the scenario.
	Seats int `yaml:"seats"`
	Used  int `yaml:"used,omitempty"`
	// Warning (in the grace period after expiry), Suspended and LockedOut are units in those states, in addition to
	// Seats.
	Warning   int `yaml:"warning,omitempty"`
	Suspended int `yaml:"suspended,omitempty"`
	LockedOut int `yaml:"locked_out,omitempty"`
	// Status is the capability status; empty: that of the best units there are. When it is not Enabled and no units are
	// given by state, Seats are in that state.
	Status string `yaml:"status,omitempty"`
	// Plan names the service plan, PlanID its id, DiskGiB its disk: for products that are not in the built-in table.
	Plan    string `yaml:"plan,omitempty"`
	PlanID  string `yaml:"plan_id,omitempty"`
	DiskGiB int    `yaml:"disk_gib,omitempty"`
}

// Group is a security group. Several may have one name if their ids distinguish them.
type Group struct {
	Name    string   `yaml:"name"`
	ID      string   `yaml:"id,omitempty"`
	Members []string `yaml:"members,omitempty"`
	// Dynamic, Synced, RoleAssignable and Restricted groups refuse members.
	Dynamic        bool `yaml:"dynamic,omitempty"`
	Synced         bool `yaml:"synced,omitempty"`
	RoleAssignable bool `yaml:"role_assignable,omitempty"`
	Restricted     bool `yaml:"restricted,omitempty"`
	// MailEnabled makes it a mail-enabled security group, Unified a Microsoft 365 group. The first refuses members, too.
	MailEnabled bool `yaml:"mail_enabled,omitempty"`
	Unified     bool `yaml:"unified,omitempty"`
	// Licenses are assigned to every member.
	Licenses []string `yaml:"licenses,omitempty"`
}

// Policy is a provisioning policy.
type Policy struct {
	Name   string   `yaml:"name"`
	ID     string   `yaml:"id,omitempty"`
	Groups []string `yaml:"groups,omitempty"`
	// Type is the provisioning type; empty: dedicated.
	Type string `yaml:"type,omitempty"`
	// Connection names a network connection; empty: the Microsoft-hosted network in Region.
	Connection string `yaml:"connection,omitempty"`
	// Region defaults to switzerlandnorth.
	Region string `yaml:"region,omitempty"`
	// Hybrid joins take longer.
	Hybrid bool `yaml:"hybrid,omitempty"`
	// Image is a gallery image id; empty: the first supported one.
	Image string `yaml:"image,omitempty"`
}

// Setting is a user setting.
type Setting struct {
	Name string `yaml:"name"`
	ID   string `yaml:"id,omitempty"`
	// Source is image or snapshot; empty: not set, which acts as image.
	Source string   `yaml:"source,omitempty"`
	Groups []string `yaml:"groups,omitempty"`
}

// Connection is an Azure network connection.
type Connection struct {
	Name string `yaml:"name"`
	ID   string `yaml:"id,omitempty"`
	// Health is the health check status; empty: passed.
	Health string `yaml:"health,omitempty"`
	// Checked is how long ago the checks ended; empty: 1h.
	Checked string `yaml:"checked,omitempty"`
	// FreeAddresses in the subnet; 0 means 200; -1 means none.
	FreeAddresses int  `yaml:"free_addresses,omitempty"`
	Hybrid        bool `yaml:"hybrid,omitempty"`
}

// Image is a gallery image. When the list is empty two supported ones and one unsupported one exist.
type Image struct {
	ID     string `yaml:"id"`
	Name   string `yaml:"name"`
	Status string `yaml:"status,omitempty"`
}

// SourceImage is a managed image in Azure.
type SourceImage struct {
	// ID is its ARM id.
	ID string `yaml:"id"`
	// Error is the error code with which a custom image of it fails, such as sourceImageNotGeneralized; empty: it is good.
	Error string `yaml:"error,omitempty"`
}

// Account is a storage account. Its key is the development account's.
type Account struct {
	Name string `yaml:"name"`
	// Unreachable: the service cannot read from it (a firewall, another tenant). The tool can.
	Unreachable bool `yaml:"unreachable,omitempty"`
}

// Blob is one file in a storage account.
type Blob struct {
	// Path is container/name.
	Path string `yaml:"path"`
	// Account names one of the scenario's accounts; empty: the development account.
	Account string `yaml:"account,omitempty"`
	// Kind is one of [BlobKinds]; empty: fixed.
	Kind string `yaml:"kind,omitempty"`
	// File is a real file with the content, relative to the scenario file: a page blob, or with kind block-blob a block
	// blob. No size is given with it.
	File string `yaml:"file,omitempty"`
	// GiB is the virtual size; Bytes, when given, is the virtual size in bytes instead.
	GiB   int   `yaml:"gib,omitempty"`
	Bytes int64 `yaml:"bytes,omitempty"`
	// Fault spoils it: one of [BlobFaults].
	Fault string `yaml:"fault,omitempty"`
}

// CloudPC is a Cloud PC that exists when the story begins.
type CloudPC struct {
	User   string `yaml:"user"`
	Policy string `yaml:"policy,omitempty"`
	// SKU is the license behind it; empty: the user's first.
	SKU string `yaml:"sku,omitempty"`
	// Status is empty for provisioned.
	Status string `yaml:"status,omitempty"`
}

// Import is an imported snapshot that exists when the story begins.
type Import struct {
	User   string `yaml:"user"`
	Status string `yaml:"status,omitempty"`
	Usage  string `yaml:"usage,omitempty"`
}

// Fate is what goes wrong for one user.
type Fate struct {
	User string `yaml:"user"`
	// Import is failed; Detail is the service's text for it.
	Import string `yaml:"import,omitempty"`
	Detail string `yaml:"detail,omitempty"`
	// Provision is failed, warnings, or image: a Cloud PC that is not built from the snapshot. Code and Message go
	// into its status detail.
	Provision string `yaml:"provision,omitempty"`
	Code      string `yaml:"code,omitempty"`
	Message   string `yaml:"message,omitempty"`
	// ImportTakes and ProvisionTakes fix the durations, such as 45m.
	ImportTakes    string `yaml:"import_takes,omitempty"`
	ProvisionTakes string `yaml:"provision_takes,omitempty"`
}

// Event is something that somebody else does: an admin, a script, a colleague's tool.
type Event struct {
	// At is when, counted from the beginning of the story; for one that is sent to a running sandbox, from now.
	At string `yaml:"at,omitempty" json:"at,omitempty"`
	// Do is one of [EventKinds].
	Do string `yaml:"do" json:"do"`
	// User is the user concerned; a user name or an object id.
	User string `yaml:"user,omitempty" json:"user,omitempty"`
	// What is the object: the new user name of rename; the part number or id of give-license and take-license; the group of
	// join and leave; the policy of give-cloud-pc (empty: the one that reaches the user); the path of write-blob, which creates
	// a new version of a blob of the development account and concerns no user.
	What string `yaml:"what,omitempty" json:"what,omitempty"`
	// Status of give-import: succeeded (default), failed, or inProgress, which continues like any import.
	Status string `yaml:"status,omitempty" json:"status,omitempty"`
}

// Fault is a rule for spoiled answers, also taken by POST /sandbox/faults.
type Fault struct {
	// Match is a part of "METHOD path", without case; empty: every request.
	Match string `yaml:"match" json:"match"`
	// Service limits the rule to graph or blob; empty: both.
	Service string `yaml:"service,omitempty" json:"service,omitempty"`
	// Kind is one of [FaultKinds].
	Kind string `yaml:"kind" json:"kind"`
	// Status is for kind status and retry-after (default 503 and 429). Code is the error code in the body.
	Status int    `yaml:"status,omitempty" json:"status,omitempty"`
	Code   string `yaml:"code,omitempty" json:"code,omitempty"`
	Answer `yaml:",inline"`
	// From and Until bound the rule in service time since the beginning of the story; empty: no bound.
	From  string `yaml:"from,omitempty" json:"from,omitempty"`
	Until string `yaml:"until,omitempty" json:"until,omitempty"`
	// Rate is the share of matching requests that are hit, 0 means all; Count stops after that many hits, 0: never.
	Rate  float64 `yaml:"rate,omitempty" json:"rate,omitempty"`
	Count int     `yaml:"count,omitempty" json:"count,omitempty"`
	// Delay is for kind delay and lag, in service time; RetryAfter is the header's seconds, -1: no header, 0: 10;
	// Date sends it as an HTTP date.
	Delay      string `yaml:"delay,omitempty" json:"delay,omitempty"`
	RetryAfter int    `yaml:"retry_after,omitempty" json:"retry_after,omitempty"`
	Date       bool   `yaml:"date,omitempty" json:"date,omitempty"`
	// After is how many matching requests pass first.
	After int `yaml:"after,omitempty" json:"after,omitempty"`
	// Applied lets the request have its effect before a spoiled status is answered: a 504 after the commit.
	Applied bool `yaml:"applied,omitempty" json:"applied,omitempty"`
}

// Answer replaces the service's own words in the answer to a spoiled request.
type Answer struct {
	// Headers are set on the answer of kind status and retry-after, over its own; Body is sent unchanged instead of an
	// error in the format of the service. Both apply to Graph and blob answers alike.
	Headers map[string]string `yaml:"headers,omitempty" json:"headers,omitempty"`
	Body    string            `yaml:"body,omitempty" json:"body,omitempty"`
	// Link is the next link of kind next-link; empty: the address of the request itself, which is a cycle.
	Link string `yaml:"link,omitempty" json:"link,omitempty"`
}

// Knobs choose among the variants that the public sources leave open. The zero value of each is its default.
type Knobs struct {
	// RetrieveRoute is singular (default: the route that field reports call), plural or both.
	RetrieveRoute string `yaml:"retrieve_route,omitempty"`
	// RetrieveShape is object (default) or collection.
	RetrieveShape string `yaml:"retrieve_shape,omitempty"`
	// ListImports makes listSnapshotImportResults exist; default false: named once in prose, in no schema.
	ListImports bool `yaml:"list_imports,omitempty"`
	// UnauditedImports keeps imports out of the audit log; default false: whether they are in it is documented nowhere.
	UnauditedImports bool `yaml:"unaudited_imports,omitempty"`
	// SnapshotID is present (default), id (another name) or omitted in the import's answer.
	SnapshotID string `yaml:"snapshot_id,omitempty"`
	// AssignedUser is id (default: what the field saw), upn or empty.
	AssignedUser string `yaml:"assigned_user,omitempty"`
	// StorageField is fileName (default: the schema), blobName, both, or strict (an unknown property is a 400).
	StorageField string `yaml:"storage_field,omitempty"`
	// SecondImport is 400 (default) or 409.
	SecondImport int `yaml:"second_import,omitempty"`
	// NoPolicyImport is accept (default, policyName null) or refuse (400 MissingProvisionPolicy).
	NoPolicyImport string `yaml:"no_policy_import,omitempty"`
	// PurgeBusy is the status for purging an import in use or in progress: 400 (default) or 409.
	PurgeBusy int `yaml:"purge_busy,omitempty"`
	// PurgeUnknown is the status for purging an unknown id: 204 (default) or 404.
	PurgeUnknown int `yaml:"purge_unknown,omitempty"`
	// PartialPatch is refuse (default: 400 requiredFieldsNotProvided) or accept.
	PartialPatch string `yaml:"partial_patch,omitempty"`
	// PatchStatus is 200 with a body (default) or 204.
	PatchStatus int `yaml:"patch_status,omitempty"`
	// AssignmentID is accept (default) or refuse (400 naming Id) for an assign body that carries assignment ids.
	AssignmentID string `yaml:"assignment_id,omitempty"`
	// IgnoreSourceType makes the service forget provisioningSourceType silently; default false.
	IgnoreSourceType bool `yaml:"ignore_source_type,omitempty"`
	// DeletePolicyInUse is 400 (default) or 409.
	DeletePolicyInUse int `yaml:"delete_policy_in_use,omitempty"`
	// KeepUnknownEnums sends members after the sentinel even without the Prefer header; default false: they collapse.
	KeepUnknownEnums bool `yaml:"keep_unknown_enums,omitempty"`
	// StrictPermissions requires CloudPC.ReadWrite.All for import and purge; default false: the least documented
	// permission is Read.All.
	StrictPermissions bool `yaml:"strict_permissions,omitempty"`
	// NoSnapshot is what a user with a snapshot setting but no usable import gets: image (default), wait or failed.
	NoSnapshot string `yaml:"no_snapshot,omitempty"`
	// Oversize is when a disk larger than the plan fails: provision (default) or import.
	Oversize string `yaml:"oversize,omitempty"`
	// MembershipLag and LicenseLag are the longest delays until a write is seen; empty: 60s and 300s; "0s": none.
	MembershipLag string `yaml:"membership_lag,omitempty"`
	LicenseLag    string `yaml:"license_lag,omitempty"`
	// UsageLocationLag is the longest time until licensing knows of a usage location that was set; empty: 60s; "0s": none.
	UsageLocationLag string `yaml:"usage_location_lag,omitempty"`
	// KeepImportRecord keeps the record after provisioning; default false: it is removed, and a read answers 404.
	KeepImportRecord bool `yaml:"keep_import_record,omitempty"`
	// ImportExpires is how long an unused import lives; empty: forever.
	ImportExpires string `yaml:"import_expires,omitempty"`
	// BadDisk is the result of an import of anything but a fixed VHD: fail (default: accepted, and ends as failed) or refuse
	// (400 InvalidVHD).
	BadDisk string `yaml:"bad_disk,omitempty"`
	// DailyImports is how many import requests are allowed per UTC day, including refused ones; 0: 1000 (field reports); -1:
	// no limit.
	DailyImports int `yaml:"daily_imports,omitempty"`
	// DailyRetryAfter is the Retry-After of a request over that limit; empty: there is none.
	DailyRetryAfter string `yaml:"daily_retry_after,omitempty"`
	// WritesPer20s and RequestsPer20s throttle virtualEndpoint; 0: 200 and 2000; -1: not at all.
	WritesPer20s   int `yaml:"writes_per_20s,omitempty"`
	RequestsPer20s int `yaml:"requests_per_20s,omitempty"`
	// NoRetryAfter leaves the header out of 429 answers.
	NoRetryAfter bool `yaml:"no_retry_after,omitempty"`
	// PageSize of collections; 0: 50.
	PageSize int `yaml:"page_size,omitempty"`
	// ImportBase and ImportPer10GiB make an import's duration, with ±20 % by seed; empty: 10m and 1m.
	ImportBase     string `yaml:"import_base,omitempty"`
	ImportPer10GiB string `yaml:"import_per_10gib,omitempty"`
	// ProvisionMin and ProvisionMax bound provisioning; empty: 30m and 60m; hybrid joins take half as long again.
	ProvisionMin string `yaml:"provision_min,omitempty"`
	ProvisionMax string `yaml:"provision_max,omitempty"`
	// FlipFlop lets leaving Cloud PCs show inGracePeriod once more while deprovisioning; default true unless "off".
	FlipFlop string `yaml:"flip_flop,omitempty"`
	// ReuseCloudPCID gives a user's next Cloud PC the id of the one before.
	ReuseCloudPCID bool `yaml:"reuse_cloud_pc_id,omitempty"`
}
