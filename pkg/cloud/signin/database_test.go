package signin

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A database of Azure is signed in to by the identity of the machine, once for all connections, and nobody else is sent a token.
func TestDatabaseToken(t *testing.T) {
	asked := []string{}
	identity := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Query().Get("resource")+" "+r.URL.Query().Get("client_id"))
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"access_token": %q, "expires_on": "%d", "token_type": "Bearer"}`, identityToken, time.Now().Add(time.Hour).Unix())
	}))
	defer identity.Close()
	for name, value := range map[string]string{
		"IDENTITY_ENDPOINT": identity.URL, "IDENTITY_HEADER": "h", "AZURE_CLIENT_ID": ourIdentity, // as a Container App has them
		"AZURE_TENANT_ID": "", "AZURE_CLIENT_SECRET": "", "AZURE_FEDERATED_TOKEN_FILE": "", "AZURE_CLIENT_CERTIFICATE_PATH": "",
	} {
		t.Setenv(name, value)
	}
	for _, host := range []string{"db.example", "evilpostgres.database.azure.com", "fleet.postgres.database.azure.com.example", "127.0.0.1", ""} {
		if token, ok, err := DatabaseToken(t.Context(), host); token != "" || ok || err != nil {
			t.Errorf("%q is sent a token: %v, %v", host, ok, err)
		}
	}
	for _, host := range []string{"fleet.postgres.database.azure.com", "Other.Postgres.Database.Azure.com"} {
		if token, ok, err := DatabaseToken(t.Context(), host); token != identityToken || !ok || err != nil {
			t.Errorf("%s: %q, %v, %v", host, token, ok, err)
		}
	}
	if len(asked) != 1 || asked[0] != "https://ossrdbms-aad.database.windows.net "+ourIdentity {
		t.Errorf("the identity endpoint was asked for %q", asked)
	}
	if _, ok, err := DatabaseToken(t.Context(), "fleet.postgres.database.usgovcloudapi.net"); !ok || err != nil || asked[len(asked)-1] != "https://ossrdbms-aad.database.usgovcloudapi.net "+ourIdentity {
		t.Errorf("in the other cloud: %v, %v, %q", ok, err, asked)
	}
}
