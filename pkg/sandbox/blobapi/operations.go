package blobapi

import "net/http"

// level is what a request is about; account signatures name it by its letter.
type level string

const (
	onService   level = "s"
	onContainer level = "c"
	onBlob      level = "o"
)

// operation is a request that is known.
type operation struct {
	name  string
	level level
	// rights are letters of a signature, one of which is needed; empty: any signature will do.
	rights string
	// bearer: only a signed-in person or application may ask for it.
	bearer bool
	run    func(s *server, w http.ResponseWriter, c *call) *refusal
}

// route is how an operation is recognised. Two methods are for GET and HEAD alike.
type route struct {
	methods, restype, comp string
	level                  level
	operation
}

// routes lists every request that the sandbox knows.
func routes() []route {
	return []route{
		{"GET", "", "list", onService, operation{name: "List Containers", rights: "l", run: (*server).listContainers}},
		{"GET", "service", "properties", onService, operation{name: "Get Service Properties", rights: "r", run: (*server).serviceProperties}},
		{"POST", "service", "userdelegationkey", onService, operation{name: "Get User Delegation Key", bearer: true, run: (*server).delegationKey}},
		{"GET HEAD", "account", "properties", onService, operation{name: "Get Account Information", run: (*server).accountInformation}},
		{"GET HEAD", "account", "properties", onContainer, operation{name: "Get Account Information", run: (*server).accountInformation}},
		{"GET HEAD", "account", "properties", onBlob, operation{name: "Get Account Information", run: (*server).accountInformation}},
		{"PUT", "container", "", onContainer, operation{name: "Create Container", rights: "cw", run: (*server).createContainer}},
		{"DELETE", "container", "", onContainer, operation{name: "Delete Container", rights: "d", run: (*server).deleteContainer}},
		{"GET HEAD", "container", "", onContainer, operation{name: "Get Container Properties", rights: "r", run: (*server).containerProperties}},
		{"GET HEAD", "container", "metadata", onContainer, operation{name: "Get Container Metadata", rights: "r", run: (*server).containerProperties}},
		{"GET", "container", "acl", onContainer, operation{name: "Get Container ACL", rights: "r", run: (*server).containerACL}},
		{"GET", "container", "list", onContainer, operation{name: "List Blobs", rights: "l", run: (*server).listBlobs}},
		{"GET", "", "", onBlob, operation{name: "Get Blob", rights: "r", run: (*server).getBlob}},
		{"HEAD", "", "", onBlob, operation{name: "Get Blob Properties", rights: "r", run: (*server).headBlob}},
		{"GET HEAD", "", "metadata", onBlob, operation{name: "Get Blob Metadata", rights: "r", run: (*server).headBlob}},
		{"GET", "", "pagelist", onBlob, operation{name: "Get Page Ranges", rights: "r", run: (*server).pageRanges}},
		{"PUT", "", "", onBlob, operation{name: "Put Blob", rights: "cw", run: (*server).putBlob}},
		{"PUT", "", "page", onBlob, operation{name: "Put Page", rights: "w", run: (*server).putPage}},
		{"PUT", "", "metadata", onBlob, operation{name: "Set Blob Metadata", rights: "w", run: (*server).setMetadata}},
		{"PUT", "", "properties", onBlob, operation{name: "Set Blob Properties", rights: "w", run: (*server).setProperties}},
		{"PUT", "", "tier", onBlob, operation{name: "Set Blob Tier", rights: "w", run: (*server).setTier}},
		{"PUT", "", "lease", onBlob, operation{name: "Lease Blob", rights: "wd", run: (*server).leaseBlob}},
		{"DELETE", "", "", onBlob, operation{name: "Delete Blob", rights: "d", run: (*server).deleteBlob}},
	}
}

// find recognises a request. Copies and the kinds of blob that cannot be made here are not known.
func (s *server) find(c *call) (operation, bool) {
	at := onBlob
	switch {
	case c.container == "":
		at = onService
	case c.blob == "":
		at = onContainer
	}
	restype, comp := c.query.Get("restype"), c.query.Get("comp")
	if c.query.Get("snapshot") != "" || c.query.Get("versionid") != "" || c.Header.Get("x-ms-copy-source") != "" {
		return operation{}, false
	}
	for _, r := range s.routes {
		if r.level == at && r.restype == restype && r.comp == comp && hasMethod(r.methods, c.Method) {
			r.operation.level = at
			return r.operation, true
		}
	}
	return operation{}, false
}

func hasMethod(methods, method string) bool {
	return methods == method || methods == "GET HEAD" && (method == http.MethodGet || method == http.MethodHead)
}
