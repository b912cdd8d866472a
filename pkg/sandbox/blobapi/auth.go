package blobapi

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/blobapi/signature"
	"wave365/pkg/sandbox/blobstore"
)

// authorize admits a request by the account's key, by a signature in its query, or by a token. Tokens are not checked:
// any sign-in to the sandbox may do everything.
func (s *server) authorize(c *call) *refusal {
	header := c.Header.Get("Authorization")
	switch {
	case strings.HasPrefix(header, "Bearer ") && strings.TrimSpace(header[len("Bearer "):]) != "":
		return nil
	case c.operation.bearer && header != "":
		return errAuth
	case strings.HasPrefix(header, "SharedKey "):
		if !s.account.SharedKey(c.Request) {
			return errAuth
		}
		return nil
	case header != "":
		return refuse(http.StatusBadRequest, "InvalidAuthenticationInfo", "Authentication information is not given in the correct format. Check the value of Authorization header.")
	case c.query.Get("sig") != "":
		return s.authorizeSAS(c)
	}
	e := refuse(http.StatusUnauthorized, "NoAuthenticationInformation", "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.")
	e.header = map[string]string{"WWW-Authenticate": `Bearer authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize" resource_id="https://storage.azure.com"`}
	return e
}

func (s *server) authorizeSAS(c *call) *refusal {
	if c.operation.bearer {
		return errAuth
	}
	grant, problem := s.account.SAS(c.query, signature.Visit{
		Container: c.container, Blob: c.blob, Now: c.now, Scheme: "http", Address: addressOf(c.Request),
	})
	switch problem {
	case "":
		return permit(grant, c.operation)
	case signature.Protocol:
		return refuse(http.StatusForbidden, "AuthorizationProtocolMismatch", "This request is not authorized to perform this operation using this protocol.")
	case signature.Address:
		return refuse(http.StatusForbidden, "AuthorizationSourceIPMismatch", "This request is not authorized to perform this operation using this source IP.")
	}
	return errAuth
}

// permit checks that a signature allows what the operation needs.
func permit(g signature.Grant, o operation) *refusal {
	if o.onService || o.onContainer && g.Resource != "c" || !strings.Contains(g.Permissions, o.right) {
		return errRights
	}
	return nil
}

// CheckReadSAS does what the service does with the address of a source file that it is to read: signature, times,
// permissions and address have to be valid and the blob has to exist and be readable. now is the service's time. Errors
// are faults of kind Invalid (not an address in this account), Denied, NotFound or Conflict (archived, or being
// copied); none repeats the signature.
func (a *Account) CheckReadSAS(u *url.URL, now time.Time) (blobstore.Blob, error) {
	c := &call{Request: &http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}}, now: now.UTC()}
	if err := (&server{Account: a}).take(c); err != nil || c.blob == "" || !ownHost(u) {
		return blobstore.Blob{}, fault.New(fault.Invalid, "", "the address is not that of a blob in the account "+a.account.Name, "")
	}
	grant, problem := a.account.SAS(c.query, signature.Visit{Container: c.container, Blob: c.blob, Now: c.now, Scheme: u.Scheme})
	if problem != "" {
		return blobstore.Blob{}, fault.New(fault.Denied, "", "the signature is not valid: "+string(problem), "")
	}
	if err := permit(grant, operation{right: "r"}); err != nil {
		return blobstore.Blob{}, fault.New(fault.Denied, "", "the signature does not grant read permission", "")
	}
	b, ok := a.Lookup(c.container, c.blob)
	switch {
	case !ok:
		return blobstore.Blob{}, fault.New(fault.NotFound, "", "the blob does not exist", "")
	case b.Forbidden:
		return blobstore.Blob{}, fault.New(fault.Denied, "", "access to the blob is denied", "")
	case b.Tier == blobstore.Archive:
		return blobstore.Blob{}, fault.New(fault.Conflict, "", "the blob is archived", "")
	case b.CopyStatus == "pending":
		return blobstore.Blob{}, fault.New(fault.Conflict, "", "a copy into the blob is in progress", "")
	}
	return b, nil
}

// ownHost reports whether u is on loopback: the account is served there only, on a port that it does not know.
func ownHost(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// addressOf returns the caller's address, or nil if the request did not come over a network.
func addressOf(r *http.Request) net.IP {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return nil
	}
	return net.ParseIP(host)
}
