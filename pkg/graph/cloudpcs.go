package graph

import (
	"context"
	"net/http"
	"time"

	"wave365/pkg/cloud/redact"
	"wave365/pkg/graph/odata"
)

// The states of a Cloud PC that decisions hang on. There are more, and younger ones may come; those are passed on as the
// service spells them, and mean that something is going on.
const (
	StatusNotProvisioned          = "notProvisioned"
	StatusPreparing               = "preparing"
	StatusProvisioning            = "provisioning"
	StatusProvisioned             = "provisioned"
	StatusProvisionedWithWarnings = "provisionedWithWarnings"
	StatusInGracePeriod           = "inGracePeriod"
	StatusDeprovisioning          = "deprovisioning"
	StatusPendingProvision        = "pendingProvision"
	StatusFailed                  = "failed"
)

// CloudPC is a Cloud PC as the service sees it now. Its status lags and may flip back; its id may be used again for the
// next Cloud PC of the same user, so tell them apart by ProvisionedAt.
type CloudPC struct {
	ID, DisplayName, UserPrincipalName, Status   string
	ProvisioningPolicyID, ProvisioningPolicyName string
	ServicePlanID, ServicePlanName               string
	ManagedDeviceName                            string
	// Detail explains a status; empty when there is nothing to explain.
	Detail StatusDetail
	// ProvisionedAt and GracePeriodEnd are zero when the service does not say.
	ProvisionedAt, GracePeriodEnd time.Time
	// ImageDisplayName proves nothing about what it was made from.
	ImageDisplayName string
	// Unreadable names the part of the record that is malformed, and missing here; empty: none.
	Unreadable string
	// Region and Connection say where it runs; empty: the service does not say.
	Region, Connection string
	// LastAction is the last remote action; its Name is empty when there was none, or when it was not requested, see
	// [Client.CloudPCsOf] and [Client.CloudPCDetails].
	LastAction RemoteAction
	// Connectivity is "available", "unavailable", "inUse", …; empty when it was not requested.
	Connectivity string
	// LastLogoff is zero when unknown, or when it was not requested.
	LastLogoff time.Time
}

// RemoteAction is something that was done to a Cloud PC from afar.
type RemoteAction struct {
	// Name is "reprovision", "restart", …; State is "pending", "active", "done", "failed", …
	Name, State string
	// Began is when it was asked for, At when its State last changed.
	Began, At time.Time
}

// StatusDetail is the service's detail of a status.
type StatusDetail struct {
	Code, Message string
	// Info is further names and values, such as retriable, failedAction, rawError, correlationId; nil: none.
	Info map[string]string
}

type wireDetail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Info    []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"additionalInformation"`
}

func (w *wireDetail) detail() StatusDetail {
	d := StatusDetail{Code: w.Code, Message: redact.String(w.Message)}
	for _, i := range w.Info {
		if d.Info == nil {
			d.Info = map[string]string{}
		}
		d.Info[i.Name] = redact.String(i.Value)
	}
	return d
}

// wireOrigin is what a Cloud PC was built by and from.
type wireOrigin struct {
	PolicyID   string `json:"provisioningPolicyId"`
	PolicyName string `json:"provisioningPolicyName"`
	PlanID     string `json:"servicePlanId"`
	PlanName   string `json:"servicePlanName"`
	Image      string `json:"imageDisplayName"`
	Region     string `json:"deviceRegionName"`
	Connection string `json:"onPremisesConnectionName"`
}

type wireCloudPC struct {
	defect
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
	UPN         string `json:"userPrincipalName"`
	Status      string `json:"status"`
	wireOrigin
	DeviceName  string      `json:"managedDeviceName"`
	Detail      *wireDetail `json:"statusDetail"`
	OldDetail   *wireDetail `json:"statusDetails"`
	Provisioned odata.Time  `json:"provisionedDateTime"`
	GraceEnd    odata.Time  `json:"gracePeriodEndDateTime"`
	Logoff      odata.Time  `json:"lastLogoffDateTime"`
	Action      *struct {
		Name  string     `json:"actionName"`
		State string     `json:"actionState"`
		Began odata.Time `json:"startDateTime"`
		At    odata.Time `json:"lastUpdatedDateTime"`
	} `json:"lastRemoteActionResult"`
	Connectivity *struct {
		Status string `json:"status"`
	} `json:"connectivityResult"`
}

func (w wireCloudPC) cloudPC() CloudPC {
	p := CloudPC{
		ID: w.ID, DisplayName: w.DisplayName, UserPrincipalName: w.UPN,
		Status: odata.Member(w.Status, StatusNotProvisioned, StatusPreparing, StatusProvisioning, StatusProvisioned, StatusProvisionedWithWarnings,
			StatusInGracePeriod, StatusDeprovisioning, StatusPendingProvision, StatusFailed),
		ProvisioningPolicyID: w.PolicyID, ProvisioningPolicyName: w.PolicyName,
		ServicePlanID: w.PlanID, ServicePlanName: w.PlanName, ManagedDeviceName: w.DeviceName, ImageDisplayName: w.Image,
		ProvisionedAt: w.Provisioned.Time, GracePeriodEnd: w.GraceEnd.Time, Unreadable: w.why,
		Region: w.Region, Connection: w.Connection, LastLogoff: w.Logoff.Time,
	}
	if w.Action != nil {
		p.LastAction = RemoteAction{w.Action.Name, w.Action.State, w.Action.Began.Time, w.Action.At.Time}
	}
	if w.Connectivity != nil {
		p.Connectivity = w.Connectivity.Status
	}
	switch {
	case w.Detail != nil && (w.Detail.Code != "" || w.Detail.Message != "" || w.OldDetail == nil):
		p.Detail = w.Detail.detail()
	case w.OldDetail != nil:
		p.Detail = w.OldDetail.detail()
	}
	return p
}

const cloudPCs = ve + "/cloudPCs"

// CloudPCs reads the Cloud PCs that filter (OData) lets through, to the last page; "" is all.
func (c *Client) CloudPCs(ctx context.Context, filter string) ([]CloudPC, error) {
	return c.listCloudPCs(ctx, filterParam(filter))
}

func (c *Client) listCloudPCs(ctx context.Context, query string) ([]CloudPC, error) {
	ws, err := list[wireCloudPC](ctx, c, call{doing: "list the Cloud PCs", method: http.MethodGet, path: cloudPCs, query: query, needs: cloudPCRead})
	return convert(ws, wireCloudPC.cloudPC), err
}

// CloudPC reads one Cloud PC.
func (c *Client) CloudPC(ctx context.Context, id string) (CloudPC, error) {
	w, err := get[wireCloudPC](ctx, c, call{doing: "read the Cloud PC " + id, method: http.MethodGet, path: cloudPCs + "/" + esc(id), ids: []string{id}, needs: cloudPCRead})
	return w.cloudPC(), err
}

// The service leaves the last remote action, the connectivity and the last log-off out unless they are requested by name.
const (
	withAction = "id,displayName,userPrincipalName,status,statusDetail,statusDetails,provisioningPolicyId,provisioningPolicyName," +
		"provisioningType,servicePlanId,servicePlanName,managedDeviceName,imageDisplayName,provisionedDateTime,lastModifiedDateTime," +
		"gracePeriodEndDateTime,deviceRegionName,onPremisesConnectionName,lastRemoteActionResult"
	withDetails = withAction + ",connectivityResult,lastLogoffDateTime"
)

// CloudPCDetails reads one Cloud PC with its last remote action, its connectivity and its last log-off.
func (c *Client) CloudPCDetails(ctx context.Context, id string) (CloudPC, error) {
	w, err := get[wireCloudPC](ctx, c, call{doing: "read the Cloud PC " + id, method: http.MethodGet, path: cloudPCs + "/" + esc(id), query: param("$select", withDetails), ids: []string{id}, needs: cloudPCRead})
	return w.cloudPC(), err
}

// EndGracePeriod deprovisions a Cloud PC that is in its grace period, at once and for good. It is sent once. The status
// may stay, or flip back, for some minutes.
func (c *Client) EndGracePeriod(ctx context.Context, id string) error {
	_, err := c.do(ctx, call{doing: "end the grace period of the Cloud PC " + id, method: http.MethodPost, path: cloudPCs + "/" + esc(id) + "/endGracePeriod", ids: []string{id}, once: true, needs: cloudPCWrite})
	return err
}

func filterParam(filter string) string {
	if filter == "" {
		return ""
	}
	return param("$filter", filter)
}
