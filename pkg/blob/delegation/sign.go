package delegation

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"wave365/pkg/blob/bloburl"
)

// Key is the service's answer. It is a secret.
type Key struct {
	ObjectID  string    `xml:"SignedOid"`
	TenantID  string    `xml:"SignedTid"`
	Start     time.Time `xml:"SignedStart"`
	Expiry    time.Time `xml:"SignedExpiry"`
	Service   string    `xml:"SignedService"`
	Version   string    `xml:"SignedVersion"`
	Value     string    `xml:"Value"`
	plainText []byte
}

// Sign gives the query of a read-only SAS for one blob. The lines are those that the service's public documentation of
// the user delegation SAS lists for the version.
func (k Key) Sign(account string, r bloburl.Ref, start, expiry time.Time, protocol string) string {
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
