package clouds

import "strings"

// DatabaseServer returns the cloud whose Azure Database for PostgreSQL serves that host, and the scope of a token for it; false for
// any other host. A token opens every database that its owner may use, so it is sent to such hosts only.
// learn.microsoft.com/azure/postgresql/security/security-entra-configure, and `az cloud show` for the other cloud's names.
func DatabaseServer(host string) (c Cloud, scope string, ok bool) {
	name, suffix := "", ""
	switch host = strings.ToLower(host); {
	case strings.HasSuffix(host, ".postgres.database.azure.com"):
		name, suffix = "global", "windows.net"
	case strings.HasSuffix(host, ".postgres.database.usgovcloudapi.net"):
		name, suffix = "usgov", "usgovcloudapi.net"
	default:
		return Cloud{}, "", false
	}
	c, err := Lookup(name)
	return c, "https://ossrdbms-aad.database." + suffix + "/.default", err == nil
}
