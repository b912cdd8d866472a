package address

import (
	"net/url"
	"slices"
	"strings"

	"wave365/pkg/wave/sheet/celltext"
)

// Host is a host of Azure Storage, taken apart.
type Host struct {
	// Account is the storage account, or the import-export resource behind a link of a managed disk; Service is "blob", "dfs",
	// "file", "queue", "table" or "web".
	Account, Service string
	// PrivateLink: the name of a private endpoint. Secondary: the read-only second region. Export: a link of a managed disk or
	// snapshot, which is in no account of anybody.
	PrivateLink, Secondary, Export bool
	// zone are the labels of the account's DNS zone, suffix those behind the service.
	zone, suffix []string
}

// suffixes are what hosts of Azure Storage end in, in all of Microsoft's clouds. Which of them is the one that is migrated to,
// and so what may be sent there, is not known here.
var suffixes = []string{"core.windows.net", "core.usgovcloudapi.net", "core.chinacloudapi.cn", "core.cloudapi.de", "storage.azure.net"}

// ParseHost splits a host name, in any case; false: it is not a host of Azure Storage.
func ParseHost(host string) (Host, bool) {
	labels := strings.Split(strings.ToLower(host), ".")
	h := Host{Account: labels[0]}
	at := slices.IndexFunc(labels[1:], func(l string) bool {
		return slices.Contains([]string{"blob", "dfs", "file", "queue", "table", "web"}, l)
	}) + 1
	if at < 1 || h.Account == "" || !slices.Contains(suffixes, strings.Join(labels[at+1:], ".")) {
		return Host{}, false
	}
	h.Service, h.suffix = labels[at], labels[at+1:]
	for _, l := range labels[1:at] {
		if l == "privatelink" {
			h.PrivateLink = true
		} else if h.Service != "web" {
			h.zone = append(h.zone, l)
		}
	}
	h.Export = strings.HasPrefix(h.Account, "md-")
	if account, second := strings.CutSuffix(h.Account, "-secondary"); second && !h.Export {
		h.Account, h.Secondary = account, true
	}
	return h, true
}

// blob is the address of the account's blob endpoint, without a slash at its end.
func (h Host) blob() string {
	labels := append([]string{h.Account}, h.zone...)
	return "https://" + strings.Join(append(append(labels, "blob"), h.suffix...), ".")
}

// Account parses a storage account as people write it: its name, its address at any of its endpoints, or its ARM id. It
// returns the name, and the address of its blob endpoint where the text holds one; why describes what the text is instead,
// and hint what to write.
func Account(text string) (name, endpoint, why, hint string) {
	const nameAlone = "give its name alone, such as contosovhds: 3 to 24 small letters and digits"
	text = celltext.Unquote(text)
	if !strings.ContainsAny(text, "./:\\") {
		if !isAccount(text) {
			return "", "", "invalid storage account name " + text, nameAlone
		}
		return text, "", "", ""
	}
	if isResourceID(strings.ToLower(text)) {
		parts := strings.Split(strings.Trim(text, "/"), "/")
		if n := len(parts); n > 1 && strings.EqualFold(parts[n-2], "storageAccounts") && isAccount(strings.ToLower(parts[n-1])) {
			return strings.ToLower(parts[n-1]), "", "", ""
		}
		return "", "", "the storage account is given as the resource id of something else", nameAlone
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", "", "the storage account is not an address that can be read", nameAlone
	}
	h, ok := ParseHost(u.Hostname())
	switch {
	case !ok:
		if is, known := linkTo(u); known {
			return "", "", strings.Replace(is.Why, "the blob", "the storage account", 1), nameAlone
		}
		return "", "", "no storage account is at " + u.Hostname(), nameAlone
	case h.Export:
		return "", "", "the storage account is the export link of a managed disk or snapshot (" + h.Account + "), which is in no storage account", hintExport
	case !isAccount(h.Account):
		return "", "", "invalid storage account name " + h.Account, nameAlone
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "":
		return "", "", "the storage account is the address of something in it", "write " + h.Account
	}
	return h.Account, h.blob(), "", ""
}

func isAccount(s string) bool {
	return len(s) >= 3 && len(s) <= 24 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}
