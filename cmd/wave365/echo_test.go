package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// spellings returns the ways in which the service of this test repeats what it was sent.
func spellings() []func(s string) string {
	b64 := base64.StdEncoding.EncodeToString
	return []func(s string) string{
		func(s string) string { return s },
		url.QueryEscape,
		func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
		func(s string) string { return strings.ReplaceAll(s, "&", `\u0026`) },
		func(s string) string { return b64([]byte(s)) },
		func(s string) string { return b64([]byte("x" + s)) },
		func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("xy" + s)) },
		func(s string) string { return hex.EncodeToString([]byte(s)) },
		func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
		func(s string) string { return spell(s, "%%%02x") },
		func(s string) string { return spell(s, "&#%d;") },
		func(s string) string { return strings.ReplaceAll(spell(s, "&#%d;"), "&", "&amp;") },
		func(s string) string { return spell(s, "&#x%x;") },
		func(s string) string { return spell(s, `\u%04x`) },
		func(s string) string { return strings.ReplaceAll(s, "sig=", "sig =") },
		func(s string) string { return strings.ReplaceAll(s, "sig=", "sig : ") },
		func(s string) string { return backwards(s) },
		func(s string) string { return spell(s, `\%03o`) },
		func(s string) string { return spell(s, "%%u%04x") },
		func(s string) string { return spell(s, "%d, ") },
		func(s string) string { return b64([]byte(b64([]byte(s)))) },
		func(s string) string { return hex.EncodeToString([]byte(b64([]byte(s)))) },
		func(s string) string { return backwards(b64([]byte(s))) },
		func(s string) string { _, sig, _ := strings.Cut(s, "sig="); return "the value " + sig },
		func(s string) string {
			_, sig, _ := strings.Cut(s, "sig=")
			plain, _ := url.QueryUnescape(sig)
			return "the value " + plain
		},
	}
}

func spell(s, format string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, format, s[i])
	}
	return b.String()
}

func backwards(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// tracesOf returns pieces by which the signature in a URL is recognized in any spelling.
func tracesOf(sas string) map[string]bool {
	_, enc, _ := strings.Cut(sas, "sig=")
	enc, _, _ = strings.Cut(enc, "&")
	sig, _ := url.QueryUnescape(enc)
	out := map[string]bool{}
	for _, whole := range []string{enc, sig, url.QueryEscape(enc), url.QueryEscape(url.QueryEscape(enc))} {
		for _, s := range []string{whole[:16], whole[len(whole)-24 : len(whole)-8]} {
			pct, ent, esc := spell(s, "%%%02x"), spell(s, "&#%d;"), spell(s, `\u%04x`)
			for _, form := range []string{s, backwards(s), hex.EncodeToString([]byte(s)), strings.ToUpper(hex.EncodeToString([]byte(s))), pct, strings.ToUpper(pct), ent, strings.ReplaceAll(ent, "&", "&amp;"), esc, spell(s, "&#x%x;")} {
				out[form] = true
			}
		}
		for off := range 3 {
			b := strings.TrimRight(base64.StdEncoding.EncodeToString(append(make([]byte, off), whole...)), "=")
			b = b[4 : len(b)-8]
			for _, part := range []string{b[:20], b[len(b)-20:]} {
				out[part] = true
				out[strings.NewReplacer("+", "-", "/", "_").Replace(part)] = true
			}
		}
	}
	return out
}

// TestEchoedSecrets runs a wave against a service that refuses each import and repeats the signature that it was sent,
// each time in another spelling, and looks for traces of it in everything that is left behind.
func TestEchoedSecrets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	forms := spellings()
	scenario := "version: 1\nname: echo\nseed: 1\ntenant: {id: 11111111-2222-4333-8444-555555555555, name: Contoso, domain: contoso.example}\n" +
		"licenses: [{sku: CPC_E_2C_8GB_128GB, seats: 50}]\ngroups: [{name: pilots}]\npolicies: [{name: P, groups: [pilots]}]\n"
	users, blobs, wave := "users:\n", "blobs:\n", "user,blob,policy,license,notes\n"
	notes := []string{"Bearer abcdefghijklmnop0123456789", "AccountKey = c2VjcmV0c2VjcmV0c2VjcmV0MDEyMzQ1Njc4OQ==", "plain"}
	for i := range forms {
		users += fmt.Sprintf("  - {upn: u%d}\n", i)
		blobs += fmt.Sprintf("  - {path: disks/u%d.vhd, gib: 64}\n", i)
		wave += fmt.Sprintf("u%d@contoso.example,disks/u%d.vhd,P,CPC_E_2C_8GB_128GB,%s\n", i, i, notes[i%len(notes)])
	}
	for name, text := range map[string]string{"w.tenant.yaml": scenario + users + blobs, "w.csv": wave} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	behind, err := url.Parse(startTenant(t, dir, filepath.Join(dir, "w.tenant.yaml"), "6000"))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var sent []string
	relay := httputil.NewSingleHostReverseProxy(behind)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/importSnapshot") {
			r.Host = behind.Host
			relay.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		var said struct {
			Files []struct {
				URL string `json:"sasUrl"`
			} `json:"sourceFiles"`
		}
		if err := json.Unmarshal(body, &said); err != nil || len(said.Files) == 0 {
			t.Errorf("%v in %s", err, body)
			return
		}
		mu.Lock()
		text := forms[len(sent)%len(forms)](said.Files[0].URL)
		sent = append(sent, said.Files[0].URL)
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		for _, name := range []string{"request-id", "client-request-id", "Location", "Retry-After", "x-ms-ags-diagnostic", "Server"} {
			w.Header().Set(name, text)
		}
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{
			"code": "BadRequest", "message": "bad source " + text + " end", "target": text, "additionalDetail": text,
			"details":    []map[string]string{{"code": text, "message": text, "additionalDetail": text}},
			"innerError": map[string]string{"code": text, "request-id": text, "client-request-id": text, "date": text},
		}})
	}))
	t.Cleanup(front.Close)

	cmd := tool(dir, "run", "w.csv", "--sandbox="+front.URL, "--yes", "--slots", "4", "--log-file", "debug.log", "--log-level", "debug", "--halt-after", "100%,1000", "--record", "evening.jsonl")
	out, _ := cmd.CombinedOutput()
	if c := cmd.ProcessState.ExitCode(); c != exitFailedRows && c != exitHalted || len(sent) == 0 {
		t.Fatalf("exit %d after %d imports:\n%s", c, len(sent), out)
	}
	left := map[string][]byte{"the terminal": out}
	for _, args := range [][]string{{"report", "--redact", "--report-dir", "reports/given"}, {"status", "--json"}, {"status", "u1@contoso.example"}, {"notify", "--dry-run=mails", "--sandbox=" + front.URL}, {"retry", "--sandbox=" + front.URL}} {
		left["the answer of "+args[0]+" "+args[1]], _ = tool(dir, args...).CombinedOutput()
	}
	for _, name := range []string{".wave365", "reports", "debug.log", "evening.jsonl", "mails"} {
		if err := filepath.WalkDir(filepath.Join(dir, name), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.Contains(path, "state") {
				return err
			}
			left[path], err = os.ReadFile(path)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if len(left) < 40 || !bytes.Contains(left[filepath.Join(dir, "debug.log")], []byte("importSnapshot")) {
		t.Fatalf("looked at %d files only, or at an empty log", len(left))
	}
	for _, sas := range sent {
		for form := range tracesOf(sas) {
			for path, data := range left {
				if at := bytes.Index(data, []byte(form)); at >= 0 {
					t.Errorf("%s has %q: …%s…", path, form, data[max(0, at-60):min(len(data), at+60)])
				}
			}
		}
	}
	planted := regexp.MustCompile(`abcdefghijklmnop0123|c2VjcmV0c2VjcmV0c2Vj`)
	for path, data := range left {
		if m := planted.Find(data); m != nil {
			t.Errorf("%s has the %s of a note", path, m)
		}
	}
	t.Logf("%d imports refused, %d spellings, %d files", len(sent), len(forms), len(left))
}
