package cloud_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/clouds"
	"wave365/pkg/cloud/retry"
	"wave365/pkg/cloud/signin"
	"wave365/pkg/fault"
)

type noToken struct{ err error }

func (n noToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{}, n.err
}

func TestLookup(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, name, graph, code string }{
		{"", "global", "https://graph.microsoft.com", ""},
		{"Global", "global", "https://graph.microsoft.com", ""},
		{"usgov", "usgov", "https://graph.microsoft.us", ""},
		{"dod", "", "", "cloud.unsupported"},
		{"china", "", "", "cloud.unsupported"},
		{"mars", "", "", "cloud.unsupported"},
	}
	for _, tt := range tests {
		c, err := clouds.Lookup(tt.in)
		if c.Name != tt.name || c.GraphRoot != tt.graph || fault.CodeOf(err) != tt.code {
			t.Errorf("Lookup(%q) = %+v, %v", tt.in, c, err)
		}
		if err != nil && (!fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), ":")) {
			t.Errorf("Lookup(%q) gives no reason: %v", tt.in, err)
		}
		if (c.Warning != "") != (tt.name == "usgov") {
			t.Errorf("Lookup(%q) warns %q", tt.in, c.Warning)
		}
	}
}

func TestSandboxIsOnLoopback(t *testing.T) {
	t.Parallel()
	c, err := clouds.Sandbox("http://127.0.0.1:99/", "http://[::1]:99/devstoreaccount1")
	if err != nil || c.GraphRoot != "http://127.0.0.1:99" || c.Name != "sandbox" {
		t.Errorf("%+v, %v", c, err)
	}
	for _, bad := range []string{"http://10.0.0.1", "http://example.test", "127.0.0.1:99", "http://127.0.0.1.example.test"} {
		if _, err := clouds.Sandbox(bad, "http://127.0.0.1:99"); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s was accepted: %v", bad, err)
		}
		if _, err := clouds.Sandbox("http://127.0.0.1:99", bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s was accepted for blobs: %v", bad, err)
		}
	}
}

// TestCredential changes the environment, so it is not parallel.
func TestCredential(t *testing.T) {
	global, err := clouds.Lookup("usgov")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_CLIENT_CERTIFICATE_PASSWORD"} {
		t.Setenv(name, "")
	}
	const tenant, client = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
	junk := filepath.Join(t.TempDir(), "cert.pem")
	if err := os.WriteFile(junk, []byte("no certificate, hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		cfg  signin.CredentialConfig
		env  string // AZURE_CLIENT_SECRET
		want string // part of the message; empty: it works
	}{
		"Default":          {signin.CredentialConfig{Tenant: tenant}, "", ""},
		"NoSecret":         {signin.CredentialConfig{Method: "client-secret", Tenant: tenant, ClientID: client}, "", "AZURE_CLIENT_SECRET"},
		"NoTenant":         {signin.CredentialConfig{Method: "client-secret", ClientID: client}, "hunter2", "tenant"},
		"Secret":           {signin.CredentialConfig{Method: "client-secret", Tenant: tenant, ClientID: client}, "hunter2", ""},
		"NoCertificate":    {signin.CredentialConfig{Method: "client-certificate", Tenant: tenant, ClientID: client}, "", "certificate path"},
		"CertificateGone":  {signin.CredentialConfig{Method: "client-certificate", Tenant: tenant, ClientID: client, CertificatePath: junk + "x"}, "", "cannot be read"},
		"CertificateJunk":  {signin.CredentialConfig{Method: "client-certificate", Tenant: tenant, ClientID: client, CertificatePath: junk}, "", "no usable certificate"},
		"DeviceNoTerminal": {signin.CredentialConfig{Method: "device-code", Tenant: tenant, ClientID: client}, "", "terminal"},
		"Device":           {signin.CredentialConfig{Method: "device-code", Tenant: tenant, ClientID: client, Prompt: func(string) {}}, "", ""},
		"Browser":          {signin.CredentialConfig{Method: "Browser", Tenant: tenant, ClientID: client}, "", ""},
		"DefaultClientID":  {signin.CredentialConfig{ClientID: client}, "", "does not use the client id"},
		"CLIClientID":      {signin.CredentialConfig{Method: "azure-cli", ClientID: client}, "", "does not use the client id"},
		"CLI":              {signin.CredentialConfig{Method: "azure-cli", Tenant: tenant}, "", ""},
		"ManagedIdentity":  {signin.CredentialConfig{Method: "managed-identity"}, "", ""},
		"Unknown":          {signin.CredentialConfig{Method: "password"}, "", "unknown sign-in method"},
		"BadTenant":        {signin.CredentialConfig{Method: "client-secret", Tenant: "a/b", ClientID: client}, "hunter2", "cannot sign in"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AZURE_CLIENT_SECRET", tt.env)
			cred, err := signin.Credential(global, tt.cfg)
			if tt.want == "" {
				if err != nil || cred == nil {
					t.Fatalf("got %v, %v", cred, err)
				}
				return
			}
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), tt.want) || fault.HintOf(err) == "" {
				t.Errorf("got %v (hint %q), want %q", err, fault.HintOf(err), tt.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("a secret is in the message")
			}
		})
	}
}

func TestSandboxCredential(t *testing.T) {
	t.Parallel()
	c, err := clouds.Sandbox("http://127.0.0.1:1", "http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	cred, err := signin.Credential(c, signin.CredentialConfig{Method: "client-secret"})
	if err != nil {
		t.Fatal(err)
	}
	tok, err := cred.GetToken(t.Context(), policy.TokenRequestOptions{})
	if err != nil || tok.Token == "" {
		t.Errorf("%v, %v", tok, err)
	}
}

func TestSignInRefused(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"Failed":      &azidentity.AuthenticationFailedError{},
		"Unavailable": azidentity.NewCredentialUnavailableError("no account"),
	} {
		s := &script{answer: inOrder(status(200))}
		p := newPipeline(t, s, func(c *cloud.PipelineConfig) { c.Credential = noToken{err} })
		if _, err := call(t.Context(), p, "GET", root+"/a", ""); !fault.Is(err, fault.Denied) || fault.CodeOf(err) != "cloud.sign-in" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// tokenThenCancel ends the context while it signs in.
type tokenThenCancel struct {
	azcore.TokenCredential
	cancel func()
}

func (c tokenThenCancel) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	tok, err := c.TokenCredential.GetToken(ctx, o)
	c.cancel()
	return tok, err
}

func TestCancelledWhileSigningIn(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := &script{answer: inOrder(status(200))}
	p := newPipeline(t, s, func(c *cloud.PipelineConfig) { c.Credential = tokenThenCancel{signin.SandboxCredential(), cancel} })
	ctx = retry.Once(ctx)
	if _, err := call(ctx, p, "POST", root+"/a", "x"); !errors.Is(err, context.Canceled) || retry.MayHaveActed(ctx) || len(s.all()) != 0 {
		t.Errorf("got %v, acted %v, %d requests", err, retry.MayHaveActed(ctx), len(s.all()))
	}
}
