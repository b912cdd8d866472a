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
	ID, DisplayName, Activity, ActivityType string
	// Operation is "create", "delete" or "patch"; Result is "success", "clientError", "failure" or "timeout".
	Operation, Result string
	At                time.Time
	// CorrelationID is the request's client-request-id: the only handle for a call whose answer was lost.
	CorrelationID string
	// Actor is the user's UPN, or the application's id.
	Actor     string
	Resources []AuditResource
}

// AuditResource is a thing that an audited activity touched.
type AuditResource struct{ ID, Type, DisplayName string }

type wireAudit struct {
	defect
	ID          string     `json:"id"`
	Name        string     `json:"displayName"`
	Activity    string     `json:"activity"`
	Type        string     `json:"activityType"`
	Operation   string     `json:"activityOperationType"`
	Result      string     `json:"activityResult"`
	At          odata.Time `json:"activityDateTime"`
	Correlation string     `json:"correlationId"`
	Actor       struct {
		UPN string `json:"userPrincipalName"`
		App string `json:"applicationId"`
	} `json:"actor"`
	Resources []struct {
		ID   string `json:"resourceId"`
		Type string `json:"resourceType"`
		Name string `json:"displayName"`
	} `json:"resources"`
}

// AuditEvents reads the audit entries that filter (OData) lets through, to the last page; "" is all. Whether imports are
// audited is not documented.
func (c *Client) AuditEvents(ctx context.Context, filter string) ([]AuditEvent, error) {
	ws, err := list[wireAudit](ctx, c, call{doing: "list the audit events", method: http.MethodGet, path: ve + "/auditEvents", query: filterParam(filter), needs: cloudPCRead})
	return convert(ws, func(w wireAudit) AuditEvent {
		e := AuditEvent{
			ID: w.ID, DisplayName: w.Name, Activity: w.Activity, ActivityType: w.Type,
			Operation: odata.Member(w.Operation, "create", "delete", "patch"),
			Result:    odata.Member(w.Result, "success", "clientError", "failure", "timeout"),
			At:        w.At.Time, CorrelationID: w.Correlation, Actor: cmp.Or(w.Actor.UPN, w.Actor.App),
		}
		for _, r := range w.Resources {
			e.Resources = append(e.Resources, AuditResource{ID: r.ID, Type: r.Type, DisplayName: r.Name})
		}
		return e
	}), err
}
