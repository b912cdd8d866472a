package graph

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"wave365/pkg/graph/odata"
)

// AuditEvent is one entry of the Cloud PC audit log.
type AuditEvent struct {
	DisplayName, Activity, ActivityType string
	// Result is "success", "clientError", "failure" or "timeout".
	Result string
	At     time.Time
	// CorrelationID is the request's client-request-id: the only handle for a call whose answer was lost.
	CorrelationID string
	// Actor is the user's UPN, or the application's id.
	Actor     string
	Resources []AuditResource
}

// AuditResource is a thing that an audited activity touched.
type AuditResource struct{ ID string }

type wireAudit struct {
	defect
	Name        string     `json:"displayName"`
	Activity    string     `json:"activity"`
	Type        string     `json:"activityType"`
	Result      string     `json:"activityResult"`
	At          odata.Time `json:"activityDateTime"`
	Correlation string     `json:"correlationId"`
	Actor       struct {
		UPN string `json:"userPrincipalName"`
		App string `json:"applicationId"`
	} `json:"actor"`
	Resources []struct {
		ID string `json:"resourceId"`
	} `json:"resources"`
}

// AuditEvents reads the audit entries that filter (OData) lets through, to the last page; "" is all. Whether imports are
// audited is not documented.
func (c *Client) AuditEvents(ctx context.Context, filter string) ([]AuditEvent, error) {
	ws, err := list[wireAudit](ctx, c, call{doing: "list the audit events", method: http.MethodGet, path: ve + "/auditEvents", query: filterParam(filter), needs: cloudPCRead})
	return convert(ws, func(w wireAudit) AuditEvent {
		e := AuditEvent{
			DisplayName: w.Name, Activity: w.Activity, ActivityType: w.Type,
			Result: odata.Member(w.Result, "success", "clientError", "failure", "timeout"),
			At:     w.At.Time, CorrelationID: w.Correlation, Actor: cmp.Or(w.Actor.UPN, w.Actor.App),
		}
		for _, r := range w.Resources {
			e.Resources = append(e.Resources, AuditResource{ID: r.ID})
		}
		return e
	}), err
}
