package redact_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"

	"wave365/pkg/cloud/redact"
)

const (
	sig   = "q9Zk+LmN3/pQrStUvWxYz0123456789AbCdEfGhIjKl="
	token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2lnbmF0dXJlLXZhbHVl"
)

func sasURL() string {
	return "https://acct.blob.core.windows.net/c/os.vhd?sv=2024-05-04&sr=b&sp=r&se=2030-01-01T00%3A00%3A00Z&skoid=11111111-1111-1111-1111-111111111111&sig=" + url.QueryEscape(sig)
}

// forms are the ways in which a secret may be spelled.
func forms(s string) map[string]string {
	j, _ := json.Marshal(s)
	jj, _ := json.Marshal(string(j))
	wide := utf16.Encode([]rune(s))
	var le []byte
	for _, u := range wide {
		le = append(le, byte(u), byte(u>>8))
	}
	return map[string]string{
		"Raw": s, "URLEncoded": url.QueryEscape(s), "PathEncoded": url.PathEscape(s), "TwiceEncoded": url.QueryEscape(url.QueryEscape(s)),
		"ThriceEncoded": url.QueryEscape(url.QueryEscape(url.QueryEscape(s))),
		"JSON":          string(j), "JSONInJSON": string(jj),
		"JSONFull":        strings.NewReplacer("&", `\u0026`, "=", `\u003d`, "?", `\u003F`, "/", `\/`, "+", `\u002B`, "%", `\u0025`).Replace(s),
		"HTML":            html.EscapeString(s),
		"Base64":          base64.StdEncoding.EncodeToString([]byte(s)),
		"Base64Raw":       base64.RawStdEncoding.EncodeToString([]byte(s)),
		"Base64URL":       base64.URLEncoding.EncodeToString([]byte(s)),
		"Base64RawURL":    base64.RawURLEncoding.EncodeToString([]byte(s)),
		"Base64Encoded":   url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(s))),
		"Base64UTF16":     base64.StdEncoding.EncodeToString(le),
		"Base64OfEncoded": base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(s))),
	}
}

// frames are the places in which it may stand.
var frames = []string{"%", "GET % failed", `{"url":"%"}`, "<a href='%'>", "(%)", "see %, then", "x=%", "[%]", "a/b/%\n", `Post "%": EOF`}

func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	secrets := map[string]struct{ text, core string }{
		"SASURL":       {sasURL(), url.QueryEscape(sig)},
		"SASUnescaped": {strings.Replace(sasURL(), url.QueryEscape(sig), sig, 1), sig},
		"SASQuery":     {"sv=2024-05-04&sr=b&sig=" + url.QueryEscape(sig), url.QueryEscape(sig)},
		"SigFirst":     {"https://acct.blob.core.windows.net/c/b?sig=" + url.QueryEscape(sig) + "&sv=2024", url.QueryEscape(sig)},
		"Bearer":       {"Bearer " + token, token},
		"Opaque":       {"Bearer opaque-token-without-dots-1234567890", "opaque-token-without-dots-1234567890"},
		"AccountKey":   {"AccountName=a;AccountKey=" + sig + ";EndpointSuffix=core.windows.net", sig},
	}
	for name, s := range secrets {
		for form, text := range forms(s.text) {
			if strings.HasPrefix(name, "AccountKey") && strings.HasPrefix(form, "Base64") {
				text = strings.TrimSpace(text)
			}
			for _, frame := range frames {
				in := strings.Replace(frame, "%", text, 1)
				out := redact.String(in)
				for coreForm, core := range forms(s.core) {
					if strings.Contains(out, strings.Trim(core, `"\`)) {
						t.Errorf("%s as %s in %q: %s is left in\n%s", name, form, frame, coreForm, out)
					}
				}
				if strings.Contains(out, text) {
					t.Errorf("%s as %s in %q is untouched", name, form, frame)
				}
				if again := redact.String(out); again != out {
					t.Errorf("%s as %s: not stable: %q, then %q", name, form, out, again)
				}
			}
		}
	}
}

func TestWhatStays(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "nothing here", "design=good&resign=no", "https://graph.microsoft.com/v1.0/users?$select=id,displayName&$top=999",
		"the bearer of bad news", `{"error":{"code":"BadRequest","message":"Signature did not match"}}`,
		"11111111-2222-3333-4444-555555555555", "d41d8cd98f00b204e9800998ecf8427e0123456789abcdef",
		"microsoftwindowsdesktop_windows-ent-cpc_win11-24h2-ent-cpc", "https://acct.blob.core.windows.net/container/folder/disk.vhd",
		redact.Mark,
	} {
		if got := redact.String(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
		b := []byte(s)
		if got := redact.Bytes(b); !bytes.Equal(got, b) {
			t.Errorf("%q became %q", s, got)
		}
	}
	if got := redact.String("GET " + sasURL() + " 403"); got != "GET https://acct.blob.core.windows.net/c/os.vhd?"+redact.Mark+" 403" {
		t.Errorf("what surrounds the secret is gone too: %s", got)
	}
	in := []byte("sig=" + sig)
	was := string(in)
	redact.Bytes(in)
	if string(in) != was {
		t.Error("the input was changed")
	}
}

// FuzzRedact has two laws: a planted secret is gone in every spelling, and redacting twice changes nothing.
func FuzzRedact(f *testing.F) {
	f.Add("before ", " after", []byte("0123456789abcdef0123456789abcdef"))
	f.Add("{\"url\":\"", "\"}", []byte{0, 255, 3, 62, 63, 250, 251, 62, 62, 63, 63, 255})
	f.Add("abc", "=", []byte("????>>>>????>>>>"))
	f.Add("aHR0cHM6Ly", "Zm9v", []byte("secretsecretsecret!!"))
	f.Fuzz(func(t *testing.T, before, after string, key []byte) {
		if len(key) < 12 || len(key) > 64 {
			t.Skip()
		}
		secret := base64.StdEncoding.EncodeToString(key)
		if strings.Contains(before, secret) || strings.Contains(after, secret) {
			t.Skip()
		}
		esc := url.QueryEscape(secret)
		for _, text := range []string{
			"https://a.blob.core.windows.net/c/d.vhd?sv=2024-05-04&sp=r&sig=" + esc,
			"https://a.blob.core.windows.net/c/d.vhd?sv=2024-05-04&sig=" + secret + "&sp=r",
			"Bearer " + secret,
		} {
			for form, planted := range forms(text) {
				out := redact.String(before + planted + after)
				if strings.Contains(out, planted) || strings.Contains(out, secret) || strings.Contains(out, esc) {
					t.Errorf("%s: a secret is left in %q", form, out)
				}
				if again := redact.String(out); again != out {
					t.Errorf("%s: not stable: %q, then %q", form, out, again)
				}
			}
		}
	})
}

func BenchmarkRedactLogLine(b *testing.B) {
	line := []byte(`time=2026-08-05T12:00:00Z level=DEBUG msg="request sent" service=graph method=GET url="https://graph.microsoft.com/beta/deviceManagement/virtualEndpoint/cloudPCs?$top=999" took=120ms status=200`)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		redact.Bytes(line)
	}
}
