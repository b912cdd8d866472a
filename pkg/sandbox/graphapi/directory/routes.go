// Package directory answers the calls to the directory: users, groups, licenses, memberships, and mail. It does not cover Windows
// 365.
package directory

import (
	"net/http"

	"wave365/pkg/sandbox/graphapi/call"
	"wave365/pkg/sandbox/graphapi/permission"
)

// Routes returns the calls.
func Routes() []*call.Route {
	var routes []*call.Route
	get, post, patch, del := http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
	dir := func(method, path string, cost int, perms permission.AnyOf, name, effect string, do func(*call.Call) (call.Reply, error)) {
		routes = append(routes, &call.Route{Method: method, Path: path, Area: call.Directory, Cost: cost, Perms: perms, Name: name, Effect: effect, Do: do})
	}
	dir(get, "organization", 1, nil, "", "", organization)
	dir(get, "users", 2, permission.ReadUser, "", "", listUsers)
	dir(get, "users/{}", 1, permission.ReadUser, "", "", getUser)
	dir(patch, "users/{}", 1, permission.WriteUser, "user update", "usage location set", patchUser)
	dir(del, "users/{}", 1, permission.WriteUser, "user delete", "user deleted", deleteUser(0))
	dir(get, "users/{}/licenseDetails", 2, permission.ReadLicense, "", "", licenseDetails)
	dir(post, "users/{}/assignLicense", 1, permission.WriteLicense, "assignLicense", "license assigned", assignLicense)
	dir(get, "subscribedSkus", 3, permission.ReadSKU, "", "", subscribedSkus)
	dir(get, "groups", 1, permission.ReadGroup, "", "", listGroups)
	dir(post, "groups", 1, permission.CreateGroup, "group create", "group created", createGroup)
	dir(get, "groups/{}", 1, permission.ReadGroup, "", "", getGroup)
	dir(del, "groups/{}", 1, permission.WriteGroup, "group delete", "group deleted", deleteGroup)
	dir(patch, "groups/{}", 1, permission.WriteMember, "group member add", "group members added", patchGroup)
	dir(get, "groups/{}/members", 3, permission.ReadGroup, "", "", members)
	dir(get, "groups/{}/members/user", 3, permission.ReadGroup, "", "", members)
	dir(post, "groups/{}/members/$ref", 1, permission.WriteMember, "group member add", "group member added", addMember)
	dir(del, "groups/{}/members/{}/$ref", 1, permission.WriteMember, "group member remove", "group member removed", removeMember)
	// Without /$ref this is the user, not the membership. It is here because the real service does this, too.
	dir(del, "groups/{}/members/{}", 1, permission.WriteUser, "user delete", "user deleted", deleteUser(1))
	return append(routes, &call.Route{Method: post, Path: "users/{}/sendMail", Area: call.Mail, Perms: permission.SendMail, Name: "sendMail",
		Effect: "mail accepted", Do: sendMail})
}
