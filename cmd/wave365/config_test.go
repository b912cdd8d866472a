package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"wave365/pkg/cloud/clouds"
)

func asUTF16(s string) []byte {
	out := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

func written(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wave365.yaml")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The configuration file is read however an editor or PowerShell has written it.
func TestReadConfig(t *testing.T) {
	t.Parallel()
	want := map[string]any{"storage-account": "contosovhds", "slots": uint64(8), "tenant": nil}
	const text = "storage-account: contosovhds # Zürich\nslots: 8\ntenant:\n"
	for name, data := range map[string][]byte{
		"UTF-8": []byte(text), "a mark": []byte("\uFEFF" + text), "UTF-16": asUTF16(text), "CR LF": []byte("\uFEFF" + strings.ReplaceAll(text, "\n", "\r\n")),
		"keys in quotes": []byte("\"storage-account\": 'contosovhds'\n'slots': 8\n\"tenant\": ~\n"), "JSON": []byte(`{"storage-account": "contosovhds", "slots": 8, "tenant": null}`),
		"a document mark": []byte("---\n" + text),
	} {
		got, err := readConfig(pflag.NewFlagSet("", pflag.ContinueOnError), written(t, data))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	for name, data := range map[string][]byte{"empty": nil, "comments": []byte("# slots: 8\n"), "a mark alone": []byte("\uFEFF")} {
		if got, err := readConfig(pflag.NewFlagSet("", pflag.ContinueOnError), written(t, data)); err != nil || len(got) > 0 {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}

// A storage account is known by whatever people copy of it, and refused for what it is.
func TestStorageRoot(t *testing.T) {
	t.Parallel()
	const root = "https://contosovhds.blob.core.windows.net"
	global, err := clouds.Lookup("global")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"contosovhds": root, " contosovhds ": root, "“contosovhds”": root, "contosovhds.blob.core.windows.net": root, root: root, root + "/": root,
		"https://contosovhds.dfs.core.windows.net/": root, "contosovhds.privatelink.blob.core.windows.net": root, "https://contosovhds-secondary.blob.core.windows.net": root,
		"https://CONTOSOVHDS.file.core.windows.net": root, "contosovhds.z6.web.core.windows.net": root, "https://contosovhds.z12.dfs.storage.azure.net": "https://contosovhds.z12.blob.storage.azure.net",
		"/subscriptions/1/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/contosovhds": root,
	} {
		if got, err := storageRoot("storage-account", text, global); got != want || err != nil {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"Contoso VHDs": "invalid storage account name", "vh": "invalid storage account name", "https://md-abc123.z12.blob.storage.azure.net": "export link of a managed disk",
		"https://portal.azure.com/#@contoso/resource": "page of the Azure portal", root + "/wave": "address of something in it", "https://contosovhds.dfs.core.usgovcloudapi.net": "another cloud", "https://contosovhds.blob.core.windows.net.evil.example": "no storage account is at", "https://a.b.z1.blob.storage.azure.net": "invalid storage account name",
		"/subscriptions/1/resourceGroups/rg/providers/Microsoft.Compute/disks/anna": "resource id of something else", "https://example.com": "no storage account is at example.com",
	} {
		if got, err := storageRoot("storage-account", text, global); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"http://127.0.0.1:10000/devstoreaccount1/": "http://127.0.0.1:10000/devstoreaccount1", "https://contosovhds.dfs.core.windows.net": root, "https://storage.contoso.example": "https://storage.contoso.example",
		"https://contosovhds.blob.core.windows.net.evil.example/": "https://contosovhds.blob.core.windows.net.evil.example",
	} {
		if got, err := endpointRoot(text, global); got != want || err != nil {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
}
