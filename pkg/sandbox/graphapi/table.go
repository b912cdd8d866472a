package graphapi

import (
	"net/http"
	"strings"
)

// table is every call that is known here.
func table(h *handler) *node {
	root := &node{}
	get, post, patch, del := http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
	dir := func(method, path string, cost int, perms []string, name, effect string, do func(*call) (reply, error)) {
		root.add(&route{method: method, path: path, area: directoryArea, cost: cost, perms: perms, name: name, effect: effect, do: do})
	}
	dir(get, "organization", 1, nil, "", "", (*call).organization)
	dir(get, "users", 2, readUser, "", "", (*call).listUsers)
	dir(get, "users/{}", 1, readUser, "", "", (*call).getUser)
	dir(patch, "users/{}", 1, writeUser, "user update", "usage location set", (*call).patchUser)
	dir(del, "users/{}", 1, writeUser, "user delete", "user deleted", func(c *call) (reply, error) { return c.deleteUser(c.params[0]) })
	dir(get, "users/{}/licenseDetails", 2, readLicense, "", "", (*call).licenseDetails)
	dir(post, "users/{}/assignLicense", 1, writeLicense, "assignLicense", "license assigned", (*call).assignLicense)
	dir(get, "subscribedSkus", 3, readSKU, "", "", (*call).subscribedSkus)
	dir(get, "groups", 1, readGroup, "", "", (*call).listGroups)
	dir(post, "groups", 1, createGroup, "group create", "group created", (*call).createGroup)
	dir(get, "groups/{}", 1, readGroup, "", "", (*call).getGroup)
	dir(del, "groups/{}", 1, writeGroup, "group delete", "group deleted", (*call).deleteGroup)
	dir(patch, "groups/{}", 1, writeMember, "group member add", "group members added", (*call).patchGroup)
	dir(get, "groups/{}/members", 3, readGroup, "", "", (*call).members)
	dir(get, "groups/{}/members/user", 3, readGroup, "", "", (*call).members)
	dir(post, "groups/{}/members/$ref", 1, writeMember, "group member add", "group member added", (*call).addMember)
	dir(del, "groups/{}/members/{}/$ref", 1, writeMember, "group member remove", "group member removed", (*call).removeMember)
	// Without /$ref this is the person, not the membership. It is here because the real service does it, too.
	dir(del, "groups/{}/members/{}", 1, writeUser, "user delete", "user deleted", func(c *call) (reply, error) { return c.deleteUser(c.params[1]) })
	root.add(&route{method: post, path: "users/{}/sendMail", area: mailArea, perms: sendMail, name: "sendMail", effect: "mail accepted", do: (*call).sendMail})
	root.add(&route{method: post, path: "$batch", area: batchArea, do: (*call).batch})
	cloudPCReads(root)
	cloudPCWrites(root, h)
	return root
}

// stable are the collections of the Cloud PC service that v1.0 has as well.
var stable = map[string]bool{"auditEvents": true, "cloudPCs": true, "deviceImages": true, "galleryImages": true,
	"onPremisesConnections": true, "provisioningPolicies": true, "servicePlans": true, "userSettings": true}

func cloudPCReads(root *node) {
	read := func(path string, do func(*call) (reply, error)) {
		root.add(&route{method: http.MethodGet, path: ve + path, area: cloudPCArea, perms: readCloudPC, beta: betaOnly(path), do: do})
	}
	read("cloudPCs", (*call).listCloudPCs)
	read("cloudPCs/{}", (*call).getCloudPC)
	read("servicePlans", (*call).servicePlans)
	for _, k := range assignables {
		read(k.path, k.all)
		read(k.path+"/{}", k.one)
	}
	read("snapshots/retrieveSnapshotImportResult()/{}", func(c *call) (reply, error) { return c.retrieve(false) })
	read("snapshots/retrieveSnapshotImportResults()/{}", func(c *call) (reply, error) { return c.retrieve(true) })
	read("snapshots/listSnapshotImportResults", (*call).listImports)
	read("galleryImages", (*call).galleryImages)
	read("deviceImages", (*call).listImages)
	read("deviceImages/{}", (*call).getImage)
	read("onPremisesConnections", (*call).listConnections)
	read("auditEvents", (*call).listAudit)
}

func cloudPCWrites(root *node, h *handler) {
	write := func(method, path, name, effect, resource string, do func(*call) (reply, error)) *route {
		rt := &route{method: method, path: ve + path, area: cloudPCArea, perms: writeCloudPC, beta: betaOnly(path),
			name: name, effect: effect, resource: resource, do: do}
		root.add(rt)
		return rt
	}
	post, del := http.MethodPost, http.MethodDelete
	imp := write(post, "snapshots/importSnapshot", "importSnapshot", "importSnapshot", "CloudPcSnapshot", (*call).importSnapshot)
	imp.creates = true
	purge := write(post, "snapshots/purgeImportedSnapshot", "purgeImportedSnapshot", "import purged", "CloudPcSnapshot", (*call).purge)
	if !h.cfg.Knobs.StrictPermissions {
		imp.perms, purge.perms = readCloudPC, readCloudPC
	}
	for _, k := range assignables {
		write(post, k.path, k.name+" create", k.name+" created", k.resource, k.create).creates = true
		write(http.MethodPatch, k.path+"/{}", k.name+" update", k.name+" changed", k.resource, k.patch)
		write(del, k.path+"/{}", k.name+" delete", k.name+" deleted", k.resource, k.remove)
		write(post, k.path+"/{}/assign", k.name+" assign", k.name+" assigned", k.resource, k.reassign)
	}
	write(post, "cloudPCs/{}/endGracePeriod", "endGracePeriod", "grace period ended", "CloudPC", (*call).endGrace)
	write(post, "deviceImages", "image create", "image created", "CloudPcDeviceImage", (*call).createImage).creates = true
	write(del, "deviceImages/{}", "image delete", "image deleted", "CloudPcDeviceImage", (*call).deleteImage)
}

func betaOnly(path string) bool {
	collection, _, _ := strings.Cut(path, "/")
	return !stable[collection]
}
