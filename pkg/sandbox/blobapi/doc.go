// Package blobapi is the sandbox's storage account: as much of Azure Blob storage over HTTP as clients of page blobs need, over a
// [blobstore.Store]. Signatures are really verified, conditions and leases are respected, and errors carry Azure's codes.
//
// It serves one account with its name in the path, /account/container/blob, to the ordinary Azure clients. An unsupported request
// gets a 501 that names it. It is not made for storing data or for fast large transfers, and it starts no goroutine and no timer:
// its caller supplies the time.
package blobapi
