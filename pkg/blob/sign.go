package blob

import (
	"context"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/fault"
)

// startEarly covers clocks that differ.
const startEarly = 15 * time.Minute

// SignRead makes a signature that allows reading that one blob and nothing else, from 15 minutes before start (zero:
// now) until expiry, over https only (an account on this computer also over http), and gives the whole URL with it. The
// URL is a secret.
//
// With a sign-in it is a user delegation SAS; the key is fetched once and used as long as it lasts. The service gives
// such keys for at most seven days: a later expiry is a fault of kind Invalid, code sas.expires-too-soon. A reference
// that brings its own signature gets that back as it is.
func (c *Client) SignRead(ctx context.Context, r bloburl.Ref, start, expiry time.Time) (string, error) {
	if r.SAS() != nil {
		return r.SignedURL(), nil
	}
	if _, err := c.at(r); err != nil {
		return "", err
	}
	now := c.clock.Now()
	if start.IsZero() {
		start = now
	}
	start, expiry = start.Add(-startEarly).UTC().Truncate(time.Second), expiry.UTC().Truncate(time.Second)
	if !expiry.After(start) || !expiry.After(now) {
		return "", fault.New(fault.Internal, "", "a signature was requested whose end is past already", "")
	}
	if c.keys == nil {
		return c.signByAccountKey(r, start, expiry)
	}
	key, err := c.keys.Get(ctx, now, start, expiry)
	if err != nil {
		if fault.As(err) != nil {
			return "", err
		}
		return "", c.fault(ctx, "get a user delegation key of "+c.root, nil, err)
	}
	return r.URL() + "?" + key.Sign(c.account, r, start, expiry, c.protocol()), nil
}

func (c *Client) protocol() string {
	if strings.HasPrefix(c.root, "http://") {
		return string(sas.ProtocolHTTPSandHTTP)
	}
	return string(sas.ProtocolHTTPS)
}

func (c *Client) signByAccountKey(r bloburl.Ref, start, expiry time.Time) (string, error) {
	values := sas.BlobSignatureValues{
		Protocol: sas.Protocol(c.protocol()), StartTime: start, ExpiryTime: expiry, Permissions: "r",
		ContainerName: r.Container, BlobName: r.Name,
	}
	query, err := values.SignWithSharedKey(c.sharedKey)
	if err != nil {
		return "", fault.New(fault.Internal, "", "sign "+r.URL(), "")
	}
	return r.URL() + "?" + query.Encode(), nil
}
