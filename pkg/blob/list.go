package blob

import (
	"context"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/fault"
)

// Item is one line of a listing.
type Item struct {
	// Name is without percent-encoding, relative to the container.
	Name string
	Properties
}

const (
	// maxItems is how many blobs of a listing are kept, maxPages how many answers are asked for: a wave has 10,000 rows.
	maxItems = 200_000
	maxPages = 1_000
)

// List gives every blob of the container in our account whose name starts with prefix ("": all), in the order of the
// names, with sizes, types, leases, copies and tiers: one request for 5,000 blobs. Faults are those of
// [Client.Properties]; Unavailable blob.unreadable for an answer that is no listing, and Unavailable for more blobs than a wave
// can have.
func (c *Client) List(ctx context.Context, name, prefix string) ([]Item, error) {
	if err := bloburl.CheckContainer(name); err != nil {
		return nil, err
	}
	if err := c.mayEnter(); err != nil {
		return nil, err
	}
	what := "list " + c.root + "/" + name
	options := container.ListBlobsFlatOptions{Include: container.ListBlobsInclude{Copy: true}}
	if prefix != "" {
		options.Prefix = &prefix
	}
	var items []Item
	marker, seen := "", map[string]bool{}
	for pages := c.own.NewContainerClient(name).NewListBlobsFlatPager(&options); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, c.fault(ctx, what, nil, err)
		}
		if page.ServiceEndpoint == nil {
			return nil, noAnswer(what, "the answer is not a listing")
		}
		if page.Segment != nil {
			for _, b := range page.Segment.BlobItems {
				items = append(items, item(b))
			}
		}
		if marker = deref(page.NextMarker); marker != "" && seen[marker] {
			return nil, fault.New(fault.Unavailable, "", what+": the listing loops", "repeat later")
		}
		if seen[marker] = true; len(items) > maxItems || len(seen) > maxPages {
			return nil, fault.New(fault.Unavailable, "", fmt.Sprintf("%s: there are more than %d blobs", what, maxItems), "keep the wave's disks in a container or folder of their own")
		}
	}
	return items, nil
}

func item(b *container.BlobItem) Item {
	i := Item{Name: deref(b.Name)}
	if p := b.Properties; p != nil {
		i.Properties = Properties{
			Length: deref(p.ContentLength), Type: string(deref(p.BlobType)), ETag: quoted(string(deref(p.ETag))),
			LeaseState: string(deref(p.LeaseState)), LeaseStatus: string(deref(p.LeaseStatus)),
			CopyStatus: string(deref(p.CopyStatus)), CopyProgress: deref(p.CopyProgress),
			Tier: string(deref(p.AccessTier)),
		}
	}
	return i
}

// quoted makes the ETag of a listing, which has no quotes, that of a header, which does.
func quoted(etag string) string {
	if etag == "" || etag[0] == '"' {
		return etag
	}
	return `"` + etag + `"`
}
