package answer

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"wave365/pkg/sandbox/scenario"
)

// Refuse writes the answer of a fault of kind status or retry-after.
func Refuse(rec *Recorder, r *http.Request, blob bool, id string, f scenario.Fault, now time.Time) {
	status := f.Status
	if status == 0 {
		status = http.StatusServiceUnavailable
		if f.Kind == "retry-after" {
			status = http.StatusTooManyRequests
		}
	}
	Spoiled(rec, r, blob, id, status, f.Code, "the sandbox was told to answer so", now)
	if f.Body != "" {
		rec.replace(status, rec.head, f.Body)
	}
	defer func() {
		for name, value := range f.Headers {
			rec.head.Set(name, value)
		}
	}()
	seconds := f.RetryAfter
	if f.Kind == "retry-after" && seconds == 0 {
		seconds = 10
	}
	switch {
	case seconds <= 0:
	case f.Date:
		rec.head.Set("Retry-After", now.Add(time.Duration(seconds)*time.Second).UTC().Format(http.TimeFormat))
	default:
		rec.head.Set("Retry-After", strconv.Itoa(seconds))
	}
}

// Spoiled writes an error answer in the format of the service that the request was for.
func Spoiled(rec *Recorder, r *http.Request, blob bool, id string, status int, code, message string, now time.Time) {
	if blob {
		if code == "" {
			code = blobCodes[status]
		}
		h := http.Header{"Content-Type": {"application/xml"}, "X-Ms-Request-Id": {id}, "X-Ms-Error-Code": {code}, "X-Ms-Version": {"2026-02-06"}}
		rec.replace(status, h, BlobError(code, message))
		return
	}
	if code == "" {
		code = graphCodes[status]
	}
	h := http.Header{"Content-Type": {"application/json"}}
	h.Set("request-id", id)
	client := r.Header.Get("client-request-id")
	if client != "" {
		h.Set("client-request-id", client)
	}
	rec.replace(status, h, string(GraphError(code, message, InnerError{Code: strconv.Itoa(status), RequestID: id, ClientRequestID: client}, now)))
}

// InnerError is what Graph adds to an error.
type InnerError struct {
	Code            string `json:"code,omitempty"`
	Date            string `json:"date"`
	RequestID       string `json:"request-id"`
	ClientRequestID string `json:"client-request-id"`
}

// GraphError returns the body of a Graph error; now becomes the date of the inner one.
func GraphError(code, message string, inner InnerError, now time.Time) []byte {
	inner.Date = now.UTC().Format("2006-01-02T15:04:05")
	type outer struct {
		Code       string     `json:"code"`
		Message    string     `json:"message"`
		InnerError InnerError `json:"innerError"`
	}
	body, _ := json.Marshal(map[string]outer{"error": {code, message, inner}}) // texts always marshal
	return body
}

// BlobError returns the body of a Blob storage error.
func BlobError(code, message string) string {
	body, _ := xml.Marshal(struct {
		XMLName       xml.Name `xml:"Error"`
		Code, Message string
	}{Code: code, Message: message}) // texts always marshal
	return xml.Header + string(body)
}

var graphCodes = map[int]string{
	400: "BadRequest", 401: "InvalidAuthenticationToken", 403: "Forbidden", 404: "ResourceNotFound", 409: "Conflict", 412: "PreconditionFailed",
	423: "Locked", 429: "TooManyRequests", 500: "InternalServerError", 502: "BadGateway", 503: "ServiceUnavailable", 504: "GatewayTimeout",
	507: "InsufficientStorage", 509: "BandwidthLimitExceeded",
}

var blobCodes = map[int]string{
	400: "InvalidInput", 403: "AuthorizationFailure", 404: "BlobNotFound", 409: "LeaseIdMissing", 412: "ConditionNotMet",
	429: "TooManyRequests", 500: "InternalError", 503: "ServerBusy", 504: "OperationTimedOut",
}

// Mangle truncates a body in the middle, like a proxy that dies.
func Mangle(rec *Recorder) {
	body := rec.body.String()
	text := fmt.Sprintf("%s\x00<html>", body[:len(body)/2])
	h := rec.head.Clone()
	h.Del("Content-Length")
	status := rec.Status()
	if status == http.StatusNoContent {
		status = http.StatusOK // an answer without a body cannot carry a broken one
	}
	rec.replace(status, h, text)
}

// Relink replaces the next link of one page of a list with the given one, or with the request's own address, so that the
// list never ends. Other answers are left alone.
func Relink(rec *Recorder, r *http.Request, link string) {
	var page map[string]json.RawMessage
	if json.Unmarshal(rec.body.Bytes(), &page) != nil || page["value"] == nil {
		return
	}
	if link == "" {
		link = "http://" + r.Host + r.URL.RequestURI()
	}
	page["@odata.nextLink"], _ = json.Marshal(link)
	body, err := json.Marshal(page)
	if err != nil {
		return
	}
	rec.replace(rec.Status(), rec.head, string(body))
}
