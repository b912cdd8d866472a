package main

import (
	"log/slog"
	"strings"
	"testing"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/cloud/clouds"
	"wave365/pkg/cloud/signin"
	"wave365/pkg/fault"
)

// A configuration file may point storage anywhere; the token for storage is not sent there.
func TestTokenStaysHome(t *testing.T) {
	t.Setenv("WAVE365_STORAGE_KEY", "")
	global, err := clouds.Lookup("global")
	if err != nil {
		t.Fatal(err)
	}
	for endpoint, code := range map[string]string{
		"https://other.example/acct":              "blob.forbidden",
		"https://acct.blob.core.windows.net.evil": "blob.forbidden",
		"http://127.0.0.1:1/acct":                 "blob.forbidden",
	} {
		g := &globals{where: where{blobEndpoint: endpoint}}
		g.log = slog.New(slog.DiscardHandler)
		c := &connection{cloud: global, blobRoot: endpoint, close: func() {}}
		if err := c.build(g, global.GraphRoot, signin.SandboxCredential(), ""); err != nil {
			t.Fatal(err)
		}
		ref, err := bloburl.Parse("disks/a.vhd", endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.storage.Properties(t.Context(), ref); fault.CodeOf(err) != code || !strings.Contains(err.Error(), "no token is sent") {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
}

// A sandbox that is not on this machine is refused before anything is sent to it.
func TestSandboxIsCheckedFirst(t *testing.T) {
	t.Parallel()
	for _, u := range []string{"http://sandbox.invalid:8080", "http://127.0.0.1@sandbox.invalid", "http://10.255.255.1:80", "http://127.0.0.1.sandbox.invalid"} {
		c := &connection{close: func() {}}
		if _, err := c.rehearse(t.Context(), &globals{}, place{sandbox: u}); fault.CodeOf(err) != "cloud.not-loopback" {
			t.Errorf("%s: %v", u, err)
		}
	}
}
