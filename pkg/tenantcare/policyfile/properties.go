package policyfile

import (
	"cmp"
	"strings"

	"github.com/goccy/go-yaml"

	"wave365/pkg/graph"
	"wave365/pkg/tenantcare/policyfile/reading"
)

// property is one that a file may hold.
type property struct {
	name string
	// fixed cannot be changed once the policy exists.
	fixed bool
	read  func(*reader, entry)
	// value is a policy's value of it, for a file: a text, a flag, an object, or a list of objects or texts; an empty
	// value is none. nil: no policy has it.
	value func(graph.ProvisioningPolicy) any
	// take copies the property from one policy to another; nil: it is resolved elsewhere.
	take func(to *graph.ProvisioningPolicy, from graph.ProvisioningPolicy)
}

// propertyAt is a property that is stored at one place of a policy.
func propertyAt[T any](name string, at func(*graph.ProvisioningPolicy) *T, read func(*reader, entry), value func(T) any) property {
	return property{
		name: name, read: read,
		value: func(p graph.ProvisioningPolicy) any { return value(*at(&p)) },
		take:  func(to *graph.ProvisioningPolicy, from graph.ProvisioningPolicy) { *at(to) = *at(&from) },
	}
}

// textProperty is a plain text of the policy.
func textProperty(name string, at func(*graph.ProvisioningPolicy) *string) property {
	read := func(r *reader, e entry) {
		if s, ok := r.Text(e); ok {
			*at(&r.file.Policy) = strings.TrimSpace(s)
		}
	}
	return propertyAt(name, at, read, func(s string) any { return s })
}

func flagProperty(name string, at func(*graph.ProvisioningPolicy) *bool) property {
	return propertyAt(name, at, func(r *reader, e entry) { *at(&r.file.Policy) = r.Flag(e) }, func(b bool) any { return b })
}

func memberProperty(name string, fixed bool, at func(*graph.ProvisioningPolicy) *string, members ...string) property {
	p := textProperty(name, at)
	p.fixed = fixed
	p.read = func(r *reader, e entry) { *at(&r.file.Policy) = r.Member(e, members...) }
	return p
}

// properties are what a file may hold, in the order in which it is written.
func properties() []property {
	return append(plainProperties(), objectProperties()...)
}

func plainProperties() []property {
	return []property{
		textProperty("displayName", func(p *graph.ProvisioningPolicy) *string { return &p.DisplayName }),
		textProperty("description", func(p *graph.ProvisioningPolicy) *string { return &p.Description }),
		memberProperty("provisioningType", true, func(p *graph.ProvisioningPolicy) *string { return &p.ProvisioningType },
			graph.ProvisioningDedicated, "shared", "sharedByUser", "sharedByEntraGroup", "reserve"),
		memberProperty("userExperienceType", true, func(p *graph.ProvisioningPolicy) *string { return &p.UserExperienceType }, "cloudPc", "cloudApp"),
		textProperty("cloudPcNamingTemplate", func(p *graph.ProvisioningPolicy) *string { return &p.NamingTemplate }),
		{name: "image", read: func(r *reader, e entry) { r.file.Image, _ = r.Text(e) }},
		textProperty("imageId", func(p *graph.ProvisioningPolicy) *string { return &p.ImageID }),
		textProperty("imageDisplayName", func(p *graph.ProvisioningPolicy) *string { return &p.ImageDisplayName }),
		memberProperty("imageType", false, func(p *graph.ProvisioningPolicy) *string { return &p.ImageType }, graph.ImageGallery, graph.ImageCustom),
		flagProperty("enableSingleSignOn", func(p *graph.ProvisioningPolicy) *bool { return &p.EnableSSO }),
		flagProperty("localAdminEnabled", func(p *graph.ProvisioningPolicy) *bool { return &p.LocalAdminEnabled }),
	}
}

func objectProperties() []property {
	return []property{
		propertyAt("domainJoinConfigurations", func(p *graph.ProvisioningPolicy) *[]graph.DomainJoin { return &p.DomainJoin }, (*reader).joins, joinsValue),
		propertyAt("windowsSetting", func(p *graph.ProvisioningPolicy) *string { return &p.Locale }, (*reader).windows,
			func(locale string) any { return object("locale", locale) }),
		propertyAt("autopatch", func(p *graph.ProvisioningPolicy) **string { return &p.Extras.AutopatchGroupID }, (*reader).autopatch,
			func(id *string) any { return object("autopatchGroupId", textOf(id)) }),
		propertyAt("autopilotConfiguration", func(p *graph.ProvisioningPolicy) **graph.Autopilot { return &p.Extras.Autopilot }, (*reader).autopilot, autopilotValue),
		propertyAt("microsoftManagedDesktop", func(p *graph.ProvisioningPolicy) **graph.ManagedDesktop { return &p.Extras.ManagedDesktop }, (*reader).managed,
			func(m *graph.ManagedDesktop) any {
				if m == nil {
					return nil
				}
				return object("managedType", m.Type, "profile", m.Profile)
			}),
		propertyAt("snapshotResetMode", func(p *graph.ProvisioningPolicy) **string { return &p.Extras.SnapshotResetMode }, (*reader).resetMode,
			func(mode *string) any { return textOf(mode) }),
		{name: "groups", read: (*reader).groups, value: func(p graph.ProvisioningPolicy) any { return p.GroupIDs }},
	}
}

func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func joinsValue(joins []graph.DomainJoin) any {
	list := make([]yaml.MapSlice, len(joins))
	for i, j := range joins {
		list[i] = object("domainJoinType", j.Type, "onPremisesConnectionId", j.ConnectionID, "regionName", j.RegionName, "regionGroup", j.RegionGroup)
	}
	return list
}

func autopilotValue(a *graph.Autopilot) any {
	if a == nil {
		return nil
	}
	return object("devicePreparationProfileId", a.ProfileID, "applicationTimeoutInMinutes", a.TimeoutMinutes, "onFailureDeviceAccessDenied", a.DenyOnFailure)
}

func (r *reader) joins(e entry) {
	for _, one := range reading.List(e) {
		var j graph.DomainJoin
		text := func(at *string) func(entry) { return func(e entry) { *at, _ = r.Text(e) } }
		r.Object(one, map[string]func(entry){
			"domainJoinType":         func(e entry) { j.Type = r.Member(e, graph.JoinEntra, graph.JoinHybrid) },
			"onPremisesConnectionId": text(&j.ConnectionID), "regionName": text(&j.RegionName), "regionGroup": text(&j.RegionGroup),
			"geographicLocationType": func(entry) {}, // the service's own
		})
		r.file.Policy.DomainJoin = append(r.file.Policy.DomainJoin, j)
		r.joinRules(one.Line, j)
	}
}

func (r *reader) windows(e entry) {
	r.Object(e, map[string]func(entry){"locale": func(e entry) { r.file.Policy.Locale, _ = r.Text(e) }})
}

func (r *reader) autopatch(e entry) {
	r.Object(e, map[string]func(entry){"autopatchGroupId": func(e entry) {
		if id, ok := r.Text(e); ok {
			r.file.Policy.Extras.AutopatchGroupID = &id
		}
	}})
}

func (r *reader) autopilot(e entry) {
	a := &graph.Autopilot{}
	r.Object(e, map[string]func(entry){
		"devicePreparationProfileId": func(e entry) { a.ProfileID, _ = r.Text(e) },
		"applicationTimeoutInMinutes": func(e entry) {
			a.TimeoutMinutes = r.Number(e)
			if a.TimeoutMinutes < 30 || a.TimeoutMinutes > 360 {
				r.bad(e.Line, e.Name, "applicationTimeoutInMinutes must be 30 to 360", "")
			}
		},
		"onFailureDeviceAccessDenied": func(e entry) { a.DenyOnFailure = r.Flag(e) },
	})
	if a.ProfileID == "" {
		r.bad(e.Line, e.Name, "autopilotConfiguration needs devicePreparationProfileId", "the id of a device preparation policy in Intune")
	}
	if a.TimeoutMinutes == 0 {
		a.TimeoutMinutes = 60
	}
	r.file.Policy.Extras.Autopilot = a
}

func (r *reader) managed(e entry) {
	m := &graph.ManagedDesktop{}
	r.Object(e, map[string]func(entry){
		"managedType": func(e entry) {
			m.Type = r.Member(e, "notManaged", "premiumManaged", "standardManaged", "starterManaged")
		},
		"profile": func(e entry) { m.Profile, _ = r.Text(e) },
	})
	m.Type = cmp.Or(m.Type, "notManaged")
	r.file.Policy.Extras.ManagedDesktop = m
}

func (r *reader) resetMode(e entry) {
	if m := r.Member(e, "notApplicable", "enabled", "disabled"); m != "" {
		r.file.Policy.Extras.SnapshotResetMode = &m
	}
}

func (r *reader) groups(e entry) {
	for _, one := range reading.List(e) {
		if s, ok := r.Text(one); ok {
			r.file.Groups = append(r.file.Groups, s)
		}
	}
}
