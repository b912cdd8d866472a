package postgres

import (
	"crypto/tls"
	"strings"
	"testing"

	"wave365/pkg/fault"
)

func TestServersElsewhereAreReachedByTLS(t *testing.T) {
	t.Setenv("PGPASSWORD", "hunter2")
	t.Setenv("PGSSLMODE", "")
	for address, checked := range map[string]bool{
		"postgres://eve@db.example/fleet?ledger=a":                     true,
		"postgres://eve@10.1.2.3:6432/fleet?ledger=a&sslmode=":         true,
		"postgresql://eve@db.example/fleet?ledger=a&sslmode=disable":   false,
		"postgres://eve@localhost/fleet?ledger=a":                      false,
		"postgres://eve@localhost,db.example/fleet?ledger=a":           true,
		"postgres://eve@[::1]/fleet?ledger=a":                          false,
		"postgres://eve@127.0.0.1:5432/fleet?ledger=a-1":               false,
		"postgres:///fleet?ledger=a&host=/run/postgresql&user=someone": false,
	} {
		a, err := Parse(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		got := proves(a.config.TLSConfig, a.config.Host)
		for _, f := range a.config.Fallbacks {
			got = got && proves(f.TLSConfig, f.Host)
		}
		if got != checked {
			t.Errorf("%s: TLS with the certificate checked %v, want %v", address, got, checked)
		}
		if a.config.Password != "hunter2" || strings.Contains(a.String(), "hunter2") || a.String() != address {
			t.Errorf("%s: the password is %q, the address says %s", address, a.config.Password, a)
		}
	}
}

// proves reports whether a server has to prove that it has that name.
func proves(c *tls.Config, host string) bool {
	return c != nil && !c.InsecureSkipVerify && c.ServerName == host
}

// A password in the address is refused however it is spelled, and never repeated.
func TestPasswordInAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"postgres://eve:hunter2@db.example/fleet?ledger=a", "postgres://eve@db.example/fleet?ledger=a&password=hunter2", "postgres://eve@db.example/fleet?ledger=a&Password=hunter2",
		"postgres://eve@db.example/fleet?ledger=a&pass%77ord=hunter2", "postgres://eve@db.example/fleet?ledger=a&pwd=hunter2", "postgres://eve@db.example/fleet?ledger=a&sslPassword=hunter2",
	} {
		if a, err := Parse(address); fault.CodeOf(err) != "ledger.url" || strings.Contains(err.Error()+fault.HintOf(err), "hunter2") {
			t.Errorf("%s: %s, %v", address, a, err)
		}
	}
}

func TestBind(t *testing.T) {
	t.Parallel()
	if got := bind("a = ? AND b IN (?, ?)"); got != "a = $1 AND b IN ($2, $3)" {
		t.Errorf("bound: %s", got)
	}
}
