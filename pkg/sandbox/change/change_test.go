package change_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"wave365/pkg/sandbox/change"
)

const signature = "c2VjcmV0c2VjcmV0c2VjcmV0"

// What is kept of a request is enough to make it again, and none of it is a secret: not the token, not the signature, however
// the JSON spells the URL. The two ends of a signature's life stay, because an import lives as long as its signature.
func TestOf(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC)
	query := "sv=2024-11-04&se=2026-11-28T00%3A00%3A00Z&ske=2026-11-27T00%3A00%3A00Z&sp=r&sig=" + signature + "%3D"
	for name, tc := range map[string]struct{ sent, kept string }{
		"plain":            {`{"sasUrl":"https://a.example/c/d.vhd?` + query + `","n":1}`, `{"sasUrl":"https://a.example/c/d.vhd?se=2026-11-28T00%3A00%3A00Z&ske=2026-11-27T00%3A00%3A00Z","n":1}`},
		"escaped":          {`{"sasUrl":"https://a.example/c/d.vhd?` + strings.ReplaceAll(query, "&", `\u0026`) + `"}`, `{"sasUrl":"https://a.example/c/d.vhd?se=2026-11-28T00%3A00%3A00Z&ske=2026-11-27T00%3A00%3A00Z"}`},
		"without an end":   {`"http://a.example/d.vhd?sig=` + signature + `"`, `"http://a.example/d.vhd"`},
		"equals escaped":   {`"http://a.example/d.vhd?sp=r&sig%3d` + signature + `"`, `"http://a.example/d.vhd"`},
		"not readable":     {`"http://a.example/d.vhd?a=%zz&sig=` + signature + `"`, `"http://a.example/d.vhd"`},
		"two":              {`["http://a.example/1?sig=` + signature + `","http://a.example/2?sig=` + signature + `"]`, `["http://a.example/1","http://a.example/2"]`},
		"no signature":     {`"http://a.example/d?page=2"`, `"http://a.example/d?page=2"`},
		"no URL in it":     {`{"sku":"x"}`, `{"sku":"x"}`},
		"nothing was sent": {``, ``},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/beta/x?$top=2", strings.NewReader(tc.sent))
			for key, value := range map[string]string{"Authorization": "Bearer real-token", "Cookie": "c=1", "User-Agent": "u", "If-Match": "etag", "Client-Request-Id": "id"} {
				r.Header.Set(key, value)
			}
			c := change.Of(r, []byte(tc.sent), at, "import accepted", nil)
			line, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			if c.Body != tc.kept || strings.Contains(string(line), signature) || strings.Contains(string(line), "real-token") {
				t.Fatalf("kept %s\nwant %s", line, tc.kept)
			}
			var read change.Change
			if err := json.Unmarshal(line, &read); err != nil {
				t.Fatal(err)
			}
			again, err := read.Request()
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(again.Body)
			h := again.Header
			if again.Method != http.MethodPost || again.URL.Path != "/beta/x" || again.URL.Query().Get("$top") != "2" || string(body) != tc.kept ||
				h.Get("If-Match") != "etag" || h.Get("Client-Request-Id") != "id" || h.Get("Authorization") == "" || h.Get("Cookie")+h.Get("User-Agent") != "" {
				t.Errorf("made again it is %s %s %v %s", again.Method, again.URL, h, body)
			}
		})
	}
}

func TestRequest_refuses(t *testing.T) {
	t.Parallel()
	for _, c := range []change.Change{{Method: "GET", URI: "no path"}, {Method: "no method", URI: "/x"}} {
		if _, err := c.Request(); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}
