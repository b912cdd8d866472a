package webhook_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"wave365/pkg/fault"
	"wave365/pkg/notify"
	"wave365/pkg/notify/webhook"
)

func message() notify.Message {
	return notify.Message{Subject: "Wave [x](http://evil) has ended", Text: "One.\n\nTwo.\n", Facts: []notify.Fact{{Name: "Run", Value: "r1"}, {Name: "Empty"}}}
}

func TestSend(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		kind   fault.Kind
	}{"Accepted": {202, ""}, "OK": {200, ""}, "Gone": {404, fault.Invalid}, "Redirect": {302, fault.Invalid}, "Broken": {502, fault.OutcomeUnknown}, "HangsUp": {0, fault.OutcomeUnknown}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var heard atomic.Value
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				heard.Store(string(body))
				if tc.status == 0 {
					panic(http.ErrAbortHandler)
				}
				w.Header().Set("Location", "http://127.0.0.1:1/")
				w.WriteHeader(tc.status)
			}))
			defer srv.Close()
			w, err := webhook.New(srv.URL + "/hook?sig=topsecret")
			if err != nil {
				t.Fatal(err)
			}
			err = w.Send(t.Context(), message())
			if fault.KindOf(err) != tc.kind {
				t.Errorf("%v, want %s", err, tc.kind)
			}
			if err != nil && strings.Contains(err.Error()+fault.HintOf(err), "topsecret") {
				t.Errorf("the address leaks: %v", err)
			}
			got, _ := heard.Load().(string)
			var card struct {
				Type        string
				Attachments []struct {
					ContentType string
					Content     struct {
						Type string
						Body []struct {
							Text  string
							Facts []struct{ Title, Value string }
						}
					}
				}
			}
			if err := json.Unmarshal([]byte(got), &card); err != nil || card.Type != "message" || len(card.Attachments) != 1 {
				t.Fatalf("%v in %s", err, got)
			}
			a := card.Attachments[0]
			if a.ContentType != "application/vnd.microsoft.card.adaptive" || a.Content.Type != "AdaptiveCard" || len(a.Content.Body) != 4 ||
				a.Content.Body[0].Text != `Wave \[x\](http://evil) has ended` || len(a.Content.Body[3].Facts) != 1 {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "http://example.com/x?sig=topsecret", "ftp://x", "not an address"} {
		if _, err := webhook.New(bad); err == nil || strings.Contains(err.Error(), "topsecret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	w, err := webhook.New("http://127.0.0.1:1/x")
	if err != nil || !w.Loopback() {
		t.Fatal(err)
	}
	if err := w.Send(t.Context(), message()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("nobody there: %v", err)
	}
}
