package graph

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"wave365/pkg/fault"
)

// Group is a group of the directory.
type Group struct {
	ID, DisplayName string
	// Dynamic groups take no members by hand; Synced ones are ruled on premises; RoleAssignable and Restricted ones need
	// a role that this tool should not hold.
	Dynamic, Synced, RoleAssignable, Restricted bool
	// MailEnabled groups that are not Microsoft 365 groups (Unified) are managed by Exchange: Graph cannot add members
	// to them.
	MailEnabled, Unified bool
	// LicenseSKUs are the licenses that come with the membership.
	LicenseSKUs []string
}

// GroupAnswer is the answer for one group.
type GroupAnswer struct {
	Group Group
	Err   error
}

type wireGroup struct {
	ID         string   `json:"id"`
	Name       string   `json:"displayName"`
	Types      []string `json:"groupTypes"`
	Synced     bool     `json:"onPremisesSyncEnabled"`
	Role       bool     `json:"isAssignableToRole"`
	Restricted bool     `json:"isManagementRestricted"`
	Mail       bool     `json:"mailEnabled"`
	Licenses   []struct {
		SKU string `json:"skuId"`
	} `json:"assignedLicenses"`
}

func (w wireGroup) id() string { return w.ID }

func (w wireGroup) group() Group {
	g := Group{ID: w.ID, DisplayName: w.Name, Synced: w.Synced, RoleAssignable: w.Role, Restricted: w.Restricted,
		MailEnabled: w.Mail, Unified: w.is("Unified"), Dynamic: w.is("DynamicMembership")}
	for _, l := range w.Licenses {
		g.LicenseSKUs = append(g.LicenseSKUs, l.SKU)
	}
	return g
}

func (w wireGroup) is(kind string) bool {
	return slices.ContainsFunc(w.Types, func(t string) bool { return strings.EqualFold(t, kind) })
}

// groupFields are requested by name: v1.0 leaves some of them out otherwise.
var groupFields = param("$select", "id,displayName,securityEnabled,mailEnabled,groupTypes,onPremisesSyncEnabled,isAssignableToRole,isManagementRestricted,assignedLicenses,membershipRule")

func groupCall(id string) call {
	return call{doing: "read the group " + id, method: http.MethodGet, path: v1 + "/groups/" + esc(id), query: groupFields, ids: []string{id}, needs: memberRead}
}

// Group reads one group.
func (c *Client) Group(ctx context.Context, id string) (Group, error) {
	w, err := get[wireGroup](ctx, c, groupCall(id))
	return w.group(), err
}

// Groups reads many groups, in batches; the answers come in the order of ids. The error is for the call as a whole.
func (c *Client) Groups(ctx context.Context, ids []string) ([]GroupAnswer, error) {
	return batchGet(ctx, c, "read the groups", convert(ids, groupCall), "the answer names no group",
		func(w wireGroup, err error) GroupAnswer { return GroupAnswer{Group: w.group(), Err: err} })
}

// Member is a direct member of a group.
type Member struct {
	ID string
	// UPN is empty for members that are not users, and without the permission to read users.
	UPN string
	// Type is "user", "group", "device", "servicePrincipal", …; empty: the service does not say.
	Type string
}

type wireMember struct {
	defect
	ID   string `json:"id"`
	UPN  string `json:"userPrincipalName"`
	Type string `json:"@odata.type"`
}

func (w wireMember) member() Member {
	return Member{ID: w.ID, UPN: w.UPN, Type: strings.TrimPrefix(strings.TrimPrefix(w.Type, "#"), "microsoft.graph.")}
}

func membersCall(groupID string) call {
	return call{doing: "list the members of group " + groupID, method: http.MethodGet, path: v1 + "/groups/" + esc(groupID) + "/members", ids: []string{groupID}, needs: memberRead,
		query: param("$select", "id,userPrincipalName") + "&" + param("$top", "999")}
}

// GroupMembers reads the direct members, to the last page. What was written may take a while to be seen.
func (c *Client) GroupMembers(ctx context.Context, groupID string) ([]Member, error) {
	ws, err := list[wireMember](ctx, c, membersCall(groupID))
	return convert(ws, wireMember.member), err
}

// IsMember reports whether a user is a direct member. What was written may take a while to be seen.
func (c *Client) IsMember(ctx context.Context, groupID, userID string) (bool, error) {
	cl := membersCall(groupID)
	cl.eventual = true
	cl.ids = append(cl.ids, userID)
	cl.query = param("$filter", "id eq '"+strings.ReplaceAll(userID, "'", "''")+"'") + "&" + param("$count", "true") + "&" + param("$select", "id")
	ws, err := list[wireMember](ctx, c, cl)
	if fault.Is(err, fault.Invalid) {
		// Not every kind of group can be read like this.
		ws, err = list[wireMember](ctx, c, membersCall(groupID))
	}
	return slices.ContainsFunc(ws, func(w wireMember) bool { return strings.EqualFold(w.ID, userID) }), err
}

// GroupsNamed reads the groups of this display name, which need not be unique.
func (c *Client) GroupsNamed(ctx context.Context, name string) ([]Group, error) {
	ws, err := list[wireGroup](ctx, c, call{doing: "look for the group " + name, method: http.MethodGet, path: v1 + "/groups",
		query: param("$filter", anyOf("displayName", []string{name})) + "&" + groupFields, ids: []string{name}, needs: memberRead})
	return convert(ws, wireGroup.group), err
}

// CreateGroup makes a security group with assigned members. It is sent once, and display names are not unique: look for
// one before. nickname is the mail nickname, which the service demands though the group has no mail; it must be unique.
func (c *Client) CreateGroup(ctx context.Context, name, nickname, description string) (Group, error) {
	cl := call{doing: "create the group " + name, method: http.MethodPost, path: v1 + "/groups", ids: []string{name, nickname}, once: true, needs: groupCreate,
		body: map[string]any{"displayName": name, "mailNickname": nickname, "description": description, "mailEnabled": false, "securityEnabled": true}}
	w, err := create[wireGroup](ctx, c, cl)
	return w.group(), err
}

// DeleteGroup deletes a group; its memberships end with it. It is safe to repeat: a missing group is not an error.
func (c *Client) DeleteGroup(ctx context.Context, id string) error {
	if !isGUID(id) { // nothing may bend the path to something else that can be deleted
		return fault.New(fault.Invalid, CodeRequest, "a group is deleted by its object id", "resolve it first")
	}
	_, err := c.do(ctx, call{doing: "delete the group " + id, method: http.MethodDelete, path: v1 + "/groups/" + id, ids: []string{id}, needs: groupWrite})
	return unlessGone(err)
}
