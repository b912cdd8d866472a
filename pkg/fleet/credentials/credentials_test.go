package credentials

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
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
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), "THEIR_SECRET") {
		t.Errorf("a secret that is not there: %v", err)
	}
	t.Setenv("THEIR_SECRET", "s")
	keys, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := keys.Of("BBBB"); !ok || c.Method != "client-secret" || c.SecretEnv != "THEIR_SECRET" || c.Tenant != "BBBB" {
		t.Errorf("bbbb: %+v, %t", c, ok)
	}
	if _, ok := keys.Of("cccc"); ok {
		t.Error("a tenant that the file does not name has a credential")
	}
	write(good + "  \"*\": {credential: ours}\n")
	if keys, err = Read(path); err != nil {
		t.Fatal(err)
	}
	if c, ok := keys.Of("cccc"); !ok || c.Method != "federated-identity" || c.Tenant != "cccc" {
		t.Errorf("any other tenant: %+v, %t", c, ok)
	}
	for _, bad := range []string{"tenants:\n  aaaa: {credential: none}\n", "credentials:\n  ours: {secret: s}\n", "people: []\n"} {
		write(bad)
		if _, err := Read(path); err == nil {
			t.Errorf("taken:\n%s", bad)
		}
	}
	if keys, err := Read(""); err != nil || len(keys.Tenants) != 0 {
		t.Errorf("without a file: %+v, %v", keys, err)
	}
}
