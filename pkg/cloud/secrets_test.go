package cloud_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/redact"
	"wave365/pkg/cloud/redact/sink"
)

const (
	plantedSig   = "Zm9vYmFyK2Jhei9xdXV4MDEyMzQ1Njc4OWFiY2RlZg+/="
	plantedToken = "eyJhbGciOiJSUzI1NiJ9.eyJwbGFudGVkIjoidG9rZW4ifQ.cGxhbnRlZC1zaWduYXR1cmU"
)

func plantedURL() string {
	return root + "/c/os.vhd?sv=2024-05-04&sr=b&sp=r&sig=" + url.QueryEscape(plantedSig)
}

// TestNoSecretInTheLog sends a signed URL and a token through everything that is logged.
func TestNoSecretInTheLog(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"Text": func(b *bytes.Buffer) slog.Handler {
			return slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug})
		},
		"JSON": func(b *bytes.Buffer) slog.Handler {
			return slog.NewJSONHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				s := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
					if n%2 == 1 {
						return nil, fmt.Errorf("Get %q: Bearer %s: %w", r.URL, plantedToken, errors.ErrUnsupported)
					}
					return reply(200, `{}`, "request-id", base64.StdEncoding.EncodeToString([]byte(plantedURL())))
				}}
				p := newPipeline(t, s, func(c *cloud.PipelineConfig) { c.Logger = slog.New(handler(&log)) })
				if _, err := call(cloud.WithOperation(t.Context(), "op-1"), p, "GET", plantedURL(), ""); err != nil {
					t.Fatal(err)
				}
				noSecret(t, log.String())
				if got := strings.Count(log.String(), "request sent"); got != 2 {
					t.Errorf("%d lines for 2 requests:\n%s", got, &log)
				}
				for _, want := range []string{"op-1", "graph", "/c/os.vhd", "200"} {
					if !strings.Contains(log.String(), want) {
						t.Errorf("%q is not in the log", want)
					}
				}
			})
		})
	}
}

func noSecret(t *testing.T, s string) {
	t.Helper()
	for _, secret := range []string{plantedSig, url.QueryEscape(plantedSig), plantedToken, "sig=Zm", "cGxhbnRlZC1zaWduYXR1cmU",
		base64.StdEncoding.EncodeToString([]byte(plantedURL())), url.QueryEscape(url.QueryEscape(plantedSig))} {
		if strings.Contains(s, secret) {
			t.Errorf("%q is in\n%s", secret, s)
		}
	}
}

func TestRedactingHandler(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := sink.Handler(slog.NewJSONHandler(&log, nil))
	l := slog.New(sink.Handler(h)).With(slog.String("with", plantedURL())).WithGroup("g")
	l.Info("message "+plantedURL(),
		slog.String("s", plantedURL()), slog.Any("err", errors.New(plantedURL())), slog.Any("struct", struct{ U string }{plantedURL()}),
		slog.Any("bytes", []byte("Bearer "+plantedToken)), slog.Group("inner", slog.String("u", plantedURL())),
		slog.Any("lazy", lazy{}), slog.Int("n", 7))
	noSecret(t, log.String())
	if !strings.Contains(log.String(), `"n":7`) || strings.Count(log.String(), "[redacted]") < 7 {
		t.Errorf("log: %s", &log)
	}
}

type lazy struct{}

func (lazy) LogValue() slog.Value { return slog.StringValue(plantedURL()) }

func TestRedactingWriter(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	in := []byte(plantedURL() + " Bearer " + plantedToken)
	n, err := sink.Writer(&out).Write(in)
	if n != len(in) || err != nil {
		t.Errorf("Write = %d, %v", n, err)
	}
	noSecret(t, out.String())
	if err := redact.Error(fmt.Errorf("x %s: %w", plantedURL(), errors.ErrUnsupported)); !errors.Is(err, errors.ErrUnsupported) {
		t.Error("the cause is lost")
	} else {
		noSecret(t, err.Error())
	}
	if redact.Error(nil) != nil {
		t.Error("nil became an error")
	}
}
