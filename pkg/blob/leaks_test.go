package blob_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"wave365/pkg/blob"
	"wave365/pkg/cloud"
)

const plantedToken = "eyJhbGciOiJSUzI1NiJ9.eyJwbGFudGVkIjoidG9rZW4ifQ.cGxhbnRlZC10b2tlbg"

// printed is all that a program may do to show an error: every verb, every link of its chain, both handlers of slog, JSON.
func printed(err error) string {
	var b bytes.Buffer
	for ; err != nil; err = errors.Unwrap(err) {
		fmt.Fprintf(&b, "%v\n%+v\n%#v\n%s\n%q\n", err, err, err, err, err)
		_ = json.NewEncoder(&b).Encode(err)
		slog.New(slog.NewJSONHandler(&b, nil)).Error("x", "err", err)
		slog.New(slog.NewTextHandler(&b, nil)).Error("x", "err", err)
	}
	return b.String()
}

// TestNoSecretInAnyError plants a signature and a token in whatever can come back, and looks for them in whatever the
// client's errors and its log at debug level show.
func TestNoSecretInAnyError(t *testing.T) {
	t.Parallel()
	secret := "https://contoso.blob.core.windows.net/vhds/os.vhd?" + query
	both := "see " + secret + " and Bearer " + plantedToken
	for name, tc := range map[string]struct {
		status int
		body   string
		header []string
		err    error
	}{
		"Transport": {err: &url.Error{Op: "Get", URL: secret, Err: fmt.Errorf("proxy saw Bearer %s: %w", plantedToken, syscall.ECONNRESET)}},
		"Code":      {status: 403, header: []string{"x-ms-error-code", secret}},
		"Message":   {status: 400, body: "<Error><Code>X</Code><Message>" + strings.ReplaceAll(both, "&", "&amp;") + "</Message></Error>"},
		"Page":      {status: 502, body: "<html>" + both},
		"Headers":   {status: 400, header: []string{"x-ms-request-id", "Bearer " + plantedToken, "x-ms-client-request-id", secret}},
		"Redirect":  {status: 302, header: []string{"Location", secret}},
		"Range":     {status: 206, body: both, header: []string{"Content-Range", secret}},
		"Listing":   {status: 200, body: "<EnumerationResults>" + both, header: []string{"x-ms-blob-type", both}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := connect(t, http.NotFoundHandler(), func(p *cloud.PipelineConfig, _ *blob.Config) {
				p.Transport = answers(func(*http.Request) (*http.Response, error) {
					if tc.err != nil {
						return nil, tc.err
					}
					h := http.Header{}
					for i := 0; i < len(tc.header); i += 2 {
						h.Set(tc.header[i], tc.header[i+1])
					}
					return &http.Response{StatusCode: tc.status, Header: h, Body: io.NopCloser(strings.NewReader(tc.body)), ContentLength: int64(len(tc.body))}, nil
				})
			})
			ctx := t.Context()
			var errs []error
			for _, text := range []string{"vhds/os.vhd", secret} {
				r := mustRef(t, text, b.root)
				_, err := b.client.Properties(ctx, r)
				_, err2 := b.client.Read(ctx, r, 0, 512)
				errs = append(errs, err, err2)
			}
			_, err := b.client.List(ctx, "vhds", "")
			text := b.log.String()
			for _, err := range append(errs, err) {
				text += printed(err)
			}
			if !strings.Contains(text, "request sent") {
				t.Error("nothing was logged at debug level")
			}
			noSecret(t, text)
			if strings.Contains(text, plantedToken) {
				t.Errorf("the token is in %s", text)
			}
		})
	}
}

type answers func(*http.Request) (*http.Response, error)

func (f answers) Do(r *http.Request) (*http.Response, error) { return f(r) }
