package exchange

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Log writes an exchange to a log, at debug level; wait is how long the answer asks to wait, in service time.
func Log(to *slog.Logger, service string, req *policy.Request, resp *http.Response, err error, took, wait time.Duration) {
	raw := req.Raw()
	ctx := raw.Context()
	if !to.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{
		slog.String("service", service),
		slog.String("method", raw.Method),
		slog.String("url", loggedURL(raw.URL)),
		slog.Duration("took", took),
		slog.String("client_request_id", cmp.Or(raw.Header.Get("client-request-id"), raw.Header.Get("x-ms-client-request-id"))),
	}
	if resp != nil {
		attrs = append(attrs, slog.Int("status", resp.StatusCode),
			slog.String("request_id", cmp.Or(resp.Header.Get("request-id"), resp.Header.Get("x-ms-request-id"))))
	}
	if wait > 0 {
		attrs = append(attrs, slog.Duration("retry_after", wait))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	to.LogAttrs(ctx, slog.LevelDebug, "request sent", attrs...)
}

// loggedURL drops the whole query of a signed URL; that the rest passes through Redact again does no harm.
func loggedURL(u *url.URL) string {
	if strings.Contains(strings.ToLower(u.RawQuery), "sig=") {
		own := *u
		own.RawQuery = ""
		return own.String() + "?[redacted]"
	}
	return u.String()
}
