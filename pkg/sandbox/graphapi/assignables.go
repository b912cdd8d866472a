package graphapi

import (
	"slices"
	"strings"

	"wave365/pkg/sandbox/graphapi/odata"
	"wave365/pkg/sandbox/tenant"
)

const ve = "deviceManagement/virtualEndpoint/"

var policyNames = []string{"displayName", "description", "imageId", "imageDisplayName", "imageType", "domainJoinConfigurations",
	"provisioningType", "enableSingleSignOn", "windowsSetting", "cloudPcNamingTemplate", "localAdminEnabled", "userExperienceType",
	"managedBy", "microsoftManagedDesktop", "autopatch", "autopilotConfiguration", "snapshotResetMode", "userSettingsPersistenceConfiguration"}

// policyReadOnly and deprecated names are taken and forgotten.
var policyIgnored = []string{"id", "alternateResourceUrl", "assignments", "cloudPcGroupDisplayName", "createdBy", "createdDateTime",
	"gracePeriodInHours", "lastModifiedBy", "lastModifiedDateTime", "scopeIds", "windowsSettings"}

var settingNames = []string{"displayName", "provisioningSourceType", "localAdminEnabled", "resetEnabled", "restorePointSetting",
	"crossRegionDisasterRecoverySetting", "notificationSetting"}

var settingIgnored = []string{"id", "createdDateTime", "lastModifiedDateTime", "selfServiceEnabled", "assignments"}

// members that a request may name, by property.
var accepted = map[string][]string{
	"provisioningSourceType": {"image", "snapshot"},
	"provisioningType":       {"dedicated", "shared", "sharedByUser", "sharedByEntraGroup", "reserve"},
	"imageType":              {"gallery", "custom"},
	"userExperienceType":     {"cloudPc", "cloudApp"},
	"snapshotResetMode":      {"notApplicable", "enabled", "disabled"},
}

// props reads the writable properties of a body.
func (c *call) props(writable, ignored []string) (tenant.Props, error) {
	m, err := c.body(slices.Concat(writable, ignored)...)
	if err != nil {
		return nil, err
	}
	for _, name := range ignored {
		delete(m, name)
	}
	for name, members := range accepted {
		v, there := m[name]
		if !there || v == nil {
			continue
		}
		s, _ := v.(string)
		i := slices.IndexFunc(members, func(x string) bool { return strings.EqualFold(x, s) })
		if i < 0 {
			return nil, status(400, "BadRequest", "Cannot convert the literal '"+s+"' to the expected type of the property '"+name+"'.")
		}
		m[name] = members[i]
	}
	for _, name := range []string{"localAdminEnabled", "resetEnabled", "enableSingleSignOn"} {
		if v, there := m[name]; there {
			if _, isBool := v.(bool); !isBool {
				return nil, status(400, "BadRequest", "Cannot convert a value to the expected type 'Edm.Boolean' of the property '"+name+"'.")
			}
		}
	}
	return m, nil
}

func assignments(id string, as []tenant.Assignment, created bool) []odata.Object {
	out := make([]odata.Object, 0, len(as))
	for _, a := range as {
		o := odata.Object{{Name: "id", Value: id + "_" + a.GroupID}}
		if created {
			o = append(o, odata.Prop{Name: "createdDateTime", Value: a.Created})
		}
		out = append(out, append(o, odata.Prop{Name: "target", Value: odata.Object{
			{Name: "@odata.type", Value: "microsoft.graph.cloudPcManagementGroupAssignmentTarget"}, {Name: "groupId", Value: a.GroupID}}}))
	}
	return out
}

func (c *call) policyObject(p tenant.Policy) odata.Object {
	o := odata.Object{{Name: "id", Value: p.ID}}
	o = append(o, full(p.Props, policyNames)...)
	o = append(o, odata.Prop{Name: "alternateResourceUrl"}, odata.Prop{Name: "cloudPcGroupDisplayName"},
		odata.Prop{Name: "gracePeriodInHours", Value: 168})
	if c.version == "beta" {
		o = append(o, odata.Prop{Name: "createdDateTime", Value: p.Created}, odata.Prop{Name: "lastModifiedDateTime", Value: p.Modified},
			odata.Prop{Name: "scopeIds", Value: []string{"0"}})
	} else {
		o = slices.DeleteFunc(o, func(p odata.Prop) bool { return p.Name == "snapshotResetMode" })
	}
	return append(o, odata.Prop{Name: "assignments", Value: assignments(p.ID, p.Assignments, false), When: odata.OnExpand})
}

// full is every writable property, null where it was never set.
func full(props tenant.Props, names []string) odata.Object {
	o := make(odata.Object, 0, len(names))
	for _, n := range names {
		o = append(o, odata.Prop{Name: n, Value: props[n]})
	}
	return o
}

func (c *call) listPolicies() (reply, error) {
	return c.list(ve+"provisioningPolicies", from(func(after int64, n int) ([]tenant.Policy, bool) { return c.t.Policies(c.now, after, n) },
		func(p tenant.Policy) int64 { return p.Seq }, c.policyObject))
}

func (c *call) getPolicy() (reply, error) {
	p, err := c.t.Policy(c.now, c.params[0])
	if err != nil {
		return reply{}, err
	}
	return ok(ve+"provisioningPolicies", c.policyObject(p))
}

func (c *call) createPolicy() (reply, error) {
	m, err := c.props(policyNames, policyIgnored)
	if err != nil {
		return reply{}, err
	}
	p, err := c.t.CreatePolicy(c.now, m)
	if err != nil {
		return reply{}, err
	}
	c.resources = []string{p.ID}
	return created(ve+"provisioningPolicies", c.policyObject(p))
}

func (c *call) patchPolicy() (reply, error) {
	m, err := c.props(policyNames, policyIgnored)
	if err != nil {
		return reply{}, err
	}
	p, err := c.t.PatchPolicy(c.now, c.params[0], m)
	if err != nil {
		return reply{}, err
	}
	return c.patched(ve+"provisioningPolicies", c.policyObject(p))
}

func (c *call) patched(context string, o odata.Object) (reply, error) {
	if c.h.cfg.Knobs.PatchStatus == 204 {
		return empty(), nil
	}
	return ok(context, o)
}

func (c *call) deletePolicy() (reply, error) { return empty(), c.t.DeletePolicy(c.now, c.params[0]) }

// groupsOf reads the body of an assign call.
func (c *call) groupsOf() ([]string, error) {
	var in struct {
		Assignments *[]struct {
			ID     string
			Target struct {
				Type    string `json:"@odata.type"`
				GroupID string
			}
		}
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.Assignments == nil {
		return nil, status(400, "requiredFieldsNotProvided", "The required field 'assignments' was not provided.")
	}
	ids := []string{}
	for _, a := range *in.Assignments {
		if a.ID != "" && c.h.cfg.Knobs.AssignmentID == "refuse" {
			return nil, status(400, "BadRequest", "The property Id of the assignment is invalid.")
		}
		if a.Target.GroupID == "" {
			return nil, status(400, "requiredFieldsNotProvided", "The required field 'groupId' was not provided.")
		}
		ids = append(ids, a.Target.GroupID)
	}
	return ids, nil
}

func (c *call) assignPolicy() (reply, error) {
	ids, err := c.groupsOf()
	if err != nil {
		return reply{}, err
	}
	return empty(), c.t.AssignPolicy(c.now, c.params[0], ids)
}

func (c *call) settingObject(s tenant.Setting) odata.Object {
	o := odata.Object{{Name: "id", Value: s.ID}}
	o = append(o, full(s.Props, settingNames)...)
	if c.version != "beta" {
		o = slices.DeleteFunc(o, func(p odata.Prop) bool { return p.Name == "provisioningSourceType" })
	}
	return append(o, odata.Prop{Name: "createdDateTime", Value: s.Created}, odata.Prop{Name: "lastModifiedDateTime", Value: s.Modified},
		odata.Prop{Name: "assignments", Value: assignments(s.ID, s.Assignments, true), When: odata.OnExpand})
}

func (c *call) listSettings() (reply, error) {
	return c.list(ve+"userSettings", from(func(after int64, n int) ([]tenant.Setting, bool) { return c.t.Settings(c.now, after, n) },
		func(s tenant.Setting) int64 { return s.Seq }, c.settingObject))
}

func (c *call) getSetting() (reply, error) {
	s, err := c.t.Setting(c.now, c.params[0])
	if err != nil {
		return reply{}, err
	}
	return ok(ve+"userSettings", c.settingObject(s))
}

func (c *call) createSetting() (reply, error) {
	m, err := c.props(settingNames, settingIgnored)
	if err != nil {
		return reply{}, err
	}
	s, err := c.t.CreateSetting(c.now, m)
	if err != nil {
		return reply{}, err
	}
	c.resources = []string{s.ID}
	return created(ve+"userSettings", c.settingObject(s))
}

func (c *call) patchSetting() (reply, error) {
	m, err := c.props(settingNames, settingIgnored)
	if err != nil {
		return reply{}, err
	}
	s, err := c.t.PatchSetting(c.now, c.params[0], m)
	if err != nil {
		return reply{}, err
	}
	return c.patched(ve+"userSettings", c.settingObject(s))
}

func (c *call) deleteSetting() (reply, error) { return empty(), c.t.DeleteSetting(c.now, c.params[0]) }

func (c *call) assignSetting() (reply, error) {
	ids, err := c.groupsOf()
	if err != nil {
		return reply{}, err
	}
	return empty(), c.t.AssignSetting(c.now, c.params[0], ids)
}
