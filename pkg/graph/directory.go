package graph

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"wave365/pkg/graph/odata"
)

// User is a user of the directory.
type User struct {
	// ID is the object id, which never changes; UPN may.
	ID, UPN, DisplayName string
	// UsageLocation is a country's two letters; empty: not set.
	UsageLocation string
	// Enabled reports whether the account may sign in.
	Enabled bool
	// AssignedSKUs are the ids of the licenses assigned, directly or by a group.
	AssignedSKUs []string
	// LicenseStates are the source and the state of each of them.
	LicenseStates []LicenseState
}

// LicenseState is the state of a license assignment.
type LicenseState struct {
	SKUID string
	// Error is why it is not in effect, such as "CountViolation"; empty: it is in effect.
	Error string
	// AssignedByGroup is the group's id; empty: assigned directly.
	AssignedByGroup string
	UpdatedAt       time.Time
}

// UserAnswer is the answer for one user.
type UserAnswer struct {
	User User
	Err  error
}

type wireUser struct {
	ID       string `json:"id"`
	UPN      string `json:"userPrincipalName"`
	Name     string `json:"displayName"`
	Enabled  bool   `json:"accountEnabled"`
	Location string `json:"usageLocation"`
	Licenses []struct {
		SKU string `json:"skuId"`
	} `json:"assignedLicenses"`
	States []struct {
		SKU     string     `json:"skuId"`
		Error   string     `json:"error"`
		Group   string     `json:"assignedByGroup"`
		Updated odata.Time `json:"lastUpdatedDateTime"`
	} `json:"licenseAssignmentStates"`
}

func (w wireUser) id() string { return w.ID }

func (w wireUser) user() User {
	u := User{ID: w.ID, UPN: w.UPN, DisplayName: w.Name, UsageLocation: w.Location, Enabled: w.Enabled}
	for _, l := range w.Licenses {
		u.AssignedSKUs = append(u.AssignedSKUs, l.SKU)
	}
	for _, s := range w.States {
		st := LicenseState{SKUID: s.SKU, Error: s.Error, AssignedByGroup: s.Group, UpdatedAt: s.Updated.Time}
		if strings.EqualFold(st.Error, "None") {
			st.Error = ""
		}
		u.LicenseStates = append(u.LicenseStates, st)
	}
	return u
}

// userFields are requested by name: v1.0 leaves most of them out otherwise.
var userFields = param("$select", "id,userPrincipalName,displayName,accountEnabled,usageLocation,userType,onPremisesSyncEnabled,assignedLicenses,licenseAssignmentStates")

// userPath addresses a user by object id or UPN. A name that begins with $ would be taken for an operator.
func userPath(idOrUPN string) string {
	if strings.HasPrefix(idOrUPN, "$") {
		return v1 + "/users(" + quoted(idOrUPN) + ")"
	}
	return v1 + "/users/" + esc(idOrUPN)
}

func userCall(idOrUPN string) call {
	return call{doing: "read the user " + idOrUPN, method: http.MethodGet, path: userPath(idOrUPN), query: userFields, ids: []string{idOrUPN}, needs: userRead}
}

// User reads one user.
func (c *Client) User(ctx context.Context, idOrUPN string) (User, error) {
	w, err := get[wireUser](ctx, c, userCall(idOrUPN))
	return w.user(), err
}

// UsersNamed reads the users of this display name, which need not be unique.
func (c *Client) UsersNamed(ctx context.Context, name string) ([]User, error) {
	ws, err := list[wireUser](ctx, c, call{doing: "look for the user " + name, method: http.MethodGet, path: v1 + "/users",
		query: param("$filter", anyOf("displayName", []string{name})) + "&" + userFields, ids: []string{name}, needs: userRead})
	return convert(ws, wireUser.user), err
}

// Users reads many users, in batches; the answers are in the order of the names. The error is for the call as a whole.
func (c *Client) Users(ctx context.Context, idsOrUPNs []string) ([]UserAnswer, error) {
	return batchGet(ctx, c, "read the users", convert(idsOrUPNs, userCall), "the answer names no user",
		func(w wireUser, err error) UserAnswer { return UserAnswer{User: w.user(), Err: err} })
}

// Organization is the tenant.
type Organization struct {
	ID, DisplayName string
	// Domains are its verified domains.
	Domains []string
}

// Is reports whether name is the tenant's id or one of its domains.
func (o Organization) Is(name string) bool {
	return strings.EqualFold(o.ID, name) || slices.ContainsFunc(o.Domains, func(d string) bool { return strings.EqualFold(d, name) })
}

// Organization reads the tenant that the sign-in is for.
func (c *Client) Organization(ctx context.Context) (Organization, error) {
	cl := call{doing: "read the organization", method: http.MethodGet, path: v1 + "/organization", query: param("$select", "id,displayName,verifiedDomains"), needs: organizations}
	ws, err := list[struct {
		ID   string `json:"id"`
		Name string `json:"displayName"`

		Domains []struct {
			Name string `json:"name"`
		} `json:"verifiedDomains"`
	}](ctx, c, cl)
	if err != nil {
		return Organization{}, err
	}
	if len(ws) != 1 || ws[0].ID == "" {
		return Organization{}, c.unexpected(cl, "the service does not name one organization")
	}
	o := Organization{ID: ws[0].ID, DisplayName: ws[0].Name}
	for _, d := range ws[0].Domains {
		o.Domains = append(o.Domains, d.Name)
	}
	return o, nil
}
