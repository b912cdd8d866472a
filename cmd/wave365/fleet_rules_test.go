package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMomentOf(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("CET", 3600)
	now := time.Date(2026, 11, 27, 17, 30, 0, 0, zone) // a Friday
	for text, want := range map[string]string{
		"18:00": "2026-11-27 18:00", "17:00": "2026-11-28 17:00", "fri 18:00": "2026-11-27 18:00", "Fri 17:00": "2026-12-04 17:00",
		"monday 09:15": "2026-11-30 09:15", "2026-12-04 18:00": "2026-12-04 18:00",
		"": "", "fri": "", "fr 18:00": "", "2026-11-27 17:00": "", "fri 25:00": "", "next fri 18:00": "", "none": "",
	} {
		at, err := momentOf(text, now, zone)
		got := ""
		if err == nil {
			got = at.Format("2006-01-02 15:04")
		}
		if got != want {
			t.Errorf("%q: %q (%v), want %q", text, got, err, want)
		}
	}
}

func TestWithLedger(t *testing.T) {
	t.Parallel()
	const address = "postgres://ada@db.example/fleet?ledger=a"
	for text, want := range map[string]string{
		"":                                "",
		"the service takes no imports":    "the service takes no imports",
		"go on with: wave365 resume r1":   "go on with: wave365 resume r1 --ledger '" + address + "'",
		"wave365 reconcile r1 --row USER": "wave365 reconcile r1 --ledger '" + address + "' --row USER",
		"wave365 resume r10":              "wave365 resume r10",
	} {
		if got := withLedger(text, "r1", address); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestReadCredentials(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fleet.yaml")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const good = `credentials:
  ours: {sign-in: federated-identity, client-id: app}
  theirs: {sign-in: client-secret, client-id: other, secret-env: THEIR_SECRET}
tenants:
  aaaa: {credential: ours}
  bbbb: {credential: theirs}
`
	write(good)
	if _, err := readCredentials(path); err == nil || !strings.Contains(err.Error(), "THEIR_SECRET") {
		t.Errorf("a secret that is not there: %v", err)
	}
	t.Setenv("THEIR_SECRET", "s")
	keys, err := readCredentials(path)
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := keys.of("BBBB"); !ok || c.Method != "client-secret" || c.SecretEnv != "THEIR_SECRET" || c.Tenant != "BBBB" {
		t.Errorf("bbbb: %+v, %t", c, ok)
	}
	if _, ok := keys.of("cccc"); ok {
		t.Error("a tenant that the file does not name has a credential")
	}
	write(good + "  \"*\": {credential: ours}\n")
	if keys, err = readCredentials(path); err != nil {
		t.Fatal(err)
	}
	if c, ok := keys.of("cccc"); !ok || c.Method != "federated-identity" || c.Tenant != "cccc" {
		t.Errorf("any other tenant: %+v, %t", c, ok)
	}
	for _, bad := range []string{"tenants:\n  aaaa: {credential: none}\n", "credentials:\n  ours: {secret: s}\n", "people: []\n"} {
		write(bad)
		if _, err := readCredentials(path); err == nil {
			t.Errorf("taken:\n%s", bad)
		}
	}
	if keys, err := readCredentials(""); err != nil || len(keys.Tenants) != 0 {
		t.Errorf("without a file: %+v, %v", keys, err)
	}
}
