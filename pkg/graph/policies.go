package graph

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph/odata"
)

// How a policy provisions, and how its Cloud PCs join the directory.
const (
	ProvisioningDedicated = "dedicated"
	JoinEntra             = "azureADJoin"
	JoinHybrid            = "hybridAzureADJoin"
	ImageGallery          = "gallery"
	ImageCustom           = "custom"
)

func provisioningType(s string) string {
	return odata.Member(s, ProvisioningDedicated, "shared", "sharedByUser", "sharedByEntraGroup", "reserve")
}

// ProvisioningPolicy is a Cloud PC provisioning policy.
type ProvisioningPolicy struct {
	// ID is the service's; empty on create.
	ID                       string
	DisplayName, Description string
	// ProvisioningType is "dedicated", "shared", "sharedByUser", "sharedByEntraGroup", "reserve" or something younger.
	// It cannot be changed later; empty on create: dedicated.
	ProvisioningType string
	// ImageID and its kin are mandatory, though a Cloud PC made from a snapshot does not use the image. ImageType is
	// "gallery" or "custom"; empty on write: gallery.
	ImageID, ImageDisplayName, ImageType string
	// DomainJoin is in order of priority.
	DomainJoin []DomainJoin
	// GroupIDs are the groups it is assigned to. They are read only, see [Client.AssignProvisioningPolicy].
	GroupIDs                     []string
	EnableSSO, LocalAdminEnabled bool
	// Locale is the language of Windows; empty on create: en-US. NamingTemplate may be empty.
	Locale, NamingTemplate string
	// UserExperienceType is "cloudPc" or "cloudApp". It cannot be changed later; empty on create: cloudPc.
	UserExperienceType string
	// Extras are the properties that are sent only when they are set.
	Extras PolicyExtras
	// ManagedBy is "windows365" or another service; read only.
	ManagedBy string
	// GracePeriodHours and LastModified are read only; zero: unknown.
	GracePeriodHours int
	LastModified     time.Time
	// Unreadable names the part of the record that is malformed, and missing here; empty: none. Read only.
	Unreadable string
}

// PolicyExtras are writable properties that most policies leave alone: nil is not sent, so that an update keeps what the
// service has.
type PolicyExtras struct {
	// AutopatchGroupID joins the Cloud PCs to a group of Windows Autopatch; setting it takes a delegated sign-in.
	AutopatchGroupID *string
	Autopilot        *Autopilot
	// ManagedDesktop is "notManaged", "premiumManaged", "standardManaged" or "starterManaged".
	ManagedDesktop *ManagedDesktop
	// SnapshotResetMode is "notApplicable", "enabled" or "disabled"; it is undocumented.
	SnapshotResetMode *string
}

// Autopilot is a device preparation profile that runs before a Cloud PC is handed over.
type Autopilot struct {
	ProfileID string
	// TimeoutMinutes is 30 to 360.
	TimeoutMinutes int
	// DenyOnFailure keeps the user out when the preparation fails.
	DenyOnFailure bool
}

// ManagedDesktop is how Microsoft Managed Desktop looks after the Cloud PCs.
type ManagedDesktop struct{ Type, Profile string }

// DomainJoin is one way for a policy's Cloud PCs to join the directory and a network.
type DomainJoin struct {
	// Type is "azureADJoin" or "hybridAzureADJoin".
	Type string
	// ConnectionID names a network connection of the tenant; hybrid join needs it. Otherwise RegionName or RegionGroup
	// say where Microsoft hosts the network.
	ConnectionID, RegionName, RegionGroup string
}

type wirePolicy struct {
	Type         string       `json:"@odata.type,omitempty"`
	DisplayName  string       `json:"displayName"`
	Description  string       `json:"description"`
	Provisioning string       `json:"provisioningType,omitempty"`
	ImageID      string       `json:"imageId"`
	ImageName    string       `json:"imageDisplayName"`
	ImageType    string       `json:"imageType"`
	DomainJoin   []wireJoin   `json:"domainJoinConfigurations"`
	SSO          bool         `json:"enableSingleSignOn"`
	LocalAdmin   bool         `json:"localAdminEnabled"`
	Windows      *wireWindows `json:"windowsSetting,omitempty"`
	Naming       string       `json:"cloudPcNamingTemplate,omitempty"`
	Experience   string       `json:"userExperienceType,omitempty"`

	wireExtras
}

// wireExtras are the properties of [PolicyExtras].
type wireExtras struct {
	Autopatch *wireAutopatch `json:"autopatch,omitempty"`
	Autopilot *wireAutopilot `json:"autopilotConfiguration,omitempty"`
	Managed   *wireManaged   `json:"microsoftManagedDesktop,omitempty"`
	ResetMode *string        `json:"snapshotResetMode,omitempty"`
}

type wireAutopatch struct {
	GroupID string `json:"autopatchGroupId"`
}

type wireAutopilot struct {
	ProfileID string `json:"devicePreparationProfileId"`
	Timeout   int    `json:"applicationTimeoutInMinutes"`
	Deny      bool   `json:"onFailureDeviceAccessDenied"`
}

type wireManaged struct {
	Type    string `json:"managedType"`
	Profile string `json:"profile,omitempty"`
}

// extras writes down what is set.
func (w *wirePolicy) extras(x PolicyExtras) {
	if x.AutopatchGroupID != nil {
		w.Autopatch = &wireAutopatch{*x.AutopatchGroupID}
	}
	if a := x.Autopilot; a != nil {
		w.Autopilot = &wireAutopilot{a.ProfileID, a.TimeoutMinutes, a.DenyOnFailure}
	}
	if m := x.ManagedDesktop; m != nil {
		w.Managed = &wireManaged{m.Type, m.Profile}
	}
	w.ResetMode = x.SnapshotResetMode
}

// readExtras is what a policy has of them.
func (w wirePolicy) readExtras() PolicyExtras {
	x := PolicyExtras{SnapshotResetMode: w.ResetMode}
	if w.Autopatch != nil {
		x.AutopatchGroupID = &w.Autopatch.GroupID
	}
	if a := w.Autopilot; a != nil {
		x.Autopilot = &Autopilot{a.ProfileID, a.Timeout, a.Deny}
	}
	if m := w.Managed; m != nil {
		x.ManagedDesktop = &ManagedDesktop{odata.Member(m.Type, "notManaged", "premiumManaged", "standardManaged", "starterManaged"), m.Profile}
	}
	return x
}

type wireWindows struct {
	Locale string `json:"locale"`
}

type wireJoin struct {
	Type         string `json:"domainJoinType,omitempty"`
	ConnectionID string `json:"onPremisesConnectionId,omitempty"`
	RegionName   string `json:"regionName,omitempty"`
	RegionGroup  string `json:"regionGroup,omitempty"`
}

// readPolicy is what is read: deprecated names too.
type readPolicy struct {
	defect
	wirePolicy
	ID          string       `json:"id"`
	ManagedBy   string       `json:"managedBy"`
	Grace       int          `json:"gracePeriodInHours"`
	Modified    odata.Time   `json:"lastModifiedDateTime"`
	Assignments []assignment `json:"assignments"`
	OldWindows  *struct {
		Language string `json:"language"`
	} `json:"windowsSettings"`
	DomainJoin []struct {
		wireJoin
		Old string `json:"type"`
	} `json:"domainJoinConfigurations"`
}

func (r readPolicy) id() string { return r.ID }

func (r readPolicy) policy() ProvisioningPolicy {
	p := ProvisioningPolicy{
		ID: r.ID, DisplayName: r.DisplayName, Description: r.Description,
		ProvisioningType: provisioningType(r.Provisioning),
		ImageID:          r.ImageID, ImageDisplayName: r.ImageName, ImageType: odata.Member(r.ImageType, ImageGallery, ImageCustom),
		GroupIDs: groupIDs(r.Assignments), EnableSSO: r.SSO, LocalAdminEnabled: r.LocalAdmin, NamingTemplate: r.Naming,
		ManagedBy: r.ManagedBy, GracePeriodHours: r.Grace, LastModified: r.Modified.Time, Unreadable: r.why,
		UserExperienceType: odata.Member(r.Experience, "cloudPc", "cloudApp"), Extras: r.readExtras(),
	}
	switch {
	case r.Windows != nil:
		p.Locale = r.Windows.Locale
	case r.OldWindows != nil:
		p.Locale = r.OldWindows.Language
	}
	for _, j := range r.DomainJoin {
		p.DomainJoin = append(p.DomainJoin, DomainJoin{Type: odata.Member(cmp.Or(j.Type, j.Old), JoinEntra, JoinHybrid),
			ConnectionID: j.ConnectionID, RegionName: j.RegionName, RegionGroup: j.RegionGroup})
	}
	return p
}

// body is the full writable object. What cannot be changed later is sent on create only.
func (p ProvisioningPolicy) body(create bool) (wirePolicy, error) {
	w := wirePolicy{
		Type: "#microsoft.graph.cloudPcProvisioningPolicy", DisplayName: p.DisplayName, Description: p.Description,
		ImageID: p.ImageID, ImageName: p.ImageDisplayName, ImageType: cmp.Or(p.ImageType, ImageGallery), SSO: p.EnableSSO, LocalAdmin: p.LocalAdminEnabled,
		Naming: p.NamingTemplate, DomainJoin: []wireJoin{},
	}
	bad := func(why, hint string) error {
		return fault.New(fault.Invalid, CodeRequest, "policy "+p.DisplayName+": "+why, hint)
	}
	if p.DisplayName == "" || p.ImageID == "" || p.ImageDisplayName == "" {
		return w, bad("a display name, an image id and an image name are mandatory",
			"pick a supported gallery image: snapshots do not use it, but a later reprovision does")
	}
	if p.Locale != "" {
		w.Windows = &wireWindows{Locale: p.Locale}
	}
	if create {
		w.Provisioning, w.Experience = cmp.Or(p.ProvisioningType, ProvisioningDedicated), p.UserExperienceType
	}
	w.extras(p.Extras)
	for _, d := range p.DomainJoin {
		j, why, hint := d.wire()
		if why != "" {
			return w, bad(why, hint)
		}
		w.DomainJoin = append(w.DomainJoin, j)
	}
	return w, nil
}

// wire is the join as it is sent; why is empty, or what is wrong with it.
func (d DomainJoin) wire() (j wireJoin, why, hint string) {
	j = wireJoin{Type: d.Type, ConnectionID: d.ConnectionID, RegionName: d.RegionName, RegionGroup: d.RegionGroup}
	if strings.EqualFold(j.RegionName, "automatic") && j.RegionGroup != "" {
		// It is the service's own choice, which it may not accept back.
		j.RegionName = ""
	}
	region := j.RegionName != "" || j.RegionGroup != ""
	switch {
	case strings.EqualFold(j.Type, JoinHybrid) && (j.ConnectionID == "" || region):
		return j, "hybrid join needs a network connection and no region", "name the connection only"
	case strings.EqualFold(j.Type, JoinEntra) && (j.ConnectionID != "") == region:
		return j, "Entra join needs a network connection or a region, and not both", "name one of the two"
	}
	return j, "", ""
}

const policies = ve + "/provisioningPolicies"

// ProvisioningPolicies reads all policies with their assignments; filter the answer.
func (c *Client) ProvisioningPolicies(ctx context.Context) ([]ProvisioningPolicy, error) {
	rs, err := list[readPolicy](ctx, c, call{doing: "list the provisioning policies", method: http.MethodGet, path: policies, query: expandAssignments, needs: cloudPCRead})
	return convert(rs, readPolicy.policy), err
}

// ProvisioningPolicy reads one policy with its assignments.
func (c *Client) ProvisioningPolicy(ctx context.Context, id string) (ProvisioningPolicy, error) {
	r, err := get[readPolicy](ctx, c, call{doing: "read the provisioning policy " + id, method: http.MethodGet, path: policies + "/" + esc(id), query: expandAssignments, ids: []string{id}, needs: cloudPCRead})
	return r.policy(), err
}

// CreateProvisioningPolicy creates a policy. It is sent once, and display names are not known to be unique: look for one
// before.
func (c *Client) CreateProvisioningPolicy(ctx context.Context, p ProvisioningPolicy) (ProvisioningPolicy, error) {
	body, err := p.body(true)
	if err != nil {
		return ProvisioningPolicy{}, err
	}
	cl := call{doing: "create the provisioning policy " + p.DisplayName, method: http.MethodPost, path: policies, body: body, once: true, needs: cloudPCWrite}
	r, err := create[readPolicy](ctx, c, cl)
	return r.policy(), err
}

// UpdateProvisioningPolicy writes the full writable object to p.ID and reads it again. Existing Cloud PCs and the
// assignments are not touched.
func (c *Client) UpdateProvisioningPolicy(ctx context.Context, p ProvisioningPolicy) (ProvisioningPolicy, error) {
	body, err := p.body(false)
	if err != nil {
		return ProvisioningPolicy{}, err
	}
	if _, err := c.do(ctx, call{doing: "update the provisioning policy " + p.DisplayName, method: http.MethodPatch, path: policies + "/" + esc(p.ID), ids: []string{p.ID}, body: body, needs: cloudPCWrite}); err != nil {
		return ProvisioningPolicy{}, err
	}
	return c.ProvisioningPolicy(ctx, p.ID)
}

// AssignProvisioningPolicy replaces the whole set of groups by groupIDs. The caller reads and merges first: a group left
// out starts the grace period of its users' Cloud PCs.
func (c *Client) AssignProvisioningPolicy(ctx context.Context, id string, groupIDs []string) error {
	_, err := c.do(ctx, call{doing: "assign the provisioning policy " + id, method: http.MethodPost, path: policies + "/" + esc(id) + "/assign", ids: append([]string{id}, groupIDs...), body: assignBody(groupIDs), needs: cloudPCWrite})
	return err
}
