// Package blobapi is the sandbox's storage account: Azure Blob storage over HTTP as far as clients of page blobs need
// it, over a [blobstore.Store]. Signatures are really verified, conditions and leases really kept, and errors carry Azure's codes.
//
// It serves one account with its name in the path, /account/container/blob, to the ordinary Azure clients. A request
// that it does not know gets 501 and its name. It is not for keeping data, not for speed of large transfers, and it
// starts no goroutine and no timer: time is what its caller says it is.
package blobapi
