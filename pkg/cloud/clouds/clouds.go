// Package clouds knows Microsoft's clouds and their hosts: where Graph, the sign-in and storage accounts are, and which hosts a
// token may be sent to.
package clouds

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"wave365/pkg/cloud/redact"
	"wave365/pkg/fault"
)

// Cloud is one of Microsoft's clouds, or a sandbox on this machine.
type Cloud struct {
	// Name is "global", "usgov" or "sandbox".
	Name string
	// GraphRoot and Login are scheme://host[:port], without a trailing slash. Login is empty for a sandbox.
	GraphRoot, Login string
	// BlobSuffix is what follows the account's name in a blob host: "blob.core.windows.net". For a sandbox it is the
	// root of the storage account, with its scheme.
	BlobSuffix string
	// Warning is why this cloud is supported with limits; empty: it is not limited.
	Warning string
}

// Lookup returns the cloud of that name, in any case; "" is global. The fault is Invalid, cloud.unsupported, for a
// cloud in which Windows 365 cannot import snapshots, and for an unknown name.
func Lookup(name string) (Cloud, error) {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "", "global":
		return Cloud{
			Name: "global", GraphRoot: "https://graph.microsoft.com", Login: "https://login.microsoftonline.com",
			BlobSuffix: "blob.core.windows.net",
		}, nil
	case "usgov":
		return Cloud{
			Name: "usgov", GraphRoot: "https://graph.microsoft.us", Login: "https://login.microsoftonline.us",
			BlobSuffix: "blob.core.usgovcloudapi.net",
			Warning: "the import call is listed for US Government L4, but the migration guide names the commercial cloud only: " +
				"try one user before a wave",
		}, nil
	case "dod", "usgov-dod":
		return Cloud{}, unsupported("dod", "US Government L5 (DoD) has no Cloud PC interfaces in Microsoft Graph")
	case "china":
		return Cloud{}, unsupported("china", "the cloud operated by 21Vianet has no Cloud PC interfaces in Microsoft Graph")
	default:
		return Cloud{}, unsupported(name, "no such cloud is known")
	}
}

func unsupported(name, why string) error {
	return fault.New(fault.Invalid, "cloud.unsupported", "cloud "+name+" cannot be used: "+why, "use global or usgov")
}

// Sandbox is the cloud that a sandbox on this machine serves. Both roots must be loopback addresses, because tokens
// and signatures travel to them unencrypted; anything else is a fault of kind Invalid.
func Sandbox(graphRoot, blobRoot string) (Cloud, error) {
	for _, root := range []string{graphRoot, blobRoot} {
		if err := Loopback(root); err != nil {
			return Cloud{}, err
		}
	}
	return Cloud{
		Name: "sandbox", GraphRoot: strings.TrimRight(graphRoot, "/"), BlobSuffix: strings.TrimRight(blobRoot, "/"),
	}, nil
}

// OwnStorage reports whether an endpoint is that of a storage account of this cloud: https, its usual port, and a host as
// [Cloud.StorageHost] has it. A token for storage opens every account of its owner, so it is sent to such hosts only; a
// sandbox's own root is one too.
func (c Cloud) OwnStorage(endpoint string) bool {
	if c.Name == "sandbox" {
		return strings.TrimRight(endpoint, "/") == c.BlobSuffix
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" && u.Port() != "443" {
		return false
	}
	return c.StorageHost(u.Hostname())
}

// StorageHost reports whether a host name is that of a storage account of this cloud: the account's name (3 to 24 small
// letters and digits) before the cloud's suffix or, in the global cloud, before that of a DNS zone. Exports of managed
// disks (md-….) are not. A cloud without a suffix has none.
func (c Cloud) StorageHost(host string) bool {
	account, rest, _ := strings.Cut(strings.ToLower(host), ".")
	if len(account) < 3 || len(account) > 24 || strings.Trim(account, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return false
	}
	zone, zoned := strings.CutSuffix(rest, ".blob.storage.azure.net")
	return c.BlobSuffix != "" && (rest == c.BlobSuffix || zoned && c.Name == "global" && !strings.Contains(zone, "."))
}

// Loopback refuses an address that is not on this machine, before anything is sent to it.
func Loopback(root string) error {
	u, err := url.Parse(root)
	if err != nil || u.Host == "" || u.User != nil || !IsLoopback(u.Hostname()) {
		return fault.New(fault.Invalid, "cloud.not-loopback",
			"a sandbox must be on this machine: "+redact.String(root)+" is not a loopback address", "use http://127.0.0.1:PORT")
	}
	return nil
}

// IsLoopback judges the name as written: nothing is resolved, so that no DNS server can make a host local.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && a.IsLoopback()
}

// Origin is what is compared before a token is sent: scheme, host and port, in one spelling.
func Origin(u *url.URL) string {
	scheme, host, port := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
