package graph

import (
	"context"
	"net/http"

	"wave365/pkg/graph/odata"
)

// ServicePlan is a size of Cloud PC that can be bought; the list is a catalogue, not what the tenant owns.
type ServicePlan struct {
	// ID is taken to equal the service plan's id in Entra ID.
	ID, DisplayName string
	// Type is "enterprise" or "business".
	Type string
	// ProvisioningType is as in a policy; may be empty.
	ProvisioningType string
	// VCPU counts cores; RAMGiB and StorageGiB (the OS disk) are what the service calls GB. 0: unknown.
	VCPU, RAMGiB, StorageGiB int
}

type wirePlan struct {
	defect
	ID           string `json:"id"`
	DisplayName  string `json:"displayName"`
	Type         string `json:"type"`
	Provisioning string `json:"provisioningType"`
	VCPU         int    `json:"vCpuCount"`
	RAM          int    `json:"ramInGB"`
	Storage      int    `json:"storageInGB"`
}

// ServicePlans reads the catalogue. The call takes no query.
func (c *Client) ServicePlans(ctx context.Context) ([]ServicePlan, error) {
	ws, err := list[wirePlan](ctx, c, call{doing: "list the service plans", method: http.MethodGet, path: ve + "/servicePlans", needs: cloudPCRead})
	return convert(ws, func(w wirePlan) ServicePlan {
		return ServicePlan{
			ID: w.ID, DisplayName: w.DisplayName, Type: odata.Member(w.Type, "enterprise", "business"),
			ProvisioningType: provisioningType(w.Provisioning),
			VCPU:             w.VCPU, RAMGiB: w.RAM, StorageGiB: w.Storage,
		}
	}), err
}
