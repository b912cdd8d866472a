package cloudpc

import (
	"wave365/pkg/sandbox/graphapi/call"
	"wave365/pkg/sandbox/graphapi/odata"
	"wave365/pkg/sandbox/graphapi/resource"
	"wave365/pkg/sandbox/tenant"
)

// cloudPCObject returns a view of Cloud PCs in the requested version.
func cloudPCObject(c *call.Call) func(tenant.CloudPC) odata.Object {
	return func(p tenant.CloudPC) odata.Object { return resource.CloudPC(p, c.Beta()) }
}

func listCloudPCs(c *call.Call) (call.Reply, error) {
	if upn, found := c.Query.Filter.Equals("userPrincipalName"); found {
		var one []tenant.CloudPC
		if p, there := c.Tenant.CloudPCOf(c.Now, upn); there {
			one = append(one, p)
		}
		return c.List(ve+"cloudPCs", call.Fixed(one, cloudPCObject(c)))
	}
	return c.List(ve+"cloudPCs", call.From(c, c.Tenant.CloudPCs, cloudPCObject(c)))
}

func getCloudPC(c *call.Call) (call.Reply, error) {
	return call.Entity(c, ve+"cloudPCs", c.Tenant.CloudPC, cloudPCObject(c))
}

func endGrace(c *call.Call) (call.Reply, error) {
	var err error
	c.User, err = c.Tenant.EndGrace(c.Now, c.Params[0])
	return call.Empty(), err
}

func servicePlans(c *call.Call) (call.Reply, error) {
	return c.List(ve+"servicePlans", call.Fixed(c.Tenant.Plans(), resource.Plan))
}

func galleryImages(c *call.Call) (call.Reply, error) {
	return c.List(ve+"galleryImages", call.Fixed(c.Tenant.GalleryImages(), resource.GalleryImage))
}

func listImages(c *call.Call) (call.Reply, error) {
	return c.List(ve+"deviceImages", call.Fixed(c.Tenant.DeviceImages(c.Now), resource.DeviceImage))
}

func getImage(c *call.Call) (call.Reply, error) {
	return call.Entity(c, ve+"deviceImages", c.Tenant.DeviceImage, resource.DeviceImage)
}

func createImage(c *call.Call) (call.Reply, error) {
	var in struct{ DisplayName, Version, SourceImageResourceID string }
	if err := c.Decode(&in); err != nil {
		return call.Reply{}, err
	}
	i, err := c.Tenant.CreateImage(c.Now, in.DisplayName, in.Version, in.SourceImageResourceID)
	if err != nil {
		return call.Reply{}, err
	}
	c.Resources = []string{i.ID}
	return call.Created(ve+"deviceImages", resource.DeviceImage(i))
}

func deleteImage(c *call.Call) (call.Reply, error) {
	return call.Empty(), c.Tenant.DeleteImage(c.Now, c.Params[0])
}

func listConnections(c *call.Call) (call.Reply, error) {
	return c.List(ve+"onPremisesConnections", call.Fixed(c.Tenant.Connections(c.Now), func(n tenant.Connection) odata.Object {
		return resource.Connection(n, c.Tenant.Organization().ID)
	}))
}

func listAudit(c *call.Call) (call.Reply, error) {
	return c.List(ve+"auditEvents", call.From(c, c.Tenant.AuditEvents, resource.AuditEvent))
}
