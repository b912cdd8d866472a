// Package resource converts the objects of a tenant to their form in Graph: their properties by the names of the schema, in v1.0 and
// beta.
package resource

import (
	"strings"

	"wave365/pkg/sandbox/graphapi/odata"
	"wave365/pkg/sandbox/tenant"
)

// User returns a user as the directory shows them; v1.0 omits much unless it is selected.
func User(u tenant.User, beta bool) odata.Object {
	more := odata.OnSelect
	if beta {
		more = odata.Always
	}
	given, sur, _ := strings.Cut(u.Name, " ")
	licenses, states := []odata.Object{}, []odata.Object{}
	for _, h := range u.Licenses {
		disabled := h.Disabled
		if disabled == nil {
			disabled = []string{}
		}
		state, by := "Active", any(nil)
		if h.ByGroup != "" {
			by = h.ByGroup
		}
		errText := "None"
		if h.Error != "" {
			state, errText = "Error", h.Error
		} else {
			licenses = append(licenses, odata.Object{{Name: "disabledPlans", Value: disabled}, {Name: "skuId", Value: h.SKUID}})
		}
		states = append(states, odata.Object{{Name: "skuId", Value: h.SKUID}, {Name: "disabledPlans", Value: disabled},
			{Name: "assignedByGroup", Value: by}, {Name: "state", Value: state}, {Name: "error", Value: errText},
			{Name: "lastUpdatedDateTime", Value: h.Since}})
	}
	return odata.Object{
		{Name: "id", Value: u.ID},
		{Name: "displayName", Value: u.Name},
		{Name: "givenName", Value: orNull(given)},
		{Name: "surname", Value: orNull(sur)},
		{Name: "jobTitle"},
		{Name: "mail", Value: u.UPN},
		{Name: "mobilePhone"},
		{Name: "officeLocation"},
		{Name: "preferredLanguage"},
		{Name: "businessPhones", Value: []string{}},
		{Name: "userPrincipalName", Value: u.UPN},
		{Name: "accountEnabled", Value: u.Enabled, When: more},
		{Name: "usageLocation", Value: orNull(u.Location), When: more},
		{Name: "userType", Value: "Member", When: more},
		{Name: "department", Value: orNull(u.Department), When: more},
		{Name: "onPremisesSyncEnabled", When: more},
		{Name: "assignedLicenses", Value: licenses, When: more},
		{Name: "licenseAssignmentStates", Value: states, When: more},
	}
}

// Group returns a group; domain is that of its mail.
func Group(g tenant.Group, domain string) odata.Object {
	types := []string{}
	var rule any
	if g.Dynamic {
		types, rule = []string{"DynamicMembership"}, `user.accountEnabled -eq true`
	}
	if g.Unified {
		types = append(types, "Unified")
	}
	var synced, mail any
	if g.MailEnabled {
		mail = g.ID[:8] + "@" + domain
	}
	if g.Synced {
		synced = true
	}
	licenses := []odata.Object{}
	for _, s := range g.Licenses {
		licenses = append(licenses, odata.Object{{Name: "disabledPlans", Value: []string{}}, {Name: "skuId", Value: s.SKUID}})
	}
	return odata.Object{
		{Name: "id", Value: g.ID},
		{Name: "createdDateTime", Value: g.Created},
		{Name: "description"},
		{Name: "displayName", Value: g.Name},
		{Name: "groupTypes", Value: types},
		{Name: "isAssignableToRole", Value: g.RoleAssignable},
		{Name: "isManagementRestricted", Value: g.Restricted, When: odata.OnSelect},
		{Name: "mail", Value: mail},
		{Name: "mailEnabled", Value: g.MailEnabled},
		{Name: "mailNickname", Value: strings.ReplaceAll(g.Name, " ", "")},
		{Name: "membershipRule", Value: rule},
		{Name: "onPremisesSyncEnabled", Value: synced},
		{Name: "securityEnabled", Value: !g.Unified},
		{Name: "visibility"},
		{Name: "assignedLicenses", Value: licenses, When: odata.OnSelect},
		{Name: "licenseProcessingState", Value: odata.Object{{Name: "state", Value: "ProcessingComplete"}}, When: odata.OnSelect},
	}
}

// Organization returns the tenant itself.
func Organization(o tenant.Organization) odata.Object {
	return odata.Object{{Name: "id", Value: o.ID}, {Name: "displayName", Value: o.Name}, {Name: "tenantType", Value: "AAD"},
		{Name: "verifiedDomains", Value: []odata.Object{{{Name: "name", Value: o.Domain}, {Name: "isDefault", Value: true},
			{Name: "isInitial", Value: true}, {Name: "type", Value: "Managed"}, {Name: "capabilities", Value: "Email, OfficeCommunicationsOnline"}}}}}
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
