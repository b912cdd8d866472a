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
	ID, DisplayName string
	// ConnectionType is "azureADJoin" or "hybridAzureADJoin".
	ConnectionType                                     string
	VirtualNetworkID, VirtualNetworkLocation, SubnetID string
	// HealthCheckStatus is "pending", "running", "passed", "failed", "warning", "informational" or something younger.
	HealthCheckStatus string
	HealthCheckPaused bool
	// InUse reports whether a policy or a Cloud PC uses it.
	InUse bool
	// HealthChecks are those of the last round; CheckedAt is when that ended, zero when unknown.
	HealthChecks []HealthCheck
	CheckedAt    time.Time
	// FreeAddresses counts the subnet's free addresses as of AddressesAt; −1: the service does not say.
	FreeAddresses int
	AddressesAt   time.Time
}

// HealthCheck is one check of a network connection.
type HealthCheck struct {
	DisplayName, Status string
	// ErrorType names the fault; RecommendedAction and Detail are for people.
	ErrorType, RecommendedAction, Detail string
	EndedAt                              time.Time
}

type wireHealth struct {
	End    odata.Time `json:"endDateTime"`
	Checks []struct {
		Name      string     `json:"displayName"`
		Status    string     `json:"status"`
		ErrorType string     `json:"errorType"`
		Action    string     `json:"recommendedAction"`
		Detail    string     `json:"additionalDetail"`
		OldDetail string     `json:"additionalDetails"`
		End       odata.Time `json:"endDateTime"`
	} `json:"healthChecks"`
}

type wireConnection struct {
	defect
	ID        string      `json:"id"`
	Name      string      `json:"displayName"`
	Type      string      `json:"connectionType"`
	OldType   string      `json:"type"`
	Network   string      `json:"virtualNetworkId"`
	Location  string      `json:"virtualNetworkLocation"`
	Subnet    string      `json:"subnetId"`
	Status    string      `json:"healthCheckStatus"`
	Paused    bool        `json:"healthCheckPaused"`
	InUse     bool        `json:"inUse"`
	InUsePC   bool        `json:"inUseByCloudPc"`
	Health    *wireHealth `json:"healthCheckStatusDetail"`
	OldHealth *wireHealth `json:"healthCheckStatusDetails"`
	Addresses *struct {
		Free *int       `json:"subnetAvailableIpCount"`
		At   odata.Time `json:"subnetAvailableIpCountLastSyncDateTime"`
	} `json:"subnetPrivateIpDetail"`
}

func (w wireConnection) connection() OnPremisesConnection {
	o := OnPremisesConnection{
		ID: w.ID, DisplayName: w.Name, ConnectionType: odata.Member(cmp.Or(w.Type, w.OldType), JoinEntra, JoinHybrid),
		VirtualNetworkID: w.Network, VirtualNetworkLocation: w.Location, SubnetID: w.Subnet,
		HealthCheckStatus: checkStatus(w.Status), HealthCheckPaused: w.Paused, InUse: w.InUse || w.InUsePC, FreeAddresses: -1,
	}
	if h := cmp.Or(w.Health, w.OldHealth); h != nil {
		o.CheckedAt = h.End.Time
		for _, k := range h.Checks {
			o.HealthChecks = append(o.HealthChecks, HealthCheck{
				DisplayName: k.Name, Status: checkStatus(k.Status), ErrorType: k.ErrorType, RecommendedAction: k.Action,
				Detail: cmp.Or(k.Detail, k.OldDetail), EndedAt: k.End.Time,
			})
		}
	}
	if a := w.Addresses; a != nil && a.Free != nil {
		o.FreeAddresses, o.AddressesAt = *a.Free, a.At.Time
	}
	return o
}

func checkStatus(s string) string {
	return odata.Member(s, "pending", "running", "passed", "failed", "warning", "informational")
}

// connectionFields are asked for by name: the service leaves the health and the subnet out otherwise.
const connectionFields = "id,displayName,connectionType,virtualNetworkId,virtualNetworkLocation,subnetId," +
	"healthCheckStatus,healthCheckPaused,inUse,inUseByCloudPc,healthCheckStatusDetail,subnetPrivateIpDetail"

// OnPremisesConnections reads the tenant's network connections with their health and their free addresses.
func (c *Client) OnPremisesConnections(ctx context.Context) ([]OnPremisesConnection, error) {
	cl := call{doing: "list the network connections", method: http.MethodGet, path: ve + "/onPremisesConnections", needs: cloudPCRead, query: param("$select", connectionFields)}
	ws, err := list[wireConnection](ctx, c, cl)
	return convert(ws, wireConnection.connection), err
}
