package listing

import (
	"slices"
	"strings"
	"time"

	"wave365/pkg/graph"
	"wave365/pkg/wave"
)

// CloudPC is a Cloud PC as it is shown. Times are zero, texts empty, where the service does not say.
type CloudPC struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	User   string `json:"user"`
	Policy string `json:"policy"`
	Plan   string `json:"plan"`
	Status string `json:"status"`
	// Reason is the service's detail of the status.
	Reason      string    `json:"reason,omitempty"`
	Provisioned time.Time `json:"provisioned,omitzero"`
	GraceEnd    time.Time `json:"grace_end,omitzero"`
	Image       string    `json:"image,omitempty"`
	Region      string    `json:"region,omitempty"`
	Network     string    `json:"network,omitempty"`
	Device      string    `json:"device,omitempty"`
	Action
	Use
}

// Action is the last remote action on a Cloud PC.
type Action struct {
	LastAction      string    `json:"last_action,omitempty"`
	LastActionState string    `json:"last_action_state,omitempty"`
	LastActionAt    time.Time `json:"last_action_at,omitzero"`
}

// Use is whether a Cloud PC is in use.
type Use struct {
	Connectivity string    `json:"connectivity,omitempty"`
	LastLogoff   time.Time `json:"last_logoff,omitzero"`
}

// Shown is a Cloud PC for people.
func Shown(p graph.CloudPC) CloudPC {
	out := CloudPC{
		ID: p.ID, Name: p.DisplayName, User: p.UserPrincipalName, Policy: p.ProvisioningPolicyName, Plan: p.ServicePlanName, Status: p.Status,
		Provisioned: p.ProvisionedAt, GraceEnd: p.GracePeriodEnd, Image: p.ImageDisplayName, Region: p.Region, Network: p.Connection,
		Device: p.ManagedDeviceName, Action: Action{p.LastAction.Name, p.LastAction.State, p.LastAction.At}, Use: Use{p.Connectivity, p.LastLogoff},
	}
	if d := p.Detail; d.Code != "" || d.Message != "" {
		out.Reason = strings.TrimSpace(d.Code + " " + d.Message)
	}
	return out
}

// Which selects Cloud PCs; the zero value means all.
type Which struct {
	// Users are UPNs or object ids; nil means all users, while an empty slice means none.
	Users []string
	// Policy is an id or a display name, Status as the service spells it, both without case.
	Policy, Status string
}

// Select keeps the Cloud PCs that are meant, by user and then by name. A Cloud PC names its user by UPN only, so ids
// among Which.Users must be turned into UPNs before.
func Select(all []graph.CloudPC, w Which) []graph.CloudPC {
	var users map[string]bool
	if w.Users != nil {
		users = map[string]bool{}
		for _, u := range w.Users {
			users[wave.UserKey(u)] = true
		}
	}
	var out []graph.CloudPC
	for _, p := range all {
		switch {
		case users != nil && !users[wave.UserKey(p.UserPrincipalName)]:
		case w.Status != "" && !strings.EqualFold(w.Status, p.Status):
		case w.Policy != "" && !strings.EqualFold(w.Policy, p.ProvisioningPolicyID) && wave.UserKey(w.Policy) != wave.UserKey(p.ProvisioningPolicyName):
		default:
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b graph.CloudPC) int {
		if c := strings.Compare(wave.UserKey(a.UserPrincipalName), wave.UserKey(b.UserPrincipalName)); c != 0 {
			return c
		}
		return strings.Compare(a.DisplayName, b.DisplayName)
	})
	return out
}
