package sandbox_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wave365/pkg/sandbox"
	"wave365/pkg/vhd"
	"wave365/pkg/vhd/gpt"
)

// A blob of the scenario that is a real file has its bytes.
func TestBlobOfAFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	content := make([]byte, 1<<20)
	copy(content, gpt.Build(1<<20, true))
	footer := vhd.FixedFooter(1 << 20)
	content = append(content, footer[:]...)
	if err := os.WriteFile(filepath.Join(dir, "anna.vhd"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "story.yaml")
	write := func(text string) *sandbox.Scenario {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		sc, err := sandbox.LoadScenario(file)
		if err != nil {
			t.Fatal(err)
		}
		return sc
	}
	c := inMemory(t, start(t, sandbox.Config{Scenario: write(strings.Replace(story, "{path: disks/anna.vhd, gib: 128}", "{path: disks/anna.vhd, file: anna.vhd}", 1))}))
	signed := sign(t, c.root, "disks/anna.vhd", c.clock())
	if got := c.do(200, "GET", strings.TrimPrefix(signed, c.root), ""); got.body != string(content) {
		t.Errorf("%d bytes that are not the file's", len(got.body))
	}
	req, _ := http.NewRequestWithContext(t.Context(), "GET", signed, nil)
	req.Header.Set("Range", "bytes=1048576-1049087")
	resp, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if tail, err := io.ReadAll(resp.Body); err != nil || !bytes.Equal(tail, footer[:]) || resp.StatusCode != 206 {
		t.Errorf("a range: %d, %d bytes, %v", resp.StatusCode, len(tail), err)
	}
	c.migrate("anna")
	c.advance("2h")
	if pcs := read[list](t, c.do(200, "GET", virtualEndpoint+"/cloudPCs", "")).Value; len(pcs) != 1 || pcs[0].Status != "provisioned" {
		t.Errorf("Cloud PCs: %+v", pcs)
	}
	for text, want := range map[string]string{
		"{path: disks/anna.vhd, file: nobody.vhd}":         "a file that can be read",
		"{path: disks/anna.vhd, file: story.yaml}":         "whole 512 bytes",
		"{path: disks/anna.vhd, file: anna.vhd, gib: 128}": "expected a file alone",
	} {
		text = strings.Replace(story, "{path: disks/anna.vhd, gib: 128}", text, 1)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		sc, err := sandbox.LoadScenario(file)
		if err == nil {
			_, err = sandbox.New(sandbox.Config{Scenario: sc})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What a machine of generation 2 cannot start from is imported, and then the Cloud PC fails; what is no disk is not even imported.
func TestDisksThatMustNotSucceed(t *testing.T) {
	t.Parallel()
	for line, fails := range map[string]string{
		"kind: generation-1, gib: 64":      "Cloud PC",
		"fault: no-gpt, gib: 64":           "Cloud PC",
		"fault: unwritten, gib: 64":        "Cloud PC",
		"fault: no-efi-partition, gib: 64": "Cloud PC",
		"fault: encrypted, gib: 64":        "",
		"fault: trailing-bytes, gib: 64":   "import",
		"fault: two-footers, gib: 64":      "import",
		"fault: truncated, gib: 64":        "import",
		"kind: qcow2":                      "import",
		"kind: vmdk":                       "import",
		"kind: zip":                        "import",
		"kind: gzip":                       "import",
		"kind: iso":                        "import",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			c := inMemory(t, start(t, sandbox.Config{Scenario: load(t, strings.Replace(story, "{path: disks/anna.vhd, gib: 128}", "{path: disks/anna.vhd, "+line+"}", 1))}))
			if fails == "import" {
				id := c.startImport("anna")
				c.advance("2h")
				if got := c.importOf(id); got.ImportStatus != "failed" {
					t.Errorf("import %+v", got)
				}
				return
			}
			c.migrate("anna")
			c.advance("2h")
			want := "provisioned"
			if fails == "Cloud PC" {
				want = "failed"
			}
			if pcs := read[list](t, c.do(200, "GET", virtualEndpoint+"/cloudPCs", "")).Value; len(pcs) != 1 || pcs[0].Status != want {
				t.Errorf("want %s: %+v", want, pcs)
			}
		})
	}
}

// Refusals at the import instead of after it.
func TestBadDisksRefusedAtOnce(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("{path: disks/anna.vhd, gib: 128}", "{path: disks/anna.vhd, gib: 128, kind: dynamic}",
		"knobs: {", "knobs: {bad_disk: refuse, no_policy_import: refuse, ").Replace(story)
	c := inMemory(t, start(t, sandbox.Config{Scenario: load(t, text)}))
	for upn, code := range map[string]string{"anna": "InvalidVHD", "ben": "MissingProvisionPolicy"} {
		got := c.do(400, "POST", virtualEndpoint+"/snapshots/importSnapshot", c.importBody(c.user(upn), "disks/"+upn+".vhd", c.clock()))
		if !strings.Contains(got.body, `"code":"`+code+`"`) {
			t.Errorf("%s: %s", upn, got.body)
		}
	}
}

// A second storage account is served beside the first, and the service may be kept out of it.
func TestSecondAccount(t *testing.T) {
	t.Parallel()
	for name, unreachable := range map[string]bool{"reachable": false, "unreachable": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.NewReplacer("blobs:\n", "blobs:\n  - {path: more/anna.vhd, gib: 64, account: archive2}\n",
				"tenant: {", "accounts: [{name: archive2"+map[bool]string{true: ", unreachable: true"}[unreachable]+"}]\ntenant: {").Replace(story)
			c := inMemory(t, start(t, sandbox.Config{Scenario: load(t, text)}))
			signed := signFor(t, c.root, "archive2", "more/anna.vhd", c.clock())
			c.do(200, "HEAD", strings.TrimPrefix(signed, c.root), "")
			c.do(400, "GET", "/v9/nothing", "")
			want := map[bool]int{false: 200, true: 400}[unreachable]
			got := c.do(want, "POST", virtualEndpoint+"/snapshots/importSnapshot", `{"assignedUserId":"`+c.user("anna")+
				`","sourceFiles":[{"sourceType":"sasUrl","fileType":"dataFile","sasUrl":"`+signed+`"}]}`)
			if unreachable && !strings.Contains(got.body, "InvalidSasUrl") {
				t.Errorf("refused with %s", got.body)
			}
		})
	}
}
