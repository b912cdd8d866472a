// Package delegation makes read-only signatures with the key that a storage account gives to a sign-in (user delegation SAS).
// It exists because azblob keeps that key to itself, and takes the first label of the host for the account's name.
package delegation

import (
	"context"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"wave365/pkg/cloud/redact"
	"wave365/pkg/fault"
)

const (
	// keyLife is the longest that the service gives a delegation key.
	keyLife = 7 * 24 * time.Hour
	// sasTime is how times are written in signatures.
	sasTime = "2006-01-02T15:04:05Z"
)

// Keyring holds the account's delegation key while it lasts. Whoever needs a new one fetches it; the others wait for
// that answer in place of asking too.
type Keyring struct {
	root    string
	cred    azcore.TokenCredential
	options policy.ClientOptions
	// turn holds one token: who has it may use key.
	turn chan struct{}
	key  Key
}

// NewKeyring makes the keyring of the account at root for a sign-in.
func NewKeyring(root string, cred azcore.TokenCredential, o policy.ClientOptions) *Keyring {
	k := &Keyring{root: root, cred: cred, options: o, turn: make(chan struct{}, 1)}
	k.turn <- struct{}{}
	return k
}

// Get gives a key that covers start to expiry. The service gives such keys for at most seven days: a later expiry is a fault of
// kind Invalid, code sas.expires-too-soon.
func (k *Keyring) Get(ctx context.Context, now, start, expiry time.Time) (Key, error) {
	if expiry.Sub(now) > keyLife {
		return Key{}, fault.New(fault.Invalid, "sas.expires-too-soon",
			"a user delegation signature lives seven days at most, and one until "+expiry.Format(time.RFC3339)+" is needed",
			"run the wave in parts that end within seven days, or give SAS URLs made with the account's key")
	}
	select {
	case <-k.turn:
	case <-ctx.Done():
		return Key{}, context.Cause(ctx)
	}
	defer func() { k.turn <- struct{}{} }()
	if k.key.plainText != nil && !k.key.Start.After(start) && !k.key.Expiry.Before(expiry) {
		return k.key, nil
	}
	// A day more than needed makes the key last for the rows that follow. A minute less than the most allowed leaves
	// room for a service whose clock is behind ours.
	until := expiry.Add(24 * time.Hour)
	if most := now.Add(keyLife - time.Minute); until.After(most) {
		until = most
	}
	if until.Before(expiry) {
		until = expiry
	}
	key, err := k.fetch(ctx, start, until)
	if err == nil {
		k.key = key
	}
	return key, err
}

func (k *Keyring) fetch(ctx context.Context, start, expiry time.Time) (Key, error) {
	client, err := bearer(k.cred, k.options)
	if err != nil {
		return Key{}, err
	}
	req, err := runtime.NewRequest(ctx, http.MethodPost, k.root+"/?restype=service&comp=userdelegationkey")
	if err != nil {
		return Key{}, err
	}
	req.Raw().Header.Set("x-ms-version", sas.Version)
	req.Raw().Header.Set("Accept", "application/xml")
	body := fmt.Sprintf("<KeyInfo><Start>%s</Start><Expiry>%s</Expiry></KeyInfo>", start.Format(sasTime), expiry.Format(sasTime))
	if err := req.SetBody(streaming.NopCloser(strings.NewReader(body)), "application/xml"); err != nil {
		return Key{}, err
	}
	resp, err := client.Pipeline().Do(req)
	if err != nil {
		return Key{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	if !runtime.HasStatusCode(resp, http.StatusOK) {
		return Key{}, runtime.NewResponseError(resp)
	}
	return readKey(resp)
}

func readKey(resp *http.Response) (key Key, err error) {
	raw, err := runtime.Payload(resp)
	if err != nil {
		return Key{}, err
	}
	if err = xml.Unmarshal(raw, &key); err == nil {
		key.plainText, err = base64.StdEncoding.DecodeString(key.Value)
	}
	if err != nil || key.ObjectID == "" || len(key.plainText) == 0 {
		// The decoder's own text could quote the key.
		return Key{}, fault.New(fault.Unavailable, "", "the storage account's answer holds no user delegation key", "repeat later")
	}
	redact.Know(key.Value)
	key.Value = ""
	return key, nil
}

// bearer is a pipeline of its own for the one call whose answer azblob hides.
func bearer(cred azcore.TokenCredential, o policy.ClientOptions) (*azcore.Client, error) {
	auth := runtime.NewBearerTokenPolicy(cred, []string{storageScope}, &policy.BearerTokenOptions{
		InsecureAllowCredentialWithHTTP: o.InsecureAllowCredentialWithHTTP,
	})
	return azcore.NewClient("wave365/pkg/blob", "v1.0.0", runtime.PipelineOptions{PerRetry: []policy.Policy{auth}}, &o)
}

const storageScope = "https://storage.azure.com/.default"
