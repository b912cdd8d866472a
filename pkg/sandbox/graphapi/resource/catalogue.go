package resource

import (
	"strings"

	"wave365/pkg/sandbox/graphapi/odata"
	"wave365/pkg/sandbox/tenant"
)

// GalleryImage returns an image of the gallery.
func GalleryImage(g tenant.GalleryImage) odata.Object {
	return odata.Object{{Name: "id", Value: g.ID}, {Name: "displayName", Value: g.Name}, {Name: "startDate", Value: "2025-09-30"},
		{Name: "endDate", Value: "2028-10-10"}, {Name: "expirationDate", Value: "2029-04-10"}, {Name: "osVersionNumber", Value: "10.0.26200"},
		{Name: "publisherName", Value: g.Publisher}, {Name: "offerName", Value: g.Offer}, {Name: "skuName", Value: g.SKU},
		{Name: "sizeInGB", Value: g.SizeGB}, {Name: "status", Value: g.Status}}
}

// DeviceImage returns a custom image. What the service finds out about the operating system is included once the upload has
// succeeded.
func DeviceImage(i tenant.DeviceImage) odata.Object {
	var code, system, build, version, osStatus, expires, size any
	switch i.Status {
	case "failed":
		code = i.Error
	case "ready":
		system, build, version, osStatus, expires, size = "Windows 11 Enterprise", "25H2", "10.0.26200", "supported", "2029-04-10", 64
	}
	return odata.Object{{Name: "id", Value: i.ID}, {Name: "displayName", Value: i.Name}, {Name: "version", Value: i.Version},
		{Name: "sourceImageResourceId", Value: i.Source}, {Name: "status", Value: i.Status}, {Name: "statusDetails", Value: code},
		{Name: "errorCode", Value: code}, {Name: "operatingSystem", Value: system}, {Name: "osBuildNumber", Value: build},
		{Name: "osVersionNumber", Value: version}, {Name: "osStatus", Value: osStatus}, {Name: "sizeInGB", Value: size},
		{Name: "expirationDate", Value: expires}, {Name: "lastModifiedDateTime", Value: i.Modified}, {Name: "scopeIds", Value: []string{"0"}}}
}

// Connection returns a network connection, which is in a subscription with the id of the organization.
func Connection(n tenant.Connection, organization string) odata.Object {
	kind := "azureADJoin"
	if n.Hybrid {
		kind = "hybridAzureADJoin"
	}
	vnet := "/subscriptions/" + organization + "/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/" + strings.ReplaceAll(n.Name, " ", "-")
	check := odata.Object{{Name: "displayName", Value: "Subnet has available addresses"}, {Name: "status", Value: n.Health},
		{Name: "startDateTime", Value: n.Checked}, {Name: "endDateTime", Value: n.Checked}, {Name: "errorType"},
		{Name: "recommendedAction"}, {Name: "additionalDetail"}, {Name: "correlationId", Value: n.ID}}
	if n.Health == "failed" {
		check[4].Value, check[5].Value = "resourceAvailabilityCheckNoSubnetIP", "Free addresses in the subnet or use a larger one."
	}
	detail := odata.Object{{Name: "startDateTime", Value: n.Checked}, {Name: "endDateTime", Value: n.Checked},
		{Name: "healthChecks", Value: []odata.Object{check}}}
	return odata.Object{
		{Name: "id", Value: n.ID}, {Name: "displayName", Value: n.Name}, {Name: "connectionType", Value: kind}, {Name: "type", Value: kind},
		{Name: "subscriptionId", Value: organization}, {Name: "subscriptionName", Value: "Network"},
		{Name: "resourceGroupId", Value: strings.Split(vnet, "/providers/")[0]}, {Name: "virtualNetworkId", Value: vnet},
		{Name: "subnetId", Value: vnet + "/subnets/cloudpc"}, {Name: "virtualNetworkLocation", Value: "switzerlandnorth"},
		{Name: "healthCheckStatus", Value: n.Health}, {Name: "healthCheckPaused", Value: false}, {Name: "inUseByCloudPc", Value: n.InUse},
		{Name: "managedBy", Value: "windows365"}, {Name: "scopeIds", Value: []string{"0"}},
		{Name: "healthCheckStatusDetail", Value: detail, When: odata.OnSelect},
		{Name: "healthCheckStatusDetails", Value: detail, When: odata.OnSelect},
		{Name: "inUse", Value: n.InUse, When: odata.OnSelect},
		{Name: "alternateResourceUrl", When: odata.OnSelect},
		{Name: "subnetPrivateIpDetail", When: odata.OnSelect, Value: odata.Object{{Name: "subnetAvailableIpCount", Value: n.FreeAddresses},
			{Name: "subnetAvailableIpCountLastSyncDateTime", Value: n.Checked}}},
	}
}

// AuditEvent returns an entry of the audit log.
func AuditEvent(e tenant.AuditEvent) odata.Object {
	actor := odata.Object{{Name: "type", Value: "application"}, {Name: "applicationDisplayName", Value: "sandbox"},
		{Name: "userPrincipalName"}, {Name: "applicationId"}}
	if e.Admin != "" {
		actor = odata.Object{{Name: "type", Value: "itPro"}, {Name: "applicationDisplayName"}, {Name: "userPrincipalName", Value: e.Admin}, {Name: "applicationId"}}
	}
	resources := []odata.Object{}
	for _, id := range e.Resources {
		resources = append(resources, odata.Object{{Name: "displayName"}, {Name: "resourceType", Value: e.ResourceType},
			{Name: "resourceId", Value: id}, {Name: "modifiedProperties", Value: []odata.Object{}}})
	}
	return odata.Object{{Name: "id", Value: e.ID}, {Name: "displayName", Value: e.Activity}, {Name: "componentName", Value: "CloudPC"},
		{Name: "activity", Value: e.Activity}, {Name: "activityDateTime", Value: e.At}, {Name: "activityType", Value: e.Activity + " " + e.ResourceType},
		{Name: "activityOperationType", Value: e.Operation}, {Name: "activityResult", Value: e.Result}, {Name: "correlationId", Value: e.Correlation},
		{Name: "category", Value: "cloudPC"}, {Name: "actor", Value: actor}, {Name: "resources", Value: resources}}
}
