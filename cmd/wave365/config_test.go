package main

import (
	"strings"
	"testing"

	"wave365/pkg/cloud/clouds"
)

// A storage account is recognized in whatever form people copy it, and anything else is refused with its reason.
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
