package address_test

import (
	"strings"
	"testing"

	"wave365/pkg/wave/address"
)

func TestAccount(t *testing.T) {
	t.Parallel()
	const id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/ContosoVHDs"
	for text, want := range map[string][3]string{
		"contosovhds":   {"contosovhds"},
		`"contosovhds"`: {"contosovhds"},
		id:              {"contosovhds"},
		"https://contosovhds.blob.core.windows.net/":     {"contosovhds", "https://contosovhds.blob.core.windows.net"},
		"contosovhds.dfs.core.windows.net":               {"contosovhds", "https://contosovhds.blob.core.windows.net"},
		"https://contosovhds.z12.blob.storage.azure.net": {"contosovhds", "https://contosovhds.z12.blob.storage.azure.net"},
		"contosovhds-secondary.blob.core.windows.net":    {"contosovhds", "https://contosovhds.blob.core.windows.net"},
		"contosovhds.privatelink.blob.core.windows.net":  {"contosovhds", "https://contosovhds.blob.core.windows.net"},
		"Contoso_VHDs": {2: "invalid storage account name"},
		"https://contosovhds.blob.core.windows.net/vhds":                    {2: "the address of something in it"},
		"https://md-abc.z1.blob.storage.azure.net/x/abcd":                   {2: "export link"},
		strings.TrimSuffix(id, "/storageAccounts/ContosoVHDs") + "/other/x": {2: "the resource id of something else"},
		"https://contoso.example":                                           {2: "no storage account is at contoso.example"},
	} {
		name, endpoint, why, hint := address.Account(text)
		if name != want[0] || endpoint != want[1] || (why == "") != (want[2] == "") || !strings.Contains(why, want[2]) || (why == "") != (hint == "") {
			t.Errorf("%s: %q, %q, %q, %q", text, name, endpoint, why, hint)
		}
	}
}

// A host that only looks like one of Azure Storage is none, and no advice is given from it.
func TestParseHost(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"contosovhds.blob.core.windows.net": "contosovhds", "CONTOSOVHDS.z1.blob.storage.azure.net": "contosovhds", "contosovhds.dfs.core.usgovcloudapi.net": "contosovhds",
		"contosovhds.blob.core.chinacloudapi.cn":         "contosovhds",
		"contosovhds.blob.core.windows.net.evil.example": "", "contosovhds.dfs.core.evil.example": "", "contosovhds.blob.storage.evil.example": "", "blob.core.windows.net": "",
		".blob.core.windows.net": "", "contosovhds.blob.core.windows.net:8443": "", "storage.googleapis.com": "", "core.windows.net": "", "": "",
	} {
		if h, ok := address.ParseHost(host); h.Account != want || ok != (want != "") {
			t.Errorf("%s: %+v %v", host, h, ok)
		}
	}
	if p, ok := address.Pasted("https://contosovhds.dfs.core.windows.net.evil.example/wave/anna.vhd"); ok {
		t.Errorf("%+v", p)
	}
}

// Signs that lists are written with may be of a blob's own name.
func TestPasted_Names(t *testing.T) {
	t.Parallel()
	for _, cell := range []string{"vhds/a.vhd;1.vhd", "vhds/a.vhd,old.vhd", "vhds/a;b.vhd", "vhds/a&b.vhd", "vhds/a.vhd;1.vhd.bak/x.vhd"} {
		if p, ok := address.Pasted(cell); ok || address.Check(cell) != "" {
			t.Errorf("%s: %+v, %s", cell, p, address.Check(cell))
		}
	}
	for _, cell := range []string{"vhds/a.vhd;vhds/b.vhd", "vhds/a.vhd,vhds/b.vhd", `vhds\a.vhd; /vhds\b.vhd`} {
		if p, ok := address.Pasted(cell); !ok || !strings.Contains(p.Why, "more than one path") {
			t.Errorf("%s: %+v", cell, p)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"vhds/ada.vhd":              "",
		`vhds\sub\ada.vhd`:          "",
		"$root/ada.vhd":             "",
		"https://host/vhds/ada.vhd": "",
		"http://127.0.0.1:10000/devstoreaccount1/vhds/a.vhd": "",
		"ada.vhd":                           "names no container",
		"v/ada.vhd":                         "a name that no container can have",
		"vh--ds/ada.vhd":                    "a name that no container can have",
		"vhds/":                             "the file's name is missing",
		"vhds/../ada.vhd":                   `"." or ".."`,
		`C:\disks\ada.vhd`:                  "a path on a disk",
		"ftp://host/vhds/a.vhd":             "neither https nor http",
		"https://me@host/vhds/a.vhd":        "a user name",
		"https://host/vhds/a.vhd#1":         "%23",
		"vhds/a\nb":                         "control character",
		"vhds/" + strings.Repeat("ä", 1025): "1,024",
		"vhds/" + strings.Repeat("ä", 1024): "",
		"http://127.0.0.1:1/account/vhds":   "names no container",
	} {
		if got := address.Check(cell); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q", cell, got)
		}
	}
}
