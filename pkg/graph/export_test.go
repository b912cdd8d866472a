package graph

// Variants says which of the undocumented variants this service was found to speak; empty: not found out yet.
type Variants struct {
	// ResultRoute is "retrieveSnapshotImportResult" or "retrieveSnapshotImportResults".
	ResultRoute string
	// StorageField is "fileName" or "blobName".
	StorageField string
}

// Variants gives what was found out so far.
func (c *Client) Variants() Variants {
	return Variants{
		ResultRoute:  [...]string{"", "retrieveSnapshotImportResult", "retrieveSnapshotImportResults"}[c.route.Load()],
		StorageField: [...]string{"", "fileName", "blobName"}[c.storage.Load()],
	}
}
