// Package cloudpc answers the calls to Windows 365: everything under virtualEndpoint. The rules of the service are in package
// tenant.
package cloudpc

import (
	"net/http"
	"strings"

	"wave365/pkg/sandbox/graphapi/call"
	"wave365/pkg/sandbox/graphapi/permission"
	"wave365/pkg/sandbox/scenario"
)

// ve is the path that all of them begin with.
const ve = "deviceManagement/virtualEndpoint/"

// stable are the collections of the Cloud PC service that v1.0 has as well.
var stable = map[string]bool{"auditEvents": true, "cloudPCs": true, "deviceImages": true, "galleryImages": true,
	"onPremisesConnections": true, "provisioningPolicies": true, "servicePlans": true, "userSettings": true}

// Routes returns the calls; one of the knobs determines the permission for import and purge.
func Routes(knobs scenario.Knobs) []*call.Route { return append(reads(), writes(knobs)...) }

func reads() (routes []*call.Route) {
	read := func(path string, do func(*call.Call) (call.Reply, error)) {
		routes = append(routes, &call.Route{Method: http.MethodGet, Path: ve + path, Area: call.CloudPC, Perms: permission.ReadCloudPC, Beta: betaOnly(path), Do: do})
	}
	read("cloudPCs", listCloudPCs)
	read("cloudPCs/{}", getCloudPC)
	read("servicePlans", servicePlans)
	for _, k := range assignables {
		read(k.path, k.all)
		read(k.path+"/{}", k.one)
	}
	read("snapshots/retrieveSnapshotImportResult()/{}", func(c *call.Call) (call.Reply, error) { return retrieve(c, false) })
	read("snapshots/retrieveSnapshotImportResults()/{}", func(c *call.Call) (call.Reply, error) { return retrieve(c, true) })
	read("snapshots/listSnapshotImportResults", listImports)
	read("galleryImages", galleryImages)
	read("deviceImages", listImages)
	read("deviceImages/{}", getImage)
	read("onPremisesConnections", listConnections)
	read("auditEvents", listAudit)
	return routes
}

func writes(knobs scenario.Knobs) (routes []*call.Route) {
	write := func(method, path, name, effect, resource string, do func(*call.Call) (call.Reply, error)) *call.Route {
		rt := &call.Route{Method: method, Path: ve + path, Area: call.CloudPC, Perms: permission.WriteCloudPC, Beta: betaOnly(path),
			Name: name, Effect: effect, Resource: resource, Do: do}
		routes = append(routes, rt)
		return rt
	}
	post, del := http.MethodPost, http.MethodDelete
	imports := write(post, "snapshots/importSnapshot", "importSnapshot", "importSnapshot", "CloudPcSnapshot", importSnapshot)
	imports.Creates = true
	purges := write(post, "snapshots/purgeImportedSnapshot", "purgeImportedSnapshot", "import purged", "CloudPcSnapshot", purge)
	if !knobs.StrictPermissions {
		imports.Perms, purges.Perms = permission.ReadCloudPC, permission.ReadCloudPC
	}
	for _, k := range assignables {
		write(post, k.path, k.name+" create", k.name+" created", k.resource, k.create).Creates = true
		write(http.MethodPatch, k.path+"/{}", k.name+" update", k.name+" changed", k.resource, k.patch)
		write(del, k.path+"/{}", k.name+" delete", k.name+" deleted", k.resource, k.remove)
		write(post, k.path+"/{}/assign", k.name+" assign", k.name+" assigned", k.resource, k.reassign)
	}
	write(post, "cloudPCs/{}/endGracePeriod", "endGracePeriod", "grace period ended", "CloudPC", endGrace)
	write(post, "deviceImages", "image create", "image created", "CloudPcDeviceImage", createImage).Creates = true
	write(del, "deviceImages/{}", "image delete", "image deleted", "CloudPcDeviceImage", deleteImage)
	return routes
}

// betaOnly reports whether v1.0 lacks the collection that a path begins with.
func betaOnly(path string) bool {
	collection, _, _ := strings.Cut(path, "/")
	return !stable[collection]
}
