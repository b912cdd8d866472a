package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"wave365/pkg/blob"
	"wave365/pkg/blob/bloburl"
	"wave365/pkg/cloud"
	"wave365/pkg/cloud/signin"
	"wave365/pkg/sandbox/blobapi"
)

// forms gives a secret as it may look in a file: raw, URL-encoded, JSON-escaped, in base64 at each alignment.
func forms(t *testing.T, secret string) map[string]string {
	t.Helper()
	escaped, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{
		"raw": secret, "url": url.QueryEscape(secret), "url twice": url.QueryEscape(url.QueryEscape(secret)),
		"json": strings.Trim(string(escaped), `"`), "html": strings.ReplaceAll(secret, "+", "&#43;"),
	}
	for i := range 3 {
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", i) + secret))
		all["base64 at "+string(rune('0'+i))] = text[4 : len(text)-4]
	}
	return all
}

// TestNoSecretLeaves runs a wave whose file brings its own signatures, one of them refused by the storage account, with
// the log at debug level, and looks for the signatures and the token in everything that is left behind.
func TestNoSecretLeaves(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, "3000")
	pipe, err := cloud.NewPipeline(cloud.PipelineConfig{Service: "blob", Root: r.url})
	if err != nil {
		t.Fatal(err)
	}
	root := r.url + "/" + blobapi.DevelopmentAccount
	client, err := blob.New(blob.Config{Root: root, Pipeline: pipe, SharedKey: blobapi.DevelopmentKey})
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{}
	sign := func(path string) string {
		ref, err := bloburl.Parse(path, root)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := client.SignRead(t.Context(), ref, time.Now().Add(-time.Hour), time.Now().Add(1000*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(signed)
		if err != nil {
			t.Fatal(err)
		}
		secrets["the signature of "+path] = u.Query().Get("sig")
		return signed
	}
	good := sign("w365-friday/finance/anna.keller-os.vhd")
	forged := strings.Replace(sign("w365-friday/finance/marco.bianchi-os.vhd"), "sp=r", "sp=rw", 1)
	r.wave = filepath.Join(r.dir, "signed.csv")
	text := "user,blob,policy,license,notes\n" +
		"anna.keller@nordwind.example," + good + ",W365 Finance,CPC_E_2C_8GB_128GB,see " + good + "\n" +
		"marco.bianchi@nordwind.example," + forged + ",W365 Finance,CPC_E_2C_8GB_128GB,\n"
	if err := os.WriteFile(r.wave, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	token, err := signin.SandboxCredential().GetToken(t.Context(), policy.TokenRequestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	secrets["the token"] = token.Token

	cmd := r.run("--log-file", "debug.log", "--log-level", "debug", "--run-id", "one")
	out, runErr := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != exitFailedRows {
		t.Fatalf("run: %v\n%s", runErr, out)
	}
	if !bytes.Contains(out, []byte("1 succeeded")) {
		t.Fatalf("the row with its own signature did not succeed:\n%s", out)
	}
	left := map[string][]byte{"the terminal": out}
	for _, name := range []string{".wave365", "reports", "debug.log"} {
		err := filepath.WalkDir(filepath.Join(r.dir, name), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			left[path], err = os.ReadFile(path)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(left) < 9 || len(left[filepath.Join(r.dir, "debug.log")]) < 10_000 {
		t.Fatalf("looked at %d files only, or at an empty log", len(left))
	}
	for what, secret := range secrets {
		if len(secret) < 12 {
			t.Fatalf("%s is %q: too short to look for", what, secret)
		}
		for form, text := range forms(t, secret) {
			for path, data := range left {
				if bytes.Contains(data, []byte(text)) {
					t.Errorf("%s is in %s, %s", what, path, form)
				}
			}
		}
	}
}
