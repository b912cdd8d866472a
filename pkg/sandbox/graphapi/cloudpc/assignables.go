package cloudpc

import (
	"slices"
	"strings"
	"time"

	"wave365/pkg/sandbox/graphapi/call"
	"wave365/pkg/sandbox/graphapi/odata"
	"wave365/pkg/sandbox/graphapi/resource"
	"wave365/pkg/sandbox/tenant"
	"wave365/pkg/sandbox/tenant/props"
)

// members that a request may name, by property.
var accepted = map[string][]string{
	"provisioningSourceType": {"image", "snapshot"},
	"provisioningType":       {"dedicated", "shared", "sharedByUser", "sharedByEntraGroup", "reserve"},
	"imageType":              {"gallery", "custom"},
	"userExperienceType":     {"cloudPc", "cloudApp"},
	"snapshotResetMode":      {"notApplicable", "enabled", "disabled"},
}

// written reads the writable properties of a body.
func written(c *call.Call, writable, ignored []string) (props.Props, error) {
	m, err := c.Body(slices.Concat(writable, ignored)...)
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
			return nil, call.Status(400, "BadRequest", "Cannot convert the literal '"+s+"' to the expected type of the property '"+name+"'.")
		}
		m[name] = members[i]
	}
	for _, name := range []string{"localAdminEnabled", "resetEnabled", "enableSingleSignOn"} {
		if v, there := m[name]; there {
			if _, isBool := v.(bool); !isBool {
				return nil, call.Status(400, "BadRequest", "Cannot convert a value to the expected type 'Edm.Boolean' of the property '"+name+"'.")
			}
		}
	}
	return m, nil
}

// kind is one of the two kinds of objects that are assigned to groups, with their calls.
type kind struct {
	// path is its collection; name is its name in the logs, resource that in the audit log.
	path, name, resource string
	// writable are the properties that a request may set, ignored those that it may contain.
	writable, ignored []string
	object            func(v tenant.Assignable, beta bool) odata.Object

	list   func(t *tenant.Tenant, now time.Time, after int64, n int) ([]tenant.Assignable, bool)
	get    func(t *tenant.Tenant, now time.Time, id string) (tenant.Assignable, error)
	make   func(t *tenant.Tenant, now time.Time, given props.Props) (tenant.Assignable, error)
	change func(t *tenant.Tenant, now time.Time, id string, given props.Props) (tenant.Assignable, error)
	delete func(t *tenant.Tenant, now time.Time, id string) error
	assign func(t *tenant.Tenant, now time.Time, id string, groupIDs []string) error
}

var assignables = []kind{{
	path: "provisioningPolicies", name: "policy", resource: "CloudPcProvisioningPolicy",
	writable: resource.PolicyNames, ignored: resource.PolicyIgnored, object: resource.Policy,
	list: (*tenant.Tenant).Policies, get: (*tenant.Tenant).Policy, make: (*tenant.Tenant).CreatePolicy,
	change: (*tenant.Tenant).PatchPolicy, delete: (*tenant.Tenant).DeletePolicy, assign: (*tenant.Tenant).AssignPolicy,
}, {
	path: "userSettings", name: "user setting", resource: "CloudPcUserSetting",
	writable: resource.SettingNames, ignored: resource.SettingIgnored, object: resource.Setting,
	list: (*tenant.Tenant).Settings, get: (*tenant.Tenant).Setting, make: (*tenant.Tenant).CreateSetting,
	change: (*tenant.Tenant).PatchSetting, delete: (*tenant.Tenant).DeleteSetting, assign: (*tenant.Tenant).AssignSetting,
}}

func (k kind) all(c *call.Call) (call.Reply, error) {
	list := func(now time.Time, after int64, n int) ([]tenant.Assignable, bool) {
		return k.list(c.Tenant, now, after, n)
	}
	return c.List(ve+k.path, call.From(c, list, func(v tenant.Assignable) odata.Object { return k.object(v, c.Beta()) }))
}

func (k kind) one(c *call.Call) (call.Reply, error) {
	v, err := k.get(c.Tenant, c.Now, c.Params[0])
	if err != nil {
		return call.Reply{}, err
	}
	return call.OK(ve+k.path, k.object(v, c.Beta()))
}

func (k kind) create(c *call.Call) (call.Reply, error) {
	m, err := written(c, k.writable, k.ignored)
	if err != nil {
		return call.Reply{}, err
	}
	v, err := k.make(c.Tenant, c.Now, m)
	if err != nil {
		return call.Reply{}, err
	}
	c.Resources = []string{v.ID}
	return call.Created(ve+k.path, k.object(v, c.Beta()))
}

func (k kind) patch(c *call.Call) (call.Reply, error) {
	m, err := written(c, k.writable, k.ignored)
	if err != nil {
		return call.Reply{}, err
	}
	v, err := k.change(c.Tenant, c.Now, c.Params[0], m)
	if err != nil {
		return call.Reply{}, err
	}
	if c.Knobs.PatchStatus == 204 {
		return call.Empty(), nil
	}
	return call.OK(ve+k.path, k.object(v, c.Beta()))
}

func (k kind) remove(c *call.Call) (call.Reply, error) {
	return call.Empty(), k.delete(c.Tenant, c.Now, c.Params[0])
}

func (k kind) reassign(c *call.Call) (call.Reply, error) {
	ids, err := groupsOf(c)
	if err != nil {
		return call.Reply{}, err
	}
	return call.Empty(), k.assign(c.Tenant, c.Now, c.Params[0], ids)
}

// groupsOf reads the body of an assign call.
func groupsOf(c *call.Call) ([]string, error) {
	var in struct {
		Assignments *[]struct {
			ID     string
			Target struct {
				Type    string `json:"@odata.type"`
				GroupID string
			}
		}
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	if in.Assignments == nil {
		return nil, call.Status(400, "requiredFieldsNotProvided", "The required field 'assignments' was not provided.")
	}
	ids := []string{}
	for _, a := range *in.Assignments {
		if a.ID != "" && c.Knobs.AssignmentID == "refuse" {
			return nil, call.Status(400, "BadRequest", "The property Id of the assignment is invalid.")
		}
		if a.Target.GroupID == "" {
			return nil, call.Status(400, "requiredFieldsNotProvided", "The required field 'groupId' was not provided.")
		}
		ids = append(ids, a.Target.GroupID)
	}
	return ids, nil
}
