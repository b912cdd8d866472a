package blobapi

import (
	"net/http"

	"wave365/pkg/sandbox/blobapi/condition"
)

// operation is a supported request.
type operation struct {
	method, restype, comp string
	// onContainer and onService are what it acts on; neither: a blob.
	onContainer, onService bool
	// right is the letter of the permission that a signature needs.
	right string
	// bearer: only a signed-in user or application may request it.
	bearer bool
	run    func(s *server, w http.ResponseWriter, c *call) *refusal
}

// operations returns every supported request: reads of a storage account, and the deletion of a blob.
func operations() []operation {
	return []operation{
		{method: "POST", restype: "service", comp: "userdelegationkey", onService: true, bearer: true, run: (*server).delegationKey},
		{method: "GET", restype: "container", comp: "list", onContainer: true, right: "l", run: (*server).listBlobs},
		{method: "GET", right: "r", run: (*server).getBlob},
		{method: "HEAD", right: "r", run: (*server).headBlob},
		{method: "DELETE", right: "d", run: (*server).deleteBlob},
	}
}

// find returns the operation of a request.
func (s *server) find(c *call) (operation, bool) {
	if c.query.Get("snapshot") != "" || c.query.Get("versionid") != "" || condition.Unknown(c.Header) {
		return operation{}, false
	}
	for _, o := range operations() {
		if o.method == c.Method && o.restype == c.query.Get("restype") && o.comp == c.query.Get("comp") &&
			o.onService == (c.container == "") && o.onContainer == (c.container != "" && c.blob == "") {
			return o, true
		}
	}
	return operation{}, false
}
