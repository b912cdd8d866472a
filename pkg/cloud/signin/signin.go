package signin

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"wave365/pkg/cloud/bound"
	"wave365/pkg/cloud/contact"
	"wave365/pkg/cloud/redact"
	"wave365/pkg/fault"
)

const (
	// CodeSignIn: there is no token, because the sign-in was refused or could not be reached.
	CodeSignIn = "cloud.sign-in"
	// CodeNotPossible: the sign-in is by an app that cannot hold the permissions.
	CodeNotPossible = "permission.not-possible"
)

const (
	// signInLimit limits a sign-in that needs no person, so that with resolveLimit an operator learns within 15 s that
	// there is no network.
	signInLimit  = 11 * time.Second
	resolveLimit = 3 * time.Second
	// sayAfter is after how long a slow sign-in is reported.
	sayAfter = 2 * time.Second
)

// signer is a credential that ends within limits, reports what it waits for, names the host that it could not reach, and
// recognizes sign-ins that can never do the work. Safe for concurrent use.
type signer struct {
	azcore.TokenCredential
	// login and graph are the hosts of the cloud's sign-in and of its Graph.
	login, graph string
	// limit is how long a sign-in may take; 0: a person acts, so it takes what it takes.
	limit time.Duration
	// waiting reports what is waited for; may be nil.
	waiting func(string)
	wire    *identityTransport
	said    sync.Once
}

// GetToken signs in. The error is the context's or a fault: Unavailable with [contact.CodeUnreachable] when the sign-in
// service cannot be reached, Denied with [CodeSignIn] when it refused, Denied with [CodeNotPossible] for an app that cannot
// have the permissions that Graph requires.
func (s *signer) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	own, cancel := ctx, context.CancelFunc(func() {})
	if s.limit > 0 {
		own, cancel = context.WithTimeout(ctx, s.limit)
	}
	defer cancel()
	if s.waiting != nil {
		t := time.AfterFunc(sayAfter, func() { s.said.Do(func() { s.waiting("signing in …") }) })
		defer t.Stop()
	}
	token, err := s.TokenCredential.GetToken(own, o)
	if err == nil {
		redact.Know(token.Token)
		return token, s.possible(token.Token, o.Scopes)
	}
	if ctx.Err() != nil {
		return token, ctx.Err()
	}
	if host, why := s.noWay(ctx, own.Err() != nil); why != "" {
		return token, contact.Unreachable(host, why, err)
	}
	return token, signInFault(err)
}

// noWay returns which host cannot be reached, and why; "" when it can, or when that was not the cause. Of sign-ins by
// another program (the Azure CLI) it is known only whether the host has an address.
func (s *signer) noWay(ctx context.Context, late bool) (host, why string) {
	host, why, asked := s.wire.lost()
	if why != "" || asked && !late {
		return host, why // a host that answers can be reached, whatever the answer was
	}
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "https", Host: s.login}}); err == nil && proxy == nil {
		ctx, cancel := context.WithTimeout(ctx, resolveLimit)
		defer cancel()
		if _, err := net.DefaultResolver.LookupHost(ctx, s.login); err != nil {
			return s.login, contact.Cause(err)
		}
	}
	if late {
		return s.login, "no answer within " + s.limit.String()
	}
	return "", ""
}

// firstParty are apps of Microsoft's own that people sign in with and to which no administrator can add Cloud PC
// permissions (AADSTS65002).
var firstParty = map[string]string{
	"04b07795-8ddb-461a-bbee-02f9e1bf7b46": "the Azure CLI",
	"1950a258-227b-4e31-a9cf-717495945fc2": "Azure PowerShell",
}

// possible refuses a token for Graph of an app that cannot hold Cloud PC permissions.
func (s *signer) possible(token string, scopes []string) error {
	claims := claimsOf(token)
	app := firstParty[strings.ToLower(claims.app())]
	if app == "" || len(scopes) == 0 || !strings.Contains(scopes[0], s.graph) || strings.Contains(claims.Scopes, "CloudPC.") {
		return nil
	}
	return notPossible("this sign-in is by the app of " + app + " itself, which cannot hold the permission CloudPC.ReadWrite.All, and no administrator can add it")
}

func notPossible(why string) error { return fault.New(fault.Denied, CodeNotPossible, why, hintOwnApp) }

const hintOwnApp = "what works: an app registration of your own with application permissions (--sign-in client-secret, client-certificate or " +
	"managed-identity, or `az login --service-principal`), or --sign-in device-code or browser with --client-id of your own public client app"

// tokenClaims is what a token contains about the app that it was issued to.
type tokenClaims struct {
	AppID  string   `json:"appid"`
	AppV2  string   `json:"azp"`
	Roles  []string `json:"roles"`
	Scopes string   `json:"scp"`
	// Tenant, AppName, UPN and Name are for people to read.
	Tenant  string `json:"tid"`
	AppName string `json:"app_displayname"`
	UPN     string `json:"upn"`
	Name    string `json:"unique_name"`
}

// app is the client id.
func (c tokenClaims) app() string { return cmp.Or(c.AppID, c.AppV2) }

// claimsOf reads a token without verifying it: it was issued to us, and the service decides. Zero for a token that is
// not a JWT.
func claimsOf(token string) (c tokenClaims) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil || json.Unmarshal(raw, &c) != nil {
		return tokenClaims{}
	}
	return c
}

// Granted returns the permissions in an access token: the roles of an application, or the scopes of a person. nil: the
// token lists none, as those of a sandbox.
func Granted(token string) []string {
	c := claimsOf(token)
	return append(c.Roles, strings.Fields(c.Scopes)...)
}

// identityTransport sends what the sign-in sends and remembers how the last request ended. Safe for concurrent use.
type identityTransport struct {
	client *http.Client
	mu     sync.Mutex
	host   string
	err    error // nil: it answered
}

// Do sends a request.
func (t *identityTransport) Do(req *http.Request) (*http.Response, error) {
	resp, err := bound.Answers(t.client, "the sign-in service").Do(req)
	t.mu.Lock()
	defer t.mu.Unlock()
	// The address of an Azure machine's identity does not answer elsewhere, which is expected.
	if ip := net.ParseIP(req.URL.Hostname()); ip == nil || !ip.IsLinkLocalUnicast() {
		t.host, t.err = req.URL.Hostname(), err
	}
	return resp, err
}

// lost is the host whose last request had no answer, and why; "": it had one, or none was sent, as asked reports.
func (t *identityTransport) lost() (host, why string, asked bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil || errors.Is(t.err, context.Canceled) {
		return "", "", t.host != ""
	}
	return t.host, contact.Cause(t.err), true
}
