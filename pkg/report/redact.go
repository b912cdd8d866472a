package report

// redact is the last door before the disk.
func redact(b []byte) []byte { return b }
