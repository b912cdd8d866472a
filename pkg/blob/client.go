package blob

import (
	"cmp"
	"context"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/blob/delegation"
	"wave365/pkg/blob/refusal"
	"wave365/pkg/cloud"
	"wave365/pkg/cloud/redact"
	"wave365/pkg/fault"
)

// Config says whose storage account it is and how it is entered. At most one of Credential and SharedKey is given; with
// neither only blobs that bring their own signature can be read.
type Config struct {
	// Root is the account's endpoint, as in [bloburl.Ref]. Plain http only on this computer.
	Root string
	// Pipeline carries every request. Required.
	Pipeline *cloud.Pipeline
	// Credential signs in to the account in the cloud.
	Credential azcore.TokenCredential
	// SharedKey is the account's key in base64: for the sandbox and Azurite.
	SharedKey string
	// Account is the account's name; empty: as Root says.
	Account string
	// Clock is the service's time.
	Clock cloud.Clock
}

// Client reads blobs of one account, and blobs elsewhere that come with their own signature. Safe for concurrent use.
type Client struct {
	root, account string
	clock         cloud.Clock
	own           *service.Client // with our credential
	options       azblob.ClientOptions
	sharedKey     *service.SharedKeyCredential
	keys          *delegation.Keyring // nil without a credential
	stranger      bool                // neither key nor credential
}

// New checks cfg. Errors are faults of kind Invalid that name the field.
func New(cfg Config) (*Client, error) {
	root := strings.TrimRight(cfg.Root, "/")
	u, err := url.Parse(root)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.User != nil:
		return nil, badConfig("the storage endpoint is not a URL such as https://account.blob.core.windows.net")
	case bloburl.Insecure(root):
		return nil, badConfig("the storage endpoint is plain http on another computer")
	case cfg.Pipeline == nil:
		return nil, badConfig("the blob client has no pipeline")
	case cfg.Credential != nil && cfg.SharedKey != "":
		return nil, badConfig("the blob client takes a sign-in or an account key, not both")
	}
	c := &Client{root: root, account: cmp.Or(cfg.Account, bloburl.AccountOf(root)), clock: cfg.Clock}
	if c.account == "" {
		return nil, badConfig("the storage endpoint names no account")
	}
	c.options = azblob.ClientOptions{ClientOptions: cfg.Pipeline.ClientOptions()}
	if err := c.signIn(cfg); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Client) signIn(cfg Config) (err error) {
	options := service.ClientOptions(c.options)
	switch {
	case cfg.SharedKey != "":
		redact.Know(cfg.SharedKey)
		if c.sharedKey, err = service.NewSharedKeyCredential(c.account, cfg.SharedKey); err != nil {
			return badConfig("the account key is not base64")
		}
		c.own, err = service.NewClientWithSharedKeyCredential(c.root, c.sharedKey, &options)
	case cfg.Credential == nil:
		c.stranger = true
		c.own, err = service.NewClientWithNoCredential(c.root, &options)
	default:
		// Only the sandbox on this computer is entered by a token over plain http.
		options.InsecureAllowCredentialWithHTTP = strings.HasPrefix(c.root, "http://")
		c.keys = delegation.NewKeyring(c.root, cfg.Credential, options.ClientOptions)
		c.own, err = service.NewClient(c.root, cfg.Credential, &options)
	}
	if err != nil {
		return badConfig("the storage endpoint cannot be used")
	}
	return nil
}

// Root is the account's endpoint, without a slash at the end.
func (c *Client) Root() string { return c.root }

// at opens the blob: by its own signature, or with our credential when it is in our account. Our credential is never
// sent elsewhere.
func (c *Client) at(r bloburl.Ref) (*blob.Client, error) {
	if r.SAS() != nil {
		options := blob.ClientOptions(c.options)
		b, err := blob.NewClientWithNoCredential(r.SignedURL(), &options)
		if err != nil {
			return nil, fault.New(fault.Invalid, "csv.value-bad", "the blob's URL cannot be used", bloburl.Hint)
		}
		return b, nil
	}
	if !r.In(c.root) {
		return nil, fault.New(fault.Invalid, "blob.wrong-host", r.URL()+" is not in the storage account "+c.account,
			"copy the disk into that account, configure the other account, or give a SAS URL")
	}
	if err := c.mayEnter(); err != nil {
		return nil, err
	}
	return c.own.NewContainerClient(r.Container).NewBlobClient(r.Name), nil
}

// mayEnter refuses what would need a sign-in at an endpoint that gets none.
func (c *Client) mayEnter() error {
	if !c.stranger {
		return nil
	}
	return fault.New(fault.Denied, "blob.forbidden", c.root+" is not a storage host of this cloud, so no token is sent to it",
		"give each row a SAS URL, or set WAVE365_STORAGE_KEY to the account's key; for the account itself use --storage-account NAME without --blob-endpoint")
}

func (c *Client) fault(ctx context.Context, what string, sas *bloburl.SAS, err error) error {
	return refusal.Fault(ctx, what, sas, c.clock.Now(), err)
}

func badConfig(msg string) error {
	return fault.New(fault.Invalid, "", msg, "check --storage-account, --blob-endpoint and the config file")
}
