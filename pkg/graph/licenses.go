package graph

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/graph/odata"
)

// License is a license that a user holds, with the state of its plans.
type License struct {
	SKUID, SKUPartNumber string
	Plans                []LicensePlan
}

// LicensePlan is one service plan of a license.
type LicensePlan struct {
	ID, Name string
	// Status is "Success" (usable), "Disabled", "Error", or one of the pending ones; in a tenant's SKU it is empty or
	// the service's.
	Status string
}

// LicenseAnswer is the answer for one user.
type LicenseAnswer struct {
	Licenses []License
	Err      error
}

// SKU is a product that the tenant owns.
type SKU struct {
	ID, PartNumber string
	// Status is "Enabled", "Warning", "Suspended", "Deleted" or "LockedOut".
	Status string
	// Enabled, Warning (in their paid grace), Suspended and LockedOut count units by state; Consumed are those assigned.
	Enabled, Warning, Suspended, LockedOut, Consumed int
	Plans                                            []LicensePlan
}

// Free is how many units can be assigned now, never below 0: those enabled and in warning less those consumed. While the
// product is suspended, locked out or deleted it is 0, whatever the numbers.
func (s SKU) Free() int {
	if s.Status != "Enabled" && s.Status != "Warning" {
		return 0
	}
	return max(0, s.Enabled+s.Warning-s.Consumed)
}

type wirePlanInfo struct {
	ID     string `json:"servicePlanId"`
	Name   string `json:"servicePlanName"`
	Status string `json:"provisioningStatus"`
}

func (w wirePlanInfo) plan() LicensePlan {
	return LicensePlan{ID: w.ID, Name: w.Name,
		Status: odata.Member(w.Status, "Success", "Disabled", "Error", "PendingInput", "PendingActivation", "PendingProvisioning")}
}

type wireLicense struct {
	SKU   string         `json:"skuId"`
	Name  string         `json:"skuPartNumber"`
	Plans []wirePlanInfo `json:"servicePlans"`
}

func (w wireLicense) license() License {
	return License{SKUID: w.SKU, SKUPartNumber: w.Name, Plans: convert(w.Plans, wirePlanInfo.plan)}
}

func licenseCall(userID string) call {
	return call{doing: "read the licenses of user " + userID, method: http.MethodGet, path: userPath(userID) + "/licenseDetails", ids: []string{userID}, needs: licenseRead}
}

// LicenseDetails reads what a user holds.
func (c *Client) LicenseDetails(ctx context.Context, userID string) ([]License, error) {
	ws, err := list[wireLicense](ctx, c, licenseCall(userID))
	return convert(ws, wireLicense.license), err
}

// LicenseDetailsOf reads what many users hold, in batches; the answers come in the order of userIDs. The error is for
// the call as a whole.
func (c *Client) LicenseDetailsOf(ctx context.Context, userIDs []string) ([]LicenseAnswer, error) {
	calls := convert(userIDs, licenseCall)
	answers, err := c.batch(ctx, v1, "read the users' licenses", calls)
	if err != nil {
		return nil, err
	}
	out := make([]LicenseAnswer, len(answers))
	for i, b := range answers {
		if out[i].Err = b.err; b.err != nil {
			continue
		}
		ws, err := rest[wireLicense](ctx, c, calls[i], b.answer)
		out[i] = LicenseAnswer{Licenses: convert(ws, wireLicense.license), Err: err}
	}
	return out, nil
}

// SubscribedSKUs reads what the tenant owns.
func (c *Client) SubscribedSKUs(ctx context.Context) ([]SKU, error) {
	ws, err := list[struct {
		defect
		wireLicense
		Status   string `json:"capabilityStatus"`
		Consumed int    `json:"consumedUnits"`
		Prepaid  struct {
			Enabled   int `json:"enabled"`
			Warning   int `json:"warning"`
			Suspended int `json:"suspended"`
			LockedOut int `json:"lockedOut"`
		} `json:"prepaidUnits"`
	}](ctx, c, call{doing: "list the tenant's licenses", method: http.MethodGet, path: v1 + "/subscribedSkus", needs: licenseRead})
	if err != nil {
		return nil, err
	}
	out := make([]SKU, len(ws))
	for i, w := range ws {
		out[i] = SKU{
			ID: w.SKU, PartNumber: w.Name, Status: odata.Member(w.Status, "Enabled", "Warning", "Suspended", "Deleted", "LockedOut"),
			Enabled: w.Prepaid.Enabled, Warning: w.Prepaid.Warning, Suspended: w.Prepaid.Suspended, LockedOut: w.Prepaid.LockedOut,
			Consumed: w.Consumed, Plans: convert(w.Plans, wirePlanInfo.plan),
		}
	}
	return out, nil
}

type wireAddLicense struct {
	SKU           string   `json:"skuId"`
	DisabledPlans []string `json:"disabledPlans"`
}

type wireAssignLicense struct {
	Add    []wireAddLicense `json:"addLicenses"`
	Remove []string         `json:"removeLicenses"`
}

// AssignLicense assigns a license to a user with all its plans. It is safe to repeat: a license that is held already is
// not an error. A fault with [CodeUsageLocation] is of kind Invalid when the user has no usage location, and of kind
// Conflict when the directory has it and licensing does not know it yet, which passes by itself within minutes.
func (c *Client) AssignLicense(ctx context.Context, userID, skuID string) error {
	_, err := c.do(ctx, call{
		doing: "assign the license " + skuID + " to user " + userID, method: http.MethodPost, path: userPath(userID) + "/assignLicense",
		ids: []string{userID, skuID}, needs: licenseWrite,
		body: wireAssignLicense{Add: []wireAddLicense{{SKU: skuID, DisabledPlans: []string{}}}, Remove: []string{}},
	})
	location := fault.CodeOf(err) == CodeUsageLocation
	if !location && fault.CodeOf(err) != CodeRefused && !fault.Is(err, fault.Conflict) {
		return err
	}
	// A refusal may only mean that there is nothing to do, or nothing to do yet; the user's own record decides.
	u, unread := c.User(ctx, userID)
	switch {
	case unread != nil:
		return untold(err, unread)
	case slices.ContainsFunc(u.AssignedSKUs, func(s string) bool { return strings.EqualFold(s, skuID) }):
		return nil
	case location && u.UsageLocation != "":
		f := *fault.As(err)
		f.Kind, f.Hint = fault.Conflict, "the usage location is set, but licensing does not know it yet: try again in a few minutes"
		return &f
	}
	return err
}

// RemoveLicense removes a license that was assigned to the user directly. It is safe to repeat: one that the user does
// not hold is not an error. A license that comes from a group stays, and the fault is Conflict.
func (c *Client) RemoveLicense(ctx context.Context, userID, skuID string) error {
	_, err := c.do(ctx, call{
		doing: "take the license " + skuID + " from user " + userID, method: http.MethodPost, path: userPath(userID) + "/assignLicense",
		ids: []string{userID, skuID}, needs: licenseWrite, body: wireAssignLicense{Add: []wireAddLicense{}, Remove: []string{skuID}},
	})
	if fault.CodeOf(err) != CodeRefused && !fault.Is(err, fault.Conflict) {
		return err
	}
	// A refusal may only mean that there is nothing to remove; the user's own record decides.
	u, unread := c.User(ctx, userID)
	if unread != nil {
		return untold(err, unread)
	}
	if slices.ContainsFunc(u.AssignedSKUs, func(s string) bool { return strings.EqualFold(s, skuID) }) {
		return err
	}
	return nil
}

// untold is the error of a refused change whose effect could not be looked for: when the user's record will be readable
// later, it is not known whether an earlier try of the same call, whose answer was lost, has had its effect.
func untold(refused, unread error) error {
	switch fault.KindOf(unread) {
	case fault.Unavailable, fault.Throttled, fault.Interrupted:
		return unread
	}
	return refused
}
