// Package signin makes credentials, explains why there is no token, and reads whom a token was issued to. Secrets come
// from the environment only.
package signin

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azcloud "github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"wave365/pkg/cloud/bound"
	"wave365/pkg/cloud/clouds"
	"wave365/pkg/cloud/contact"
	"wave365/pkg/cloud/redact"
	"wave365/pkg/fault"
)

// CredentialConfig is how to sign in. It holds no secret: those come from the environment only.
type CredentialConfig struct {
	// Method is "" or "default" (azidentity's chain: environment, workload and managed identity, Azure CLI, …),
	// "client-secret", "client-certificate", "device-code", "browser", "azure-cli", "managed-identity", "workload-identity"
	// (a federated token file, as Kubernetes has it), or "federated-identity" (a managed identity that stands for a
	// multi-tenant app, so that it enters other tenants).
	Method string
	// Tenant and ClientID name the tenant and the app registration; empty: AZURE_TENANT_ID and AZURE_CLIENT_ID.
	Tenant, ClientID string
	// CertificatePath is a PEM or PKCS#12 file with certificate and key; empty: AZURE_CLIENT_CERTIFICATE_PATH. Its
	// password, if it has one, is AZURE_CLIENT_CERTIFICATE_PASSWORD.
	CertificatePath string
	// SecretEnv names the environment variable with the client secret; empty: AZURE_CLIENT_SECRET.
	SecretEnv string
	// IdentityClientID is the user-assigned managed identity of "federated-identity"; empty: the machine's own.
	IdentityClientID string
	// Prompt shows what the user has to do for "device-code", which requires it, and what a sign-in waits for; nil:
	// nothing is shown.
	Prompt func(string)
}

// takesClientID reports the ways to sign in that take a client id.
func takesClientID(method string) bool {
	switch method {
	case "client-secret", "client-certificate", "device-code", "browser", "managed-identity", "workload-identity", "federated-identity":
		return true
	}
	return false
}

// Credential builds the credential; it does not sign in yet. The error is a fault of kind Invalid that names what is
// missing, and where to put it.
func Credential(c clouds.Cloud, cfg CredentialConfig) (azcore.TokenCredential, error) {
	if c.Name == "sandbox" {
		return SandboxCredential(), nil
	}
	cfg.Method = strings.ToLower(cfg.Method)
	if cfg.ClientID != "" && !takesClientID(cfg.Method) {
		return nil, fault.New(fault.Invalid, "cloud.credential", "signing in by "+cmp.Or(redact.String(cfg.Method), "default")+" does not use the client id that was given",
			"leave --client-id out, or say how to sign in with it: --sign-in client-secret, client-certificate, managed-identity, device-code or browser")
	}
	cfg.Tenant = cmp.Or(cfg.Tenant, os.Getenv("AZURE_TENANT_ID"))
	cfg.ClientID = cmp.Or(cfg.ClientID, os.Getenv("AZURE_CLIENT_ID"))
	cfg.CertificatePath = cmp.Or(cfg.CertificatePath, os.Getenv("AZURE_CLIENT_CERTIFICATE_PATH"))
	person := cfg.Method == "device-code" || cfg.Method == "browser"
	if person && cfg.ClientID == "" {
		return nil, notPossible("signing in by " + cfg.Method + " without a client id uses the app of the Azure CLI, which cannot hold the permission CloudPC.ReadWrite.All, and no administrator can add it")
	}
	wire := &identityTransport{client: bound.NewClient()}
	wire.client.CheckRedirect = nil // identity endpoints may redirect; what they are sent is bound to the host by TLS
	cred, err := newCredential(policy.ClientOptions{
		Cloud:     azcloud.Configuration{ActiveDirectoryAuthorityHost: c.Login + "/"},
		Telemetry: policy.TelemetryOptions{ApplicationID: "wave365"},
		Retry:     policy.RetryOptions{MaxRetries: 2, RetryDelay: 400 * time.Millisecond, MaxRetryDelay: 2 * time.Second},
		Transport: wire,
	}, cfg)
	if err == nil {
		s := &signer{TokenCredential: cred, login: hostOf(c.Login), graph: hostOf(c.GraphRoot), limit: signInLimit, waiting: cfg.Prompt, wire: wire}
		if person {
			s.limit = 0
		}
		return s, nil
	}
	if fault.As(err) != nil {
		return nil, err
	}
	return nil, fault.Wrap(fault.Invalid, "cloud.credential", "cannot sign in with this configuration: "+redact.String(err.Error()),
		"check the tenant, the client id and the environment", redact.Error(err))
}

func newCredential(o policy.ClientOptions, cfg CredentialConfig) (azcore.TokenCredential, error) {
	switch cfg.Method {
	case "", "default":
		return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: o, TenantID: cfg.Tenant})
	case "client-secret":
		name := cmp.Or(cfg.SecretEnv, "AZURE_CLIENT_SECRET")
		secret := os.Getenv(name)
		redact.Know(secret)
		if err := require("client-secret", "tenant", cfg.Tenant, "client id", cfg.ClientID, name, secret); err != nil {
			return nil, err
		}
		return azidentity.NewClientSecretCredential(cfg.Tenant, cfg.ClientID, secret, &azidentity.ClientSecretCredentialOptions{ClientOptions: o})
	case "client-certificate":
		return newCertificateCredential(o, cfg)
	case "device-code":
		if cfg.Prompt == nil {
			return nil, missing("device-code", "a terminal to show the code on")
		}
		return azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
			ClientOptions: o, TenantID: cfg.Tenant, ClientID: cfg.ClientID,
			UserPrompt: func(_ context.Context, m azidentity.DeviceCodeMessage) error { cfg.Prompt(m.Message); return nil },
		})
	case "browser":
		return azidentity.NewInteractiveBrowserCredential(&azidentity.InteractiveBrowserCredentialOptions{ClientOptions: o, TenantID: cfg.Tenant, ClientID: cfg.ClientID})
	case "azure-cli":
		return azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: cfg.Tenant})
	case "managed-identity":
		mo := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: o}
		if cfg.ClientID != "" {
			mo.ID = azidentity.ClientID(cfg.ClientID)
		}
		return azidentity.NewManagedIdentityCredential(mo)
	case "workload-identity":
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{ClientOptions: o, TenantID: cfg.Tenant, ClientID: cfg.ClientID})
	case "federated-identity":
		return newFederatedCredential(o, cfg)
	default:
		return nil, fault.New(fault.Invalid, "cloud.credential", "unknown sign-in method "+redact.String(cfg.Method),
			"use default, client-secret, client-certificate, device-code, browser, azure-cli, managed-identity, workload-identity or federated-identity")
	}
}

// newFederatedCredential lets a managed identity authenticate as a multi-tenant app: its token is the app's assertion in the
// other tenant. learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity
func newFederatedCredential(o policy.ClientOptions, cfg CredentialConfig) (azcore.TokenCredential, error) {
	if err := require("federated-identity", "tenant", cfg.Tenant, "client id", cfg.ClientID); err != nil {
		return nil, err
	}
	mo := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: o}
	if cfg.IdentityClientID != "" {
		mo.ID = azidentity.ClientID(cfg.IdentityClientID)
	}
	own, err := azidentity.NewManagedIdentityCredential(mo)
	if err != nil {
		return nil, err
	}
	return azidentity.NewClientAssertionCredential(cfg.Tenant, cfg.ClientID, func(ctx context.Context) (string, error) {
		token, err := own.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{"api://AzureADTokenExchange/.default"}})
		redact.Know(token.Token)
		return token.Token, err
	}, &azidentity.ClientAssertionCredentialOptions{ClientOptions: o})
}

func newCertificateCredential(o policy.ClientOptions, cfg CredentialConfig) (azcore.TokenCredential, error) {
	if err := require("client-certificate", "tenant", cfg.Tenant, "client id", cfg.ClientID, "certificate path", cfg.CertificatePath); err != nil {
		return nil, err
	}
	data, err := readCertificate(cfg.CertificatePath)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "cloud.credential", "the certificate cannot be read: "+err.Error(), "check the path", err)
	}
	password := os.Getenv("AZURE_CLIENT_CERTIFICATE_PASSWORD")
	redact.Know(password)
	certs, key, err := azidentity.ParseCertificates(data, []byte(password))
	if err != nil {
		// The parser's text is not passed on: it may quote the file.
		return nil, fault.New(fault.Invalid, "cloud.credential", "the certificate "+cfg.CertificatePath+" has no usable certificate and key",
			"use PEM or PKCS#12 with its key, and AZURE_CLIENT_CERTIFICATE_PASSWORD when it has a password")
	}
	return azidentity.NewClientCertificateCredential(cfg.Tenant, cfg.ClientID, certs, key,
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: o, SendCertificateChain: true})
}

// maxCertificate bounds the file of a certificate with its key and its chain, in bytes.
const maxCertificate = 1 << 20

func readCertificate(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxCertificate+1))
	if err == nil && len(data) > maxCertificate {
		err = errors.New("it is larger than 1 MiB")
	}
	return data, err
}

// require takes pairs of name and value and reports the first empty one.
func require(method string, pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			return missing(method, pairs[i])
		}
	}
	return nil
}

func missing(method, what string) error {
	return fault.New(fault.Invalid, "cloud.credential", "signing in by "+method+" needs "+what,
		"tenant and client id come from the configuration or AZURE_TENANT_ID and AZURE_CLIENT_ID; secrets from the environment only")
}

// hostOf is the host of scheme://host[:port].
func hostOf(root string) string {
	u, err := url.Parse(root)
	if err != nil {
		return root
	}
	return u.Hostname()
}

// signInFault explains why there is no token.
func signInFault(err error) error {
	if fault.As(err) != nil {
		return err
	}
	const hint = "check tenant, client id and secret or certificate; " + hintOwnApp
	_, refused := errors.AsType[*azidentity.AuthenticationFailedError](err)
	_, needed := errors.AsType[*azidentity.AuthenticationRequiredError](err)
	// azidentity does not export the type of "no credential available", but marks it through an interface.
	_, unavailable := errors.AsType[interface {
		error
		NonRetriable()
	}](err)
	if refused || needed || unavailable {
		why := contact.FirstLine(redact.String(err.Error()))
		if code := aadsts.FindString(err.Error()); code != "" && !strings.Contains(why, code) {
			why = strings.TrimSuffix(why, ".") + " (" + code + ")"
		}
		return fault.Wrap(fault.Denied, CodeSignIn, "sign-in refused: "+why, hint, redact.Error(err))
	}
	return fault.Wrap(fault.Unavailable, CodeSignIn, "the sign-in service could not be used: "+contact.FirstLine(redact.String(err.Error())),
		"check the network and try again", redact.Error(err))
}

// aadsts is how the sign-in service numbers its refusals; what it writes behind the number may repeat what it was sent.
var aadsts = regexp.MustCompile(`AADSTS[0-9]+`)

// SandboxCredential returns a fixed, worthless token, for a sandbox on loopback.
func SandboxCredential() azcore.TokenCredential { return sandboxCredential{} }

type sandboxCredential struct{}

// sandboxToken opens nothing but a sandbox. It is long and odd so that a test can look for it where no token belongs.
const sandboxToken = "sandbox-token-9d2f61c07be84a35"

// GetToken never fails, except with the context's error.
func (sandboxCredential) GetToken(ctx context.Context, _ policy.TokenRequestOptions) (azcore.AccessToken, error) {
	redact.Know(sandboxToken)
	return azcore.AccessToken{Token: sandboxToken, ExpiresOn: time.Now().Add(24 * time.Hour)}, ctx.Err()
}
