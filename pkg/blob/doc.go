// Package blob is Azure Blob storage, thin and typed: the few calls that a migration needs ([Client]): properties, exact
// ranged reads, listing, and making a read-only SAS; package bloburl says where a blob is and what a signature allows. It
// rides the pipeline of package cloud and answers with faults whose codes are finding codes (blob.not-found,
// blob.forbidden, sas.expired, …).
//
// It is not for judging disks or waves, for writing or copying blobs, or for deciding what is done next.
//
// Two rules hold everywhere in it. No SAS query is part of an error, or of what %v, %+v, %#v and JSON show of its types.
// And no request asks for a suffix range (bytes=-512): blob storage does not know them; offsets come from the length.
package blob
