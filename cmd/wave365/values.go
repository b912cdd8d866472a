package main

import (
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/notify"
	"wave365/pkg/report"
	"wave365/pkg/sandbox/loopback"
)

// choices returns the flags that take one of a few values, with those. The shell completes them.
func choices(cmd *cobra.Command) map[string][]string {
	format := report.Formats()
	if cmd.Name() == "compare" {
		format = []string{"table", "html"}
	}
	return map[string][]string{
		"cloud": {"global", "usgov"}, "log-level": {"debug", "info", "warn", "error"}, "until": {"imported", "end"},
		"trigger": {"license", "membership", "relicense"}, "import-source": {sourceSAS, sourceAccount}, "on-lost-reply": {"hold", "repeat"},
		"sign-in": {"default", "client-secret", "client-certificate", "device-code", "browser", "azure-cli", "managed-identity", "workload-identity", "federated-identity"},
		"faults":  {"calm", "rough", "storm"}, "notify-via": {"graph", "smtp", "webhook"}, "notify-language": notify.Languages(), "format": format,
	}
}

// checkValues refuses values of flags, whatever their source, that no command could use, before anything is opened or
// requested.
func (g *globals) checkValues(cmd *cobra.Command) error {
	bad := func(flag, why, hint string) error {
		return usageError{fault.New(fault.Invalid, "usage", "--"+flag+" "+why, hint)}
	}
	// The others are checked where they are read, which knows more about them.
	for _, flag := range []string{"import-source", "notify-via", "notify-language", "format"} {
		if f := cmd.Flags().Lookup(flag); f != nil && f.Changed && !slices.Contains(choices(cmd)[flag], f.Value.String()) {
			return bad(flag, f.Value.String()+": unknown value", "use one of "+strings.Join(choices(cmd)[flag], ", "))
		}
	}
	if g.speed <= 0 {
		return bad("sandbox-speed", strconv.FormatFloat(g.speed, 'g', -1, 64)+": a sandbox's time must move forward", "give a number above 0; 600 turns a second into ten minutes")
	}
	for _, c := range []struct {
		flag, value string
		judge       func(string) (why, hint string)
	}{
		{"sandbox", g.sandbox, sandboxValue}, {"tenant", g.tenant, tenantValue}, {"blob-endpoint", g.blobEndpoint, endpointValue}, {"ledger", g.ledger, ledgerValue},
	} {
		if why, hint := c.judge(c.value); why != "" {
			return bad(c.flag, withoutUser(c.value)+" "+why, hint)
		}
	}
	return nil
}

// withoutUser returns an address without the user, and the password, that may stand before its host.
func withoutUser(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	at := strings.LastIndex(rest, "@")
	if !ok || at < 0 {
		return address
	}
	return scheme + "://" + rest[at+1:]
}

// sandboxValue returns why a value of --sandbox cannot be used, and what to write; "" when it can, as below.
func sandboxValue(text string) (why, hint string) {
	host, port, err := net.SplitHostPort(text)
	if err != nil || loopback.IsURL(text) {
		return "", ""
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", ""
	}
	return "is not a URL", "write --sandbox=http://" + net.JoinHostPort(host, port)
}

var tenantName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]*$`)

func tenantValue(text string) (why, hint string) {
	if text == "" || tenantName.MatchString(text) {
		return "", ""
	}
	return "is neither an ID nor a domain", "give the tenant's ID (a GUID), or a domain such as contoso.onmicrosoft.com"
}

func endpointValue(text string) (why, hint string) {
	u, err := url.Parse(text)
	if text == "" || err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return "", ""
	}
	return "is not a URL", "write it with its scheme, such as http://127.0.0.1:10000/devstoreaccount1; an account of Azure is named with --storage-account"
}

func ledgerValue(text string) (why, hint string) {
	if !strings.Contains(text, "://") || ledger.InDatabase(text) {
		return "", ""
	}
	return "is neither a file nor a ledger in PostgreSQL", "give a path, or postgres://USER@HOST/DB?ledger=NAME"
}
