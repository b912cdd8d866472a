package report

import (
	"bytes"

	"wave365/pkg/cloud/redact"
)

// redacted is the last door before the disk: whatever found its way into a name, a note or a service's words, no
// secret leaves with the report.
func redacted(b []byte) []byte { return redact.Bytes(b) }

// redactedLines is redacted for formats in which no value goes over the end of a line. It goes through b in pieces
// of whole lines, because the search for secrets takes several times the memory of what it searches.
func redactedLines(b []byte) []byte {
	const piece = 1 << 20
	var out []byte
	for from := 0; from < len(b); {
		to := min(from+piece, len(b))
		if n := bytes.IndexByte(b[to:], '\n'); n >= 0 {
			to += n + 1
		} else {
			to = len(b)
		}
		clean := redact.Bytes(b[from:to])
		if out == nil && !bytes.Equal(clean, b[from:to]) {
			out = append(make([]byte, 0, len(b)), b[:from]...)
		}
		if out != nil {
			out = append(out, clean...)
		}
		from = to
	}
	if out == nil {
		return b
	}
	return out
}
