package policyfile

import (
	"github.com/goccy/go-yaml"

	"wave365/pkg/graph"
)

// exported is a policy as a file holds it, in the order in which it is written.
type exported struct {
	DisplayName  string            `yaml:"displayName"`
	Description  string            `yaml:"description,omitempty"`
	Type         string            `yaml:"provisioningType,omitempty"`
	Experience   string            `yaml:"userExperienceType,omitempty"`
	Naming       string            `yaml:"cloudPcNamingTemplate,omitempty"`
	ImageID      string            `yaml:"imageId,omitempty"`
	ImageName    string            `yaml:"imageDisplayName,omitempty"`
	ImageType    string            `yaml:"imageType,omitempty"`
	SSO          bool              `yaml:"enableSingleSignOn"`
	LocalAdmin   bool              `yaml:"localAdminEnabled"`
	Joins        []exportedJoin    `yaml:"domainJoinConfigurations"`
	Windows      map[string]string `yaml:"windowsSetting,omitempty"`
	Autopatch    map[string]string `yaml:"autopatch,omitempty"`
	Autopilot    *exportedPilot    `yaml:"autopilotConfiguration,omitempty"`
	Managed      map[string]string `yaml:"microsoftManagedDesktop,omitempty"`
	SnapshotMode *string           `yaml:"snapshotResetMode,omitempty"`
	Groups       []string          `yaml:"groups,omitempty"`
}

type exportedJoin struct {
	Type       string `yaml:"domainJoinType"`
	Connection string `yaml:"onPremisesConnectionId,omitempty"`
	Region     string `yaml:"regionName,omitempty"`
	Group      string `yaml:"regionGroup,omitempty"`
}

type exportedPilot struct {
	Profile string `yaml:"devicePreparationProfileId"`
	Timeout int    `yaml:"applicationTimeoutInMinutes"`
	Deny    bool   `yaml:"onFailureDeviceAccessDenied"`
}

// Export writes a policy as a file that [Parse] reads: applied to the tenant it came from, it changes nothing. name is
// the display name of a group or a network connection, or its id again when the name is not known or not unique.
func Export(p graph.ProvisioningPolicy, name func(id string) string) ([]byte, error) {
	e := exported{
		DisplayName: p.DisplayName, Description: p.Description, Type: p.ProvisioningType, Experience: p.UserExperienceType, Naming: p.NamingTemplate,
		ImageID: p.ImageID, ImageName: p.ImageDisplayName, ImageType: p.ImageType, SSO: p.EnableSSO, LocalAdmin: p.LocalAdminEnabled,
		SnapshotMode: p.Extras.SnapshotResetMode,
	}
	for _, j := range p.DomainJoin {
		out := exportedJoin{Type: j.Type, Region: j.RegionName, Group: j.RegionGroup}
		if j.ConnectionID != "" {
			out.Connection = name(j.ConnectionID)
		}
		e.Joins = append(e.Joins, out)
	}
	if p.Locale != "" {
		e.Windows = map[string]string{"locale": p.Locale}
	}
	if id := p.Extras.AutopatchGroupID; id != nil {
		e.Autopatch = map[string]string{"autopatchGroupId": *id}
	}
	if a := p.Extras.Autopilot; a != nil {
		e.Autopilot = &exportedPilot{a.ProfileID, a.TimeoutMinutes, a.DenyOnFailure}
	}
	if m := p.Extras.ManagedDesktop; m != nil {
		e.Managed = map[string]string{"managedType": m.Type}
		if m.Profile != "" {
			e.Managed["profile"] = m.Profile
		}
	}
	for _, id := range p.GroupIDs {
		e.Groups = append(e.Groups, name(id))
	}
	text, err := yaml.MarshalWithOptions(e, yaml.IndentSequence(true))
	if err != nil {
		return nil, err
	}
	return append([]byte("# A provisioning policy of Windows 365. wave365 policy apply -f FILE creates it, or changes what differs.\n"), text...), nil
}
