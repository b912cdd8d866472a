package graphapi

import (
	"slices"
	"strings"
	"time"

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

func (c *call) policyObject(p tenant.Assignable) odata.Object {
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

func (c *call) settingObject(s tenant.Assignable) odata.Object {
	o := odata.Object{{Name: "id", Value: s.ID}}
	o = append(o, full(s.Props, settingNames)...)
	if c.version != "beta" {
		o = slices.DeleteFunc(o, func(p odata.Prop) bool { return p.Name == "provisioningSourceType" })
	}
	return append(o, odata.Prop{Name: "createdDateTime", Value: s.Created}, odata.Prop{Name: "lastModifiedDateTime", Value: s.Modified},
		odata.Prop{Name: "assignments", Value: assignments(s.ID, s.Assignments, true), When: odata.OnExpand})
}

// kind is one of the two kinds of things that are assigned to groups, with the calls that there are for it.
type kind struct {
	// path is its collection; name is how the logs call it, resource how the audit log does.
	path, name, resource string
	// writable are the properties that a request may set, ignored those that it may name.
	writable, ignored []string
	object            func(*call, tenant.Assignable) odata.Object

	list   func(t *tenant.Tenant, now time.Time, after int64, n int) ([]tenant.Assignable, bool)
	get    func(t *tenant.Tenant, now time.Time, id string) (tenant.Assignable, error)
	make   func(t *tenant.Tenant, now time.Time, props tenant.Props) (tenant.Assignable, error)
	change func(t *tenant.Tenant, now time.Time, id string, props tenant.Props) (tenant.Assignable, error)
	delete func(t *tenant.Tenant, now time.Time, id string) error
	assign func(t *tenant.Tenant, now time.Time, id string, groupIDs []string) error
}

var assignables = []kind{{
	path: "provisioningPolicies", name: "policy", resource: "CloudPcProvisioningPolicy",
	writable: policyNames, ignored: policyIgnored, object: (*call).policyObject,
	list: (*tenant.Tenant).Policies, get: (*tenant.Tenant).Policy, make: (*tenant.Tenant).CreatePolicy,
	change: (*tenant.Tenant).PatchPolicy, delete: (*tenant.Tenant).DeletePolicy, assign: (*tenant.Tenant).AssignPolicy,
}, {
	path: "userSettings", name: "user setting", resource: "CloudPcUserSetting",
	writable: settingNames, ignored: settingIgnored, object: (*call).settingObject,
	list: (*tenant.Tenant).Settings, get: (*tenant.Tenant).Setting, make: (*tenant.Tenant).CreateSetting,
	change: (*tenant.Tenant).PatchSetting, delete: (*tenant.Tenant).DeleteSetting, assign: (*tenant.Tenant).AssignSetting,
}}

func (k kind) all(c *call) (reply, error) {
	list := func(now time.Time, after int64, n int) ([]tenant.Assignable, bool) { return k.list(c.t, now, after, n) }
	return c.list(ve+k.path, from(c, list, func(v tenant.Assignable) odata.Object { return k.object(c, v) }))
}

func (k kind) one(c *call) (reply, error) {
	v, err := k.get(c.t, c.now, c.params[0])
	if err != nil {
		return reply{}, err
	}
	return ok(ve+k.path, k.object(c, v))
}

func (k kind) create(c *call) (reply, error) {
	m, err := c.props(k.writable, k.ignored)
	if err != nil {
		return reply{}, err
	}
	v, err := k.make(c.t, c.now, m)
	if err != nil {
		return reply{}, err
	}
	c.resources = []string{v.ID}
	return created(ve+k.path, k.object(c, v))
}

func (k kind) patch(c *call) (reply, error) {
	m, err := c.props(k.writable, k.ignored)
	if err != nil {
		return reply{}, err
	}
	v, err := k.change(c.t, c.now, c.params[0], m)
	if err != nil {
		return reply{}, err
	}
	if c.h.cfg.Knobs.PatchStatus == 204 {
		return empty(), nil
	}
	return ok(ve+k.path, k.object(c, v))
}

func (k kind) remove(c *call) (reply, error) { return empty(), k.delete(c.t, c.now, c.params[0]) }

func (k kind) reassign(c *call) (reply, error) {
	ids, err := c.groupsOf()
	if err != nil {
		return reply{}, err
	}
	return empty(), k.assign(c.t, c.now, c.params[0], ids)
}

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
