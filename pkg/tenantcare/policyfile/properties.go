package policyfile

import (
	"cmp"
	"strings"

	"wave365/pkg/graph"
)

// property is one that a file may hold: how it is read, and how a policy's value of it is written, in one line of YAML
// flow style; "" stands for none.
type property struct {
	name string
	// fixed cannot be changed once the policy exists.
	fixed bool
	read  func(*reader, entry)
	shown func(graph.ProvisioningPolicy) string
	// take copies the property from one policy to another; nil: it is resolved elsewhere.
	take func(to *graph.ProvisioningPolicy, from graph.ProvisioningPolicy)
}

// textProperty is a plain text of the policy.
func textProperty(name string, at func(*graph.ProvisioningPolicy) *string) property {
	return property{
		name: name,
		read: func(r *reader, e entry) {
			if s, ok := r.text(e); ok {
				*at(&r.file.Policy) = strings.TrimSpace(s)
			}
		},
		shown: func(p graph.ProvisioningPolicy) string { return *at(&p) },
		take:  func(to *graph.ProvisioningPolicy, from graph.ProvisioningPolicy) { *at(to) = *at(&from) },
	}
}

func flagProperty(name string, at func(*graph.ProvisioningPolicy) *bool) property {
	return property{
		name: name, read: func(r *reader, e entry) { *at(&r.file.Policy) = r.flag(e) },
		shown: func(p graph.ProvisioningPolicy) string {
			if *at(&p) {
				return "true"
			}
			return "false"
		},
		take: func(to *graph.ProvisioningPolicy, from graph.ProvisioningPolicy) { *at(to) = *at(&from) },
	}
}

func memberProperty(name string, fixed bool, at func(*graph.ProvisioningPolicy) *string, members ...string) property {
	p := textProperty(name, at)
	p.fixed = fixed
	p.read = func(r *reader, e entry) { *at(&r.file.Policy) = r.member(e, members...) }
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
		{name: "image", read: func(r *reader, e entry) { r.file.Image, _ = r.text(e) }, shown: func(graph.ProvisioningPolicy) string { return "" }},
		textProperty("imageId", func(p *graph.ProvisioningPolicy) *string { return &p.ImageID }),
		textProperty("imageDisplayName", func(p *graph.ProvisioningPolicy) *string { return &p.ImageDisplayName }),
		memberProperty("imageType", false, func(p *graph.ProvisioningPolicy) *string { return &p.ImageType }, graph.ImageGallery, graph.ImageCustom),
		flagProperty("enableSingleSignOn", func(p *graph.ProvisioningPolicy) *bool { return &p.EnableSSO }),
		flagProperty("localAdminEnabled", func(p *graph.ProvisioningPolicy) *bool { return &p.LocalAdminEnabled }),
	}
}

func objectProperties() []property {
	return []property{
		{
			name: "domainJoinConfigurations", read: (*reader).joins, shown: func(p graph.ProvisioningPolicy) string { return showJoins(p.DomainJoin) },
			take: func(to *graph.ProvisioningPolicy, from graph.ProvisioningPolicy) { to.DomainJoin = from.DomainJoin },
		},
		{
			name: "windowsSetting", shown: func(p graph.ProvisioningPolicy) string { return object("locale", p.Locale) },
			read: func(r *reader, e entry) {
				r.fields(e, map[string]func(entry){"locale": func(e entry) { r.file.Policy.Locale, _ = r.text(e) }})
			},
			take: func(to *graph.ProvisioningPolicy, from graph.ProvisioningPolicy) { to.Locale = from.Locale },
		},
		{
			name: "autopatch", read: (*reader).autopatch,
			shown: func(p graph.ProvisioningPolicy) string {
				if p.Extras.AutopatchGroupID == nil {
					return ""
				}
				return object("autopatchGroupId", *p.Extras.AutopatchGroupID)
			},
			take: func(to *graph.ProvisioningPolicy, from graph.ProvisioningPolicy) {
				to.Extras.AutopatchGroupID = from.Extras.AutopatchGroupID
			},
		},
		{
			name: "autopilotConfiguration", read: (*reader).autopilot, shown: func(p graph.ProvisioningPolicy) string { return showAutopilot(p.Extras.Autopilot) },
			take: func(to *graph.ProvisioningPolicy, from graph.ProvisioningPolicy) {
				to.Extras.Autopilot = from.Extras.Autopilot
			},
		},
		{
			name: "microsoftManagedDesktop", read: (*reader).managed,
			shown: func(p graph.ProvisioningPolicy) string {
				if p.Extras.ManagedDesktop == nil {
					return ""
				}
				return object("managedType", p.Extras.ManagedDesktop.Type, "profile", p.Extras.ManagedDesktop.Profile)
			},
			take: func(to *graph.ProvisioningPolicy, from graph.ProvisioningPolicy) {
				to.Extras.ManagedDesktop = from.Extras.ManagedDesktop
			},
		},
		{
			name: "snapshotResetMode",
			read: func(r *reader, e entry) {
				if m := r.member(e, "notApplicable", "enabled", "disabled"); m != "" {
					r.file.Policy.Extras.SnapshotResetMode = &m
				}
			},
			shown: func(p graph.ProvisioningPolicy) string {
				if p.Extras.SnapshotResetMode == nil {
					return ""
				}
				return *p.Extras.SnapshotResetMode
			},
			take: func(to *graph.ProvisioningPolicy, from graph.ProvisioningPolicy) {
				to.Extras.SnapshotResetMode = from.Extras.SnapshotResetMode
			},
		},
		{name: "groups", read: (*reader).groups, shown: func(graph.ProvisioningPolicy) string { return "" }},
	}
}

func (r *reader) joins(e entry) {
	for _, n := range list(e.value) {
		line := n.GetToken().Position.Line
		if entries, ok := mapping(n); ok && len(entries) > 0 {
			line = entries[0].line
		}
		var j graph.DomainJoin
		text := func(at *string) func(entry) { return func(e entry) { *at, _ = r.text(e) } }
		r.fields(entry{e.name, line, n}, map[string]func(entry){
			"domainJoinType":         func(e entry) { j.Type = r.member(e, graph.JoinEntra, graph.JoinHybrid) },
			"onPremisesConnectionId": text(&j.ConnectionID), "regionName": text(&j.RegionName), "regionGroup": text(&j.RegionGroup),
			"geographicLocationType": func(entry) {}, // the service's own
		})
		r.file.Policy.DomainJoin = append(r.file.Policy.DomainJoin, j)
		r.joinRules(line, j)
	}
}

func (r *reader) autopatch(e entry) {
	r.fields(e, map[string]func(entry){"autopatchGroupId": func(e entry) {
		if id, ok := r.text(e); ok {
			r.file.Policy.Extras.AutopatchGroupID = &id
		}
	}})
}

func (r *reader) autopilot(e entry) {
	a := &graph.Autopilot{}
	r.fields(e, map[string]func(entry){
		"devicePreparationProfileId": func(e entry) { a.ProfileID, _ = r.text(e) },
		"applicationTimeoutInMinutes": func(e entry) {
			a.TimeoutMinutes = r.number(e)
			if a.TimeoutMinutes < 30 || a.TimeoutMinutes > 360 {
				r.bad(e.line, e.name, "applicationTimeoutInMinutes must be 30 to 360", "")
			}
		},
		"onFailureDeviceAccessDenied": func(e entry) { a.DenyOnFailure = r.flag(e) },
	})
	if a.ProfileID == "" {
		r.bad(e.line, e.name, "autopilotConfiguration needs devicePreparationProfileId", "the id of a device preparation policy in Intune")
	}
	if a.TimeoutMinutes == 0 {
		a.TimeoutMinutes = 60
	}
	r.file.Policy.Extras.Autopilot = a
}

func (r *reader) managed(e entry) {
	m := &graph.ManagedDesktop{}
	r.fields(e, map[string]func(entry){
		"managedType": func(e entry) {
			m.Type = r.member(e, "notManaged", "premiumManaged", "standardManaged", "starterManaged")
		},
		"profile": func(e entry) { m.Profile, _ = r.text(e) },
	})
	m.Type = cmp.Or(m.Type, "notManaged")
	r.file.Policy.Extras.ManagedDesktop = m
}

func (r *reader) groups(e entry) {
	for _, n := range list(e.value) {
		if s, ok := r.text(entry{e.name, n.GetToken().Position.Line, n}); ok {
			r.file.Groups = append(r.file.Groups, s)
		}
	}
}
