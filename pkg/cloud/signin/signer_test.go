package signin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"wave365/pkg/cloud/clouds"
	"wave365/pkg/cloud/contact"
	"wave365/pkg/fault"
)

// jwt is a token with these claims, signed by nobody.
func jwt(t *testing.T, claims map[string]any) string {
	t.Helper()
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	return "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString(body) + ".c2lnbmF0dXJl"
}

type tokenOf struct {
	token string
	err   error
	// after is how long the sign-in takes; it ends early with its context.
	after time.Duration
}

func (f tokenOf) GetToken(ctx context.Context, _ policy.TokenRequestOptions) (azcore.AccessToken, error) {
	select {
	case <-time.After(f.after):
		return azcore.AccessToken{Token: f.token, ExpiresOn: time.Now().Add(time.Hour)}, f.err
	case <-ctx.Done():
		return azcore.AccessToken{}, ctx.Err()
	}
}

func signerOf(c azcore.TokenCredential) *signer {
	return &signer{TokenCredential: c, login: "localhost", graph: "graph.microsoft.com", limit: signInLimit, wire: &identityTransport{client: http.DefaultClient}}
}

// An app that cannot hold the permission is known by its token, and only where the permission is needed.
func TestSignerNotPossible(t *testing.T) {
	t.Parallel()
	const cli = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
	graph, storage := []string{"https://graph.microsoft.com/.default"}, []string{"https://storage.azure.com/.default"}
	for name, tc := range map[string]struct {
		claims map[string]any
		scopes []string
		bad    bool
	}{
		"CLI":        {map[string]any{"appid": cli, "scp": "User.Read.All Group.ReadWrite.All"}, graph, true},
		"CLIv2":      {map[string]any{"azp": strings.ToUpper(cli), "scp": "User.Read"}, graph, true},
		"PowerShell": {map[string]any{"appid": "1950a258-227b-4e31-a9cf-717495945fc2"}, graph, true},
		"CLIStorage": {map[string]any{"appid": cli}, storage, false},
		"Granted":    {map[string]any{"appid": cli, "scp": "CloudPC.ReadWrite.All"}, graph, false},
		"Own":        {map[string]any{"appid": "22222222-2222-2222-2222-222222222222", "scp": "User.Read"}, graph, false},
		"Principal":  {map[string]any{"appid": "22222222-2222-2222-2222-222222222222", "roles": []string{"CloudPC.ReadWrite.All"}}, graph, false},
	} {
		_, err := signerOf(tokenOf{token: jwt(t, tc.claims)}).GetToken(t.Context(), policy.TokenRequestOptions{Scopes: tc.scopes})
		if (fault.CodeOf(err) == CodeNotPossible) != tc.bad || !tc.bad && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if tc.bad && (!fault.Is(err, fault.Denied) || !strings.Contains(fault.HintOf(err), "--client-id")) {
			t.Errorf("%s: kind %s, hint %s", name, fault.KindOf(err), fault.HintOf(err))
		}
	}
}

// A sign-in that nobody answers ends within 15 s, says after 2 s that it is waited for, and names the host.
func TestSignerEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var said []string
		start := time.Now()
		s := signerOf(tokenOf{after: time.Hour})
		s.login = "127.0.0.1" // nothing to resolve
		var mu sync.Mutex
		s.waiting = func(text string) {
			mu.Lock()
			defer mu.Unlock()
			said = append(said, time.Since(start).String()+" "+text)
		}
		_, err := s.GetToken(t.Context(), policy.TokenRequestOptions{})
		if took := time.Since(start); took > 15*time.Second || fault.CodeOf(err) != contact.CodeUnreachable || !strings.Contains(err.Error(), "cannot reach 127.0.0.1: no answer within 11s") {
			t.Errorf("%v after %s", err, took)
		}
		mu.Lock()
		defer mu.Unlock()
		if strings.Join(said, ", ") != "2s signing in …" {
			t.Errorf("said %q", said)
		}
	})
}

type lostTransport struct{ err error }

func (l lostTransport) RoundTrip(*http.Request) (*http.Response, error) { return nil, l.err }

// What the sign-in's own transport met is named, and not what azidentity makes of it.
func TestSignerNamesTheCause(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"cannot reach login.microsoftonline.com: no such host":               &net.DNSError{Err: "no such host", Name: "login.microsoftonline.com", IsNotFound: true},
		"cannot reach login.microsoftonline.com: it did not respond in time": &net.OpError{Op: "dial", Err: context.DeadlineExceeded},
	} {
		global, err2 := clouds.Lookup("")
		if err2 != nil {
			t.Fatal(err2)
		}
		wire := &identityTransport{client: &http.Client{Transport: lostTransport{err}}}
		s := signerOf(nil)
		s.login, s.wire = hostOf(global.Login), wire
		s.TokenCredential = credentialFunc(func(ctx context.Context) error {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, global.Login+"/tenant", nil)
			if err != nil {
				return err
			}
			_, err = wire.Do(req)
			if err == nil {
				return nil
			}
			return errors.New("DefaultAzureCredential: server response error:")
		})
		if _, err := s.GetToken(t.Context(), policy.TokenRequestOptions{}); err == nil || err.Error() != want || !fault.Is(err, fault.Unavailable) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

type credentialFunc func(ctx context.Context) error

func (f credentialFunc) GetToken(ctx context.Context, _ policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{}, f(ctx)
}

func TestCredentialOfPeopleNeedsAClientID(t *testing.T) {
	t.Setenv("AZURE_CLIENT_ID", "")
	global, err := clouds.Lookup("")
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"device-code", "browser"} {
		if _, err := Credential(global, CredentialConfig{Method: method, Prompt: func(string) {}}); fault.CodeOf(err) != CodeNotPossible {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestOwnStorage(t *testing.T) {
	t.Parallel()
	global, err := clouds.Lookup("global")
	if err != nil {
		t.Fatal(err)
	}
	gov, err := clouds.Lookup("usgov")
	if err != nil {
		t.Fatal(err)
	}
	for endpoint, want := range map[string]string{
		"https://contoso.blob.core.windows.net":               "global",
		"https://contoso.blob.core.windows.net:443/":          "global",
		"https://CONTOSO.blob.core.windows.net":               "global",
		"https://contoso.z12.blob.storage.azure.net":          "global",
		"https://contoso.blob.core.usgovcloudapi.net":         "usgov",
		"http://contoso.blob.core.windows.net":                "",
		"https://contoso.blob.core.windows.net:8443":          "",
		"https://contoso.blob.core.windows.net.other.example": "",
		"https://other.example/contoso":                       "",
		"https://other.example/contoso.blob.core.windows.net": "",
		"https://contoso.blob.core.windows.net@other.example": "",
		"https://user@contoso.blob.core.windows.net":          "",
		"https://a.b.blob.core.windows.net":                   "",
		"https://blob.core.windows.net":                       "",
		"https://contoso.a.b.blob.storage.azure.net":          "",
		"https://other.example#.blob.core.windows.net":        "",
		"https://other.example\\.blob.core.windows.net":       "",
		"https://127.0.0.1:10000/devstoreaccount1":            "",
	} {
		if got := global.OwnStorage(endpoint); got != (want == "global") {
			t.Errorf("global, %s: %v", endpoint, got)
		}
		if got := gov.OwnStorage(endpoint); got != (want == "usgov") {
			t.Errorf("usgov, %s: %v", endpoint, got)
		}
	}
}
