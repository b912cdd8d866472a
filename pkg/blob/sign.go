package blob

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/fault"
)

const (
	// startEarly covers clocks that differ.
	startEarly = 15 * time.Minute
	// keyLife is the longest that the service gives a delegation key.
	keyLife = 7 * 24 * time.Hour
	// sasTime is how times are written in signatures.
	sasTime = "2006-01-02T15:04:05Z"
)

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
	key, err := c.keys.get(ctx, now, start, expiry)
	if err != nil {
		if fault.As(err) != nil {
			return "", err
		}
		return "", c.fault(ctx, "get a user delegation key of "+c.root, nil, err)
	}
	return r.URL() + "?" + key.sign(c.account, r, start, expiry, c.protocol()), nil
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

// delegationKey is the service's answer. azblob keeps it to itself, and takes the first label of the host for the
// account's name, which is wrong for accounts that have their name in the path.
type delegationKey struct {
	ObjectID  string    `xml:"SignedOid"`
	TenantID  string    `xml:"SignedTid"`
	Start     time.Time `xml:"SignedStart"`
	Expiry    time.Time `xml:"SignedExpiry"`
	Service   string    `xml:"SignedService"`
	Version   string    `xml:"SignedVersion"`
	Value     string    `xml:"Value"`
	plainText []byte
}

// sign gives the query of a read-only SAS for one blob. The lines are those that the service's public documentation of
// the user delegation SAS lists for the version.
func (k delegationKey) sign(account string, r bloburl.Ref, start, expiry time.Time, protocol string) string {
	st, se := start.Format(sasTime), expiry.Format(sasTime)
	skt, ske := k.Start.UTC().Format(sasTime), k.Expiry.UTC().Format(sasTime)
	lines := []string{
		"r", st, se, "/blob/" + account + "/" + r.Container + "/" + r.Name,
		k.ObjectID, k.TenantID, skt, ske, k.Service, k.Version,
		"", "", "", // saoid, suoid, scid
		"", "", // the delegated user's tenant and object
		"", protocol, sas.Version, "b",
		"", "", // snapshot, encryption scope
		"", "", "", "", "", // rscc, rscd, rsce, rscl, rsct
	}
	h := hmac.New(sha256.New, k.plainText)
	h.Write([]byte(strings.Join(lines, "\n")))
	q := url.Values{
		"sv": {sas.Version}, "sr": {"b"}, "sp": {"r"}, "st": {st}, "se": {se}, "spr": {protocol},
		"skoid": {k.ObjectID}, "sktid": {k.TenantID}, "skt": {skt}, "ske": {ske}, "sks": {k.Service}, "skv": {k.Version},
		"sig": {base64.StdEncoding.EncodeToString(h.Sum(nil))},
	}
	return q.Encode()
}
