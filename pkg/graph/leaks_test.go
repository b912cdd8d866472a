package graph_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/signin"
	"wave365/pkg/graph"
)

const plantedToken = "eyJhbGciOiJSUzI1NiJ9.eyJwbGFudGVkIjoidG9rZW4ifQ.cGxhbnRlZC10b2tlbg"

// shown is all that a program may do to show an error: every verb, every link of its chain, both handlers of slog, JSON.
func shown(err error) string {
	var b bytes.Buffer
	var walk func(error)
	walk = func(err error) {
		if err == nil {
			return
		}
		fmt.Fprintf(&b, "%v\n%+v\n%#v\n%s\n%q\n", err, err, err, err, err)
		_ = json.NewEncoder(&b).Encode(err)
		slog.New(slog.NewJSONHandler(&b, nil)).Error("x", "err", err)
		slog.New(slog.NewTextHandler(&b, nil)).Error("x", "err", err)
		walk(errors.Unwrap(err))
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range many.Unwrap() {
				walk(e)
			}
		}
	}
	walk(err)
	return b.String()
}

// TestNoSecretInAnyError plants a signature and a token in whatever can come back, and looks for them in whatever the
// client's errors show, at debug level, too.
func TestNoSecretInAnyError(t *testing.T) {
	t.Parallel()
	bearer := "Bearer " + plantedToken
	both := "see " + sasURL + " and " + bearer
	asJSON, _ := json.Marshal(both)
	answers := map[string]exchange{
		"Transport":      {err: &url.Error{Op: "Post", URL: sasURL, Err: fmt.Errorf("proxy saw %q: %w", bearer, syscall.ECONNRESET)}},
		"Message":        {status: 400, reply: errorBody("BadRequest", both)},
		"Code":           {status: 400, reply: errorBody(sasURL, bearer)},
		"JSONInMessage":  {status: 400, reply: errorBody("BadRequest", `{"Message":`+string(asJSON)+`}`)},
		"Encoded":        {status: 400, reply: errorBody("BadRequest", url.QueryEscape(both))},
		"Base64":         {status: 400, reply: errorBody("BadRequest", base64.StdEncoding.EncodeToString([]byte(both)))},
		"Page":           {status: 502, reply: "<html>" + both + "</html>"},
		"NotTheAnswer":   {reply: "<html>" + both},
		"NoSnapshot":     {reply: `{"additionalDetail":` + string(asJSON) + `}`},
		"RequestID":      {status: 400, reply: "{}", answer: []string{"request-id", bearer, "client-request-id", sasURL}},
		"InnerRequestID": {status: 400, reply: `{"error":{"code":"x","innerError":{"request-id":` + string(asJSON) + `}}}`},
		"Redirect":       {status: 302, answer: []string{"Location", sasURL}},
		"NextLink":       {reply: `{"value":[],"@odata.nextLink":"` + sasURL + `"}`},
	}
	for name, ex := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				tr := always{ex}
				p, err := cloud.NewPipeline(cloud.PipelineConfig{Service: "graph", Root: root, Credential: signin.SandboxCredential(), Transport: tr,
					Logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
				if err != nil {
					t.Fatal(err)
				}
				c := graph.New(p, root, graph.Options{})
				ctx := t.Context()
				var errs []error
				i, err := c.ImportSnapshot(ctx, userID, disk)
				errs = append(errs, err)
				_, err = c.UserSettings(ctx)
				errs = append(errs, err)
				_, err = c.User(ctx, "ada@contoso.example")
				errs = append(errs, err)
				as, err := c.ImportResults(ctx, []string{snapID, otherID})
				errs = append(errs, err)
				for _, a := range as {
					errs = append(errs, a.Err)
				}
				errs = append(errs, c.AddMembers(ctx, groupID, []string{userID, otherID}), c.AssignLicense(ctx, userID, skuID))
				text := log.String() + i.Detail
				for _, err := range errs {
					text += shown(err)
				}
				if !strings.Contains(text, "request sent") {
					t.Error("nothing was logged at debug level")
				}
				for _, secret := range []string{planted, plantedToken, url.QueryEscape(plantedToken), "sr=b&sig", base64.StdEncoding.EncodeToString([]byte(both))} {
					if at := strings.Index(text, secret); at >= 0 {
						t.Errorf("%q is in …%s", secret, text[max(0, at-300):min(len(text), at+100)])
					}
				}
			})
		})
	}
}

// always gives one answer to everything.
type always struct{ ex exchange }

func (a always) Do(*http.Request) (*http.Response, error) {
	if a.ex.err != nil {
		return nil, a.ex.err
	}
	if a.ex.status == 0 {
		a.ex.status = 200
	}
	return respond(a.ex.status, a.ex.reply, a.ex.answer...)
}
