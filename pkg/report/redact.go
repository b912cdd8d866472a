package report

import "wave365/pkg/cloud/redact"

// redacted is the last door before the disk: whatever found its way into a name, a note or a service's words, no
// secret leaves with the report.
func redacted(b []byte) []byte { return redact.Bytes(b) }
