// Package refusal says what it means when a storage account does not do what it was asked: it makes faults of its answers.
package refusal

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/cloud/contact"
	"wave365/pkg/cloud/redact"
	"wave365/pkg/cloud/retry"
	"wave365/pkg/fault"
)

// Fault turns what azblob answered into a fault about what (a sentence's beginning such as "read https://…/a.vhd").
// The cause is dropped or redacted: azblob's own texts quote the whole URL, signature included.
func Fault(ctx context.Context, what string, sas *bloburl.SAS, now time.Time, err error) error {
	if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fault.Wrap(fault.Interrupted, "", what+": interrupted", "", context.Cause(ctx))
	}
	answer, ok := errors.AsType[*azcore.ResponseError](err)
	if !ok {
		if f := fault.As(err); f != nil {
			own := *f
			own.Msg = what + ": " + f.Msg
			return &own
		}
		if n, ok := errors.AsType[nonRetriable](err); ok {
			return fault.New(fault.Denied, "cloud.sign-in", what+": the sign-in failed: "+contact.FirstLine(redact.String(n.Error())),
				"choose another way with --sign-in; it must be able to read this storage account")
		}
		return fault.Wrap(fault.Unavailable, "", what+": "+transportText(err),
			"check the network and the name of the storage account, then repeat", nil)
	}
	f := notTheService()
	if !isPage(answer.RawResponse) {
		f = judge(answer, sas, now)
	}
	f.Msg = what + ": " + f.Msg
	f.Remote = remote(answer)
	return f
}

// nonRetriable marks, among others, what credentials say when they were refused.
type nonRetriable interface {
	error
	NonRetriable()
}

// judge says what an answer means: by its code where that says more than its status.
func judge(answer *azcore.ResponseError, sas *bloburl.SAS, now time.Time) *fault.Fault {
	switch answer.ErrorCode {
	case "BlobArchived", "BlobBeingRehydrated":
		return fault.New(fault.Conflict, "blob.archived", "the blob is in the archive tier and cannot be read",
			"set its tier to Hot and wait until it is rehydrated, which takes hours")
	case "ServerBusy":
		return busy()
	}
	switch status := answer.StatusCode; {
	case status == http.StatusForbidden && sas != nil:
		return refusedSAS(sas, now)
	case status == http.StatusForbidden, status == http.StatusUnauthorized:
		return fault.New(fault.Denied, "blob.forbidden", "the storage account denies access to this sign-in",
			"grant Storage Blob Data Reader on the account, and check that its firewall allows this computer")
	case status == http.StatusNotFound:
		return notFound(answer.ErrorCode)
	case status == http.StatusTooManyRequests:
		return busy()
	case status >= 500, status == http.StatusRequestTimeout:
		return fault.New(fault.Unavailable, "", "the storage account did not answer in time or has a fault", "repeat later")
	case status == http.StatusConflict, status == http.StatusPreconditionFailed:
		return fault.New(fault.Conflict, "", "the blob's state does not allow it", "check what is using the blob: lease, copy, tier")
	case status == http.StatusRequestedRangeNotSatisfiable:
		return fault.New(fault.Conflict, "", "the blob is shorter than it was", "check what is using the blob, then validate again")
	}
	return fault.New(fault.Invalid, "", "the storage account refused the request", "")
}

func busy() *fault.Fault {
	return fault.New(fault.Throttled, "", "the storage account is busy", "wait and repeat")
}

// notTheService is said of a web page: the service answers in XML.
func notTheService() *fault.Fault {
	return fault.New(fault.Unavailable, "blob.unreadable", "a web page was returned instead of the storage account's answer",
		"check what answers there (a proxy, a firewall, a network's sign-in page) and have the storage host allowed, then validate again")
}

// isPage reports whether a refusal is a web page: the service answers in XML with a code, so it comes from what stands before it.
func isPage(resp *http.Response) bool {
	return resp != nil && resp.Header.Get("x-ms-error-code") == "" && strings.HasPrefix(strings.ToLower(resp.Header.Get("Content-Type")), "text/html")
}

// notFound says what is missing: the container or the blob.
func notFound(code string) *fault.Fault {
	if code == "ContainerNotFound" {
		return fault.New(fault.NotFound, "blob.not-found", "the container does not exist",
			"check the container's name and that it is in this storage account")
	}
	return fault.New(fault.NotFound, "blob.not-found", "the blob does not exist",
		"check the path: blob names are case-sensitive")
}

// refusedSAS says why a signature was refused as far as the signature itself tells. Azure says AuthenticationFailed,
// others AuthorizationFailure, for forged and expired alike.
func refusedSAS(s *bloburl.SAS, now time.Time) *fault.Fault {
	again := "make a new read-only SAS, or leave it out: the tool then makes one itself"
	switch end := s.EffectiveExpiry(); {
	case !end.IsZero() && !now.Before(end):
		return fault.New(fault.Denied, "sas.expired", "the SAS has expired at "+end.Format(time.RFC3339), again)
	case now.Before(s.EffectiveStart()):
		return fault.New(fault.Denied, "sas.not-yet-valid", "the SAS is valid from "+s.EffectiveStart().Format(time.RFC3339)+" on", again)
	case !s.CanRead():
		return fault.New(fault.Denied, "sas.no-read", "the SAS does not grant read permission", again)
	}
	return fault.New(fault.Denied, "blob.forbidden", "the storage account does not accept the SAS", "it is forged, revoked, made for "+
		"another blob, or the account's firewall blocks this computer;  "+again)
}

func remote(answer *azcore.ResponseError) *fault.Remote {
	r := &fault.Remote{Service: "blob", Status: answer.StatusCode, Code: answer.ErrorCode}
	if resp := answer.RawResponse; resp != nil {
		r.RequestID = resp.Header.Get("x-ms-request-id")
		// Not every server sends our own id back.
		if r.ClientRequestID = resp.Header.Get("x-ms-client-request-id"); r.ClientRequestID == "" && resp.Request != nil {
			r.ClientRequestID = resp.Request.Header.Get("x-ms-client-request-id")
		}
		// Whatever stands in front of the service may write what it likes into the headers.
		r.Code, r.RequestID, r.ClientRequestID = redact.String(r.Code), redact.String(r.RequestID), redact.String(r.ClientRequestID)
		r.Message = serviceText(resp)
		r.RetryAfter = retry.After(resp.Header)
	}
	return r
}

// serviceText is the first line of the service's message. What stands behind it in refusals (the strings that were
// signed) is nobody's business.
func serviceText(resp *http.Response) string {
	var body struct {
		Message string `xml:"Message"`
	}
	raw, err := runtime.Payload(resp)
	if err != nil || xml.Unmarshal(raw, &body) != nil {
		return ""
	}
	return redact.String(contact.FirstLine(body.Message))
}

// transportText drops the URL that the standard library puts before every transport error.
func transportText(err error) string {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return redact.String(err.Error())
}
