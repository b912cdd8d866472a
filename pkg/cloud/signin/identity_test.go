package signin

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"wave365/pkg/fault"
)

const (
	theirTenant   = "6f0d3c52-8a41-4c1e-9f27-5b7e21c4d0a9"
	ourApp        = "6e0c1f4a-0000-4c1e-9f27-5b7e21c4d0a9"
	ourIdentity   = "1d2e3f40-0000-4c1e-9f27-5b7e21c4d0a9"
	identityToken = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJpZGVudGl0eSJ9.aWRlbnRpdHk"
)

// authority is a sign-in service and a machine's identity endpoint, in memory.
type authority struct {
	refuse bool
	mu     sync.Mutex
	// identity are the queries that the identity endpoint got; granted the forms that the sign-in service gave a token for,
	// with the tenant's path as "path".
	identity, granted []url.Values
	// odd are requests that it does not know.
	odd []string
}

func (a *authority) Do(req *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	answer := func(status int, body string) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
	}
	switch path := req.URL.Path; {
	case req.URL.Hostname() == "169.254.169.254":
		a.identity = append(a.identity, req.URL.Query())
		if req.Header.Get("Metadata") == "" { // a probe
			return answer(http.StatusBadRequest, "{}")
		}
		return answer(http.StatusOK, `{"access_token": "`+identityToken+`", "expires_in": "3600", "token_type": "Bearer", "resource": "r"}`)
	case strings.HasSuffix(path, "/openid-configuration"):
		root := "https://login.microsoftonline.com/" + strings.Split(path, "/")[1]
		return answer(http.StatusOK, fmt.Sprintf(`{"token_endpoint": %q, "authorization_endpoint": %q, "issuer": %q}`, root+"/oauth2/v2.0/token", root+"/oauth2/v2.0/authorize", root+"/v2.0"))
	case strings.HasSuffix(path, "/discovery/instance"):
		return answer(http.StatusOK, `{"tenant_discovery_endpoint": "https://login.microsoftonline.com/`+theirTenant+`/v2.0/.well-known/openid-configuration", "metadata": []}`)
	case strings.HasSuffix(path, "/oauth2/v2.0/token"):
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		if a.refuse {
			return answer(http.StatusBadRequest, `{"error": "invalid_client", "error_description": "AADSTS700016: not found. `+string(bytes.TrimSpace(body))+`"}`)
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		form.Set("path", path)
		a.granted = append(a.granted, form)
		return answer(http.StatusOK, `{"access_token": "the token of `+theirTenant+`", "expires_in": 3600, "token_type": "Bearer"}`)
	}
	a.odd = append(a.odd, req.Method+" "+req.URL.String())
	return answer(http.StatusNotFound, "{}")
}

// Each way in which a worker enters a tenant without a person: what is sent where, and as whom.
func TestIdentitiesOfWorkers(t *testing.T) {
	tokens := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(tokens, []byte("token of the cluster"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", tokens)
	t.Setenv("FABRIKAM_SECRET", "the secret of fabrikam")
	for _, name := range []string{"AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "IMDS_ENDPOINT"} {
		t.Setenv(name, "")
		_ = os.Unsetenv(name)
	}
	const graph = "https://graph.microsoft.com"
	for name, tc := range map[string]struct {
		cfg CredentialConfig
		// identity is which identity of the machine is asked for what; "": none is.
		identity, resource string
		// secret and assertion are what the app proves itself with; both empty: it does not go to the sign-in service.
		secret, assertion string
	}{
		"ManagedIdentity": {
			cfg:      CredentialConfig{Method: "managed-identity", Tenant: theirTenant, ClientID: ourIdentity},
			identity: ourIdentity, resource: graph,
		},
		"WorkloadIdentity": {
			cfg:       CredentialConfig{Method: "workload-identity", Tenant: theirTenant, ClientID: ourApp},
			assertion: "token of the cluster",
		},
		"FederatedIdentity": {
			cfg:      CredentialConfig{Method: "federated-identity", Tenant: theirTenant, ClientID: ourApp, IdentityClientID: ourIdentity},
			identity: ourIdentity, resource: "api://AzureADTokenExchange", assertion: identityToken,
		},
		"FederatedIdentityOfTheMachine": {
			cfg:      CredentialConfig{Method: "federated-identity", Tenant: theirTenant, ClientID: ourApp},
			resource: "api://AzureADTokenExchange", assertion: identityToken,
		},
		"NamedSecret": {
			cfg:    CredentialConfig{Method: "client-secret", Tenant: theirTenant, ClientID: ourApp, SecretEnv: "FABRIKAM_SECRET"},
			secret: "the secret of fabrikam",
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := &authority{}
			o := policy.ClientOptions{Transport: a, Cloud: cloud.AzurePublic}
			cred, err := newCredential(o, tc.cfg)
			if err != nil {
				t.Fatal(err)
			}
			token, err := cred.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{graph + "/.default"}})
			if err != nil {
				t.Fatalf("%v (unknown requests: %v)", err, a.odd)
			}
			if len(a.odd) > 0 {
				t.Errorf("unknown requests: %v", a.odd)
			}
			if tc.resource != "" {
				if n := len(a.identity); n == 0 || a.identity[n-1].Get("resource") != tc.resource || a.identity[n-1].Get("client_id") != tc.identity {
					t.Errorf("the machine's identity was asked %v", a.identity)
				}
			} else if len(a.identity) > 0 {
				t.Errorf("the machine's identity was asked %v", a.identity)
			}
			if tc.secret == "" && tc.assertion == "" {
				if token.Token != identityToken || len(a.granted) > 0 {
					t.Errorf("token %q after %v", token.Token, a.granted)
				}
				return
			}
			if len(a.granted) != 1 || token.Token != "the token of "+theirTenant {
				t.Fatalf("token %q after %v", token.Token, a.granted)
			}
			form := a.granted[0]
			if form.Get("path") != "/"+theirTenant+"/oauth2/v2.0/token" || form.Get("client_id") != ourApp || form.Get("client_secret") != tc.secret || form.Get("client_assertion") != tc.assertion {
				t.Errorf("the sign-in service got %v", form)
			}
		})
	}
}

// What the sign-in service refuses is told without what was sent to it, also when it repeats that.
func TestRefusedIdentityTellsNoSecret(t *testing.T) {
	t.Setenv("FABRIKAM_SECRET", "hunter2-of-fabrikam")
	for _, cfg := range []CredentialConfig{
		// An identity of its own: the library keeps what it got for one as long as the process lives.
		{Method: "federated-identity", Tenant: theirTenant, ClientID: ourApp, IdentityClientID: "5b8b5c5e-6a0e-4c57-9b0d-1f5c2d8e7a64"},
		{Method: "client-secret", Tenant: theirTenant, ClientID: ourApp, SecretEnv: "FABRIKAM_SECRET"},
	} {
		a := &authority{refuse: true}
		inner, err := newCredential(policy.ClientOptions{Transport: a, Cloud: cloud.AzurePublic}, cfg)
		if err != nil {
			t.Fatal(err)
		}
		_, err = signerOf(inner).GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}})
		if fault.CodeOf(err) != CodeSignIn || !fault.Is(err, fault.Denied) || !strings.Contains(err.Error(), "AADSTS700016") {
			t.Errorf("%s: %v", cfg.Method, err)
		}
		if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, "hunter2") || strings.Contains(text, identityToken) {
			t.Errorf("%s: a secret is in %s", cfg.Method, text)
		}
	}
}
