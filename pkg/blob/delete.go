package blob

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/fault"
)

// Delete deletes one blob, if it is still the one with this ETag, and no snapshot of it. It is safe to repeat: one that is
// gone already is no error. Faults: Conflict when it has another ETag, is leased or has snapshots; Denied
// blob.forbidden when the sign-in may not delete; those of [Client.Properties].
func (c *Client) Delete(ctx context.Context, r bloburl.Ref, etag string) error {
	if etag == "" {
		return fault.New(fault.Internal, "", "a blob was to be deleted whatever it holds now", "")
	}
	b, err := c.at(r)
	if err != nil {
		return err
	}
	_, err = b.Delete(ctx, &blob.DeleteOptions{AccessConditions: &blob.AccessConditions{
		ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: to.Ptr(azcore.ETag(etag))}}})
	if err == nil {
		return nil
	}
	err = c.fault(ctx, "delete "+r.URL(), r.SAS(), err)
	switch f := fault.As(err); {
	case f.Kind == fault.NotFound:
		return nil
	case f.Kind == fault.Denied && r.SAS() == nil:
		f.Hint = "to delete blobs the sign-in needs Storage Blob Data Contributor on the account"
	}
	return err
}
