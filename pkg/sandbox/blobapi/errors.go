package blobapi

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"wave365/pkg/sandbox/answer"
)

// refusal is an error answer as the service gives it.
type refusal struct {
	status  int
	code    string
	message string
	header  map[string]string
}

func refuse(status int, code, message string) *refusal {
	return &refusal{status: status, code: code, message: message}
}

// Errors that are returned in more than one place.
var ( // never changed
	errNoBlob      = refuse(http.StatusNotFound, "BlobNotFound", "The specified blob does not exist.")
	errNoContainer = refuse(http.StatusNotFound, "ContainerNotFound", "The specified container does not exist.")
	errArchived    = refuse(http.StatusConflict, "BlobArchived", "This operation is not permitted on an archived blob.")
	errXML         = refuse(http.StatusBadRequest, "InvalidXmlDocument", "XML specified is not syntactically valid.")
	errAuth        = refuse(http.StatusForbidden, "AuthenticationFailed", "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.")
	errRights      = refuse(http.StatusForbidden, "AuthorizationPermissionMismatch", "This request is not authorized to perform this operation using this permission.")
)

// write sends the refusal. The answer to a HEAD has no body.
func (e *refusal) write(w http.ResponseWriter, c *call) {
	h := w.Header()
	for k, v := range e.header {
		h.Set(k, v)
	}
	h.Set("x-ms-error-code", e.code)
	if c.Method == http.MethodHead {
		w.WriteHeader(e.status)
		return
	}
	message := fmt.Sprintf("%s\nRequestId:%s\nTime:%s", e.message, c.id, c.now.Format(time.RFC3339Nano))
	h.Set("Content-Type", "application/xml")
	w.WriteHeader(e.status)
	_, _ = io.WriteString(w, answer.BlobError(e.code, message)) // the caller has gone
}

// text writes s as XML text.
func text(b *strings.Builder, s string) { _ = xml.EscapeText(b, []byte(s)) } // a Builder never fails
