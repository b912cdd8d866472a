// Package credentials reads the file that configures how a worker signs in to each tenant.
package credentials

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/goccy/go-yaml"

	"wave365/pkg/cloud/signin"
	"wave365/pkg/fault"
	"wave365/pkg/run"
	"wave365/pkg/wave/yamltext"
)

// most is the largest size of the file, in bytes.
const most = 1 << 20

// File configures how a worker signs in to each tenant. The zero value has none.
type File struct {
	// Credentials are ways to sign in, by name.
	Credentials map[string]credential `yaml:"credentials"`
	// Tenants are tenant ids, and "*" for all others.
	Tenants map[string]tenantCredential `yaml:"tenants"`
}

// credential is one way to sign in. It holds no secret: SecretEnv names the environment variable that does.
type credential struct {
	SignIn      string `yaml:"sign-in"`
	ClientID    string `yaml:"client-id"`
	SecretEnv   string `yaml:"secret-env"`
	Certificate string `yaml:"certificate"`
	// IdentityClientID is the user-assigned managed identity that authenticates as the app; empty: the machine's own.
	IdentityClientID string `yaml:"identity-client-id"`
}

type tenantCredential struct {
	Credential string `yaml:"credential"`
}

// Read reads the file at path; "" returns the zero value. The fault is Invalid.
func Read(path string) (File, error) {
	var c File
	if path == "" {
		return c, nil
	}
	bad := func(why, hint string, err error) (File, error) {
		return File{}, fault.Wrap(fault.Invalid, "usage", path+": "+why, hint, err)
	}
	data, err := run.ReadFile(path, most)
	if err != nil {
		return bad(strings.TrimPrefix(err.Error(), "open "+path+": "), "check --credentials", err)
	}
	if data, err = yamltext.Decode(data, most); err != nil {
		return bad(err.Error(), "wave365 worker --help shows one", err)
	}
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return bad(strings.TrimSpace(yaml.FormatError(err, false, false)), "wave365 worker --help shows one", err)
	}
	for tenant, t := range c.Tenants {
		of, ok := c.Credentials[t.Credential]
		switch {
		case !ok:
			return bad("tenant "+tenant+" names the credential "+t.Credential+", which is not defined", "define it below credentials:", nil)
		case of.SecretEnv != "" && os.Getenv(of.SecretEnv) == "":
			return bad("credential "+t.Credential+": the environment has no "+of.SecretEnv, "set it to the secret", nil)
		}
	}
	return c, nil
}

// Of returns how to sign in to a tenant; false when this worker cannot.
func (c File) Of(tenant string) (signin.CredentialConfig, bool) {
	t, ok := c.Tenants[strings.ToLower(tenant)]
	if !ok {
		t, ok = c.Tenants["*"]
	}
	of := c.Credentials[t.Credential]
	return signin.CredentialConfig{
		Method: of.SignIn, Tenant: tenant, ClientID: of.ClientID, SecretEnv: of.SecretEnv, CertificatePath: of.Certificate, IdentityClientID: of.IdentityClientID,
	}, ok
}
