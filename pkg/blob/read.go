package blob

import (
	"context"
	"fmt"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/cloud/bound"
	"wave365/pkg/cloud/redact"
	"wave365/pkg/fault"
)

// The types of blob that Properties.Type can name. Only page blobs can be imported.
const (
	PageBlob  = "PageBlob"
	BlockBlob = "BlockBlob"
)

// Properties is what the service tells about a blob without its content. Fields that it left out are empty.
type Properties struct {
	// Length is in bytes.
	Length int64
	// Type is PageBlob, BlockBlob, or AppendBlob as the service writes it.
	Type string
	// ETag changes with every change of the blob; it has quotes round it.
	ETag string
	// LeaseState is available, leased, expired, breaking or broken; LeaseStatus is locked or unlocked.
	LeaseState, LeaseStatus string
	// CopyStatus is pending, success, aborted or failed of the last copy into the blob; empty: none is remembered.
	// CopyProgress is "done/total" in bytes.
	CopyStatus, CopyProgress string
	// Tier is Hot, Cool, Archive, P10 and so on; empty: not told.
	Tier string
}

// Properties asks about one blob. Faults: Unavailable blob.unreadable for a success that says nothing; NotFound blob.not-found; Denied blob.forbidden, or sas.expired,
// sas.not-yet-valid, sas.no-read when the reference's own signature tells why; Invalid blob.wrong-host for a blob that is
// in another account and brings no signature.
func (c *Client) Properties(ctx context.Context, r bloburl.Ref) (Properties, error) {
	b, err := c.at(r)
	if err != nil {
		return Properties{}, err
	}
	p, err := b.GetProperties(ctx, nil)
	if err != nil {
		return Properties{}, c.fault(ctx, "look at "+r.URL(), r.SAS(), err)
	}
	if p.BlobType == nil && p.ETag == nil {
		return Properties{}, noAnswer("look at "+r.URL(), "the answer describes no blob")
	}
	return Properties{
		Length: deref(p.ContentLength), Type: string(deref(p.BlobType)), ETag: string(deref(p.ETag)),
		LeaseState: string(deref(p.LeaseState)), LeaseStatus: string(deref(p.LeaseStatus)),
		CopyStatus: string(deref(p.CopyStatus)), CopyProgress: deref(p.CopyProgress),
		Tier: deref(p.AccessTier),
	}, nil
}

// maxRead keeps a wrong count from taking the memory of the machine. Verdicts need some kilobytes.
const maxRead = bound.MaxAnswer

// Read gives exactly count bytes from offset on, or an error: never fewer, never others. A range that the blob does not
// have is a fault of kind Conflict: the caller knew a length that is not true any more. count 0 gives nothing without a
// request. The other faults are those of [Client.Properties], and Conflict blob.archived.
func (c *Client) Read(ctx context.Context, r bloburl.Ref, offset, count int64) ([]byte, error) {
	if offset < 0 || count < 0 || count > maxRead {
		return nil, fault.New(fault.Internal, "", fmt.Sprintf("a read of %d bytes at %d was requested", count, offset), "")
	}
	b, err := c.at(r)
	if err != nil || count == 0 {
		return nil, err
	}
	what := fmt.Sprintf("read %d bytes at %d of %s", count, offset, r.URL())
	resp, err := b.DownloadStream(ctx, &blob.DownloadStreamOptions{Range: blob.HTTPRange{Offset: offset, Count: count}})
	if err != nil {
		return nil, c.fault(ctx, what, r.SAS(), err)
	}
	body := resp.NewRetryReader(ctx, &blob.RetryReaderOptions{MaxRetries: 2})
	defer func() { _ = body.Close() }()
	// The header is checked before a byte is taken: a server that ignores the range would send the whole disk.
	if got, want := deref(resp.ContentRange), fmt.Sprintf("bytes %d-%d/", offset, offset+count-1); len(got) <= len(want) || got[:len(want)] != want {
		return nil, wrongRange(what, "the answer is another range: "+got)
	}
	if n := resp.ContentLength; n != nil && *n != count {
		return nil, wrongRange(what, fmt.Sprintf("the answer has %d bytes", *n))
	}
	data := make([]byte, count)
	if _, err := io.ReadFull(body, data); err != nil {
		return nil, c.fault(ctx, what, r.SAS(), err)
	}
	return data, nil
}

// noAnswer is for a success that does not hold what was asked for, as of a proxy that answers in the service's place.
func noAnswer(what, why string) error {
	f := fault.New(fault.Unavailable, "blob.unreadable", what+": "+why, "check what answers instead of the storage account (a proxy, an appliance), then validate again")
	f.Remote = &fault.Remote{Service: "blob"}
	return f
}

func wrongRange(what, why string) error {
	why = redact.String(why) // it may quote a header
	f := fault.New(fault.Conflict, "", what+": "+why, "the blob may have changed while it was read: validate again")
	f.Remote = &fault.Remote{Service: "blob"}
	return f
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
