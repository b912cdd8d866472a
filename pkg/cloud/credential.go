package cloud

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azcloud "github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"wave365/pkg/fault"
)

// CredentialConfig says how to sign in. It holds no secret: those come from the environment only.
type CredentialConfig struct {
	// Method is "" or "default" (azidentity's chain: environment, workload and managed identity, Azure CLI, …),
	// "client-secret", "client-certificate", "device-code", "azure-cli" or "managed-identity".
	Method string
	// Tenant and ClientID name the tenant and the app registration; empty: AZURE_TENANT_ID and AZURE_CLIENT_ID.
	Tenant, ClientID string
	// CertificatePath is a PEM or PKCS#12 file with certificate and key; empty: AZURE_CLIENT_CERTIFICATE_PATH. Its
	// password, if it has one, is AZURE_CLIENT_CERTIFICATE_PASSWORD.
	CertificatePath string
	// Prompt shows what the user has to do for "device-code", which requires it.
	Prompt func(string)
}

// Credential builds the credential; it does not sign in yet. The error is a fault of kind Invalid that says what is
// missing, and where to put it.
func Credential(c Cloud, cfg CredentialConfig) (azcore.TokenCredential, error) {
	if c.Name == "sandbox" {
		return SandboxCredential(), nil
	}
	cfg.Tenant = orEnv(cfg.Tenant, "AZURE_TENANT_ID")
	cfg.ClientID = orEnv(cfg.ClientID, "AZURE_CLIENT_ID")
	cfg.CertificatePath = orEnv(cfg.CertificatePath, "AZURE_CLIENT_CERTIFICATE_PATH")
	cred, err := newCredential(policy.ClientOptions{
		Cloud:     azcloud.Configuration{ActiveDirectoryAuthorityHost: c.Login + "/"},
		Telemetry: policy.TelemetryOptions{ApplicationID: module},
	}, cfg)
	if err == nil || fault.As(err) != nil {
		return cred, err
	}
	return nil, fault.Wrap(fault.Invalid, "cloud.credential", "cannot sign in with this configuration: "+RedactString(err.Error()),
		"check the tenant, the client id and the environment", redacted{err})
}

func newCredential(o policy.ClientOptions, cfg CredentialConfig) (azcore.TokenCredential, error) {
	switch strings.ToLower(cfg.Method) {
	case "", "default":
		return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: o, TenantID: cfg.Tenant})
	case "client-secret":
		secret := os.Getenv("AZURE_CLIENT_SECRET")
		if err := require("client-secret", "tenant", cfg.Tenant, "client id", cfg.ClientID, "AZURE_CLIENT_SECRET", secret); err != nil {
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
	case "azure-cli":
		return azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: cfg.Tenant})
	case "managed-identity":
		mo := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: o}
		if cfg.ClientID != "" {
			mo.ID = azidentity.ClientID(cfg.ClientID)
		}
		return azidentity.NewManagedIdentityCredential(mo)
	default:
		return nil, fault.New(fault.Invalid, "cloud.credential", "unknown sign-in method "+RedactString(cfg.Method),
			"use default, client-secret, client-certificate, device-code, azure-cli or managed-identity")
	}
}

func newCertificateCredential(o policy.ClientOptions, cfg CredentialConfig) (azcore.TokenCredential, error) {
	if err := require("client-certificate", "tenant", cfg.Tenant, "client id", cfg.ClientID, "certificate path", cfg.CertificatePath); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(cfg.CertificatePath)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "cloud.credential", "the certificate cannot be read: "+err.Error(), "check the path", err)
	}
	certs, key, err := azidentity.ParseCertificates(data, []byte(os.Getenv("AZURE_CLIENT_CERTIFICATE_PASSWORD")))
	if err != nil {
		// The parser's text is not passed on: it may quote the file.
		return nil, fault.New(fault.Invalid, "cloud.credential", "the certificate "+cfg.CertificatePath+" has no usable certificate and key",
			"use PEM or PKCS#12 with its key, and AZURE_CLIENT_CERTIFICATE_PASSWORD when it has a password")
	}
	return azidentity.NewClientCertificateCredential(cfg.Tenant, cfg.ClientID, certs, key,
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: o, SendCertificateChain: true})
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

func orEnv(v, name string) string {
	if v != "" {
		return v
	}
	return os.Getenv(name)
}

// signInFault says why there is no token.
func signInFault(err error) error {
	if fault.As(err) != nil {
		return err
	}
	const hint = "check tenant, client id and secret or certificate; run az login for the default chain"
	_, refused := errors.AsType[*azidentity.AuthenticationFailedError](err)
	_, needed := errors.AsType[*azidentity.AuthenticationRequiredError](err)
	// azidentity keeps the type of "no credential available" to itself, but it says so in the marker it shares.
	_, unavailable := errors.AsType[interface {
		error
		NonRetriable()
	}](err)
	if refused || needed || unavailable {
		return fault.Wrap(fault.Denied, "cloud.sign-in", "sign-in refused: "+firstLine(RedactString(err.Error())), hint, redacted{err})
	}
	return fault.Wrap(fault.Unavailable, "cloud.sign-in", "the sign-in service could not be used: "+firstLine(RedactString(err.Error())),
		"check the network and try again", redacted{err})
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(line)
}

// SandboxCredential gives a fixed token that is worth nothing, for a sandbox on loopback.
func SandboxCredential() azcore.TokenCredential { return sandboxCredential{} }

type sandboxCredential struct{}

// sandboxToken opens nothing but a sandbox. It is long and odd so that a test can look for it where no token belongs.
const sandboxToken = "sandbox-token-9d2f61c07be84a35"

// GetToken never fails, except with the context's error.
func (sandboxCredential) GetToken(ctx context.Context, _ policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: sandboxToken, ExpiresOn: time.Now().Add(24 * time.Hour)}, ctx.Err()
}
