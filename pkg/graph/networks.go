package graph

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"wave365/pkg/graph/odata"
)

// OnPremisesConnection is a network of the tenant that Cloud PCs can be put into.
type OnPremisesConnection struct {
	ID, DisplayName            string
	VirtualNetworkID, SubnetID string
	// HealthCheckStatus is "pending", "running", "passed", "failed", "warning", "informational" or something younger.
	HealthCheckStatus string
	// CheckedAt is when the last round of checks ended, zero when unknown.
	CheckedAt time.Time
	// FreeAddresses counts the subnet's free addresses; −1: the service does not say.
	FreeAddresses int
}

type wireHealth struct {
	End odata.Time `json:"endDateTime"`
}

type wireConnection struct {
	defect
	ID        string      `json:"id"`
	Name      string      `json:"displayName"`
	Network   string      `json:"virtualNetworkId"`
	Subnet    string      `json:"subnetId"`
	Status    string      `json:"healthCheckStatus"`
	Health    *wireHealth `json:"healthCheckStatusDetail"`
	OldHealth *wireHealth `json:"healthCheckStatusDetails"`
	Addresses *struct {
		Free *int `json:"subnetAvailableIpCount"`
	} `json:"subnetPrivateIpDetail"`
}

func (w wireConnection) connection() OnPremisesConnection {
	o := OnPremisesConnection{
		ID: w.ID, DisplayName: w.Name, VirtualNetworkID: w.Network, SubnetID: w.Subnet, FreeAddresses: -1,
		HealthCheckStatus: odata.Member(w.Status, "pending", "running", "passed", "failed", "warning", "informational"),
	}
	if h := cmp.Or(w.Health, w.OldHealth); h != nil {
		o.CheckedAt = h.End.Time
	}
	if a := w.Addresses; a != nil && a.Free != nil {
		o.FreeAddresses = *a.Free
	}
	return o
}

// connectionFields are requested by name: the service leaves the health and the subnet out otherwise.
const connectionFields = "id,displayName,connectionType,virtualNetworkId,virtualNetworkLocation,subnetId," +
	"healthCheckStatus,healthCheckPaused,inUse,inUseByCloudPc,healthCheckStatusDetail,subnetPrivateIpDetail"

// OnPremisesConnections reads the tenant's network connections with their health and their free addresses.
func (c *Client) OnPremisesConnections(ctx context.Context) ([]OnPremisesConnection, error) {
	cl := call{doing: "list the network connections", method: http.MethodGet, path: ve + "/onPremisesConnections", needs: cloudPCRead, query: param("$select", connectionFields)}
	ws, err := list[wireConnection](ctx, c, cl)
	return convert(ws, wireConnection.connection), err
}
