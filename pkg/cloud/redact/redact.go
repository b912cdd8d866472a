// Package redact removes secrets from finished bytes: SAS queries and signatures, bearer tokens, storage keys and client
// secrets; raw, URL-encoded, JSON-escaped, as entities, in hex and in base64. It recognizes the secrets that were
// registered with [Know], and others by their shape, so it can be put behind every writer; that does not permit secrets
// in messages. It does no I/O.
package redact

import (
	"unsafe"

	"wave365/pkg/cloud/redact/shape"
)

// Mark replaces a secret.
const Mark = shape.Mark

// Bytes returns b without secrets. b is not changed; when it holds no secret the result is b itself.
func Bytes(b []byte) []byte {
	if !shape.Suspect(b) && len(traces(b)) == 0 {
		// A look at the bytes themselves: large files are mostly clean, and copying them costs more than looking.
		if len(encodings(unsafe.String(unsafe.SliceData(b), len(b)))) == 0 {
			return b
		}
	}
	return []byte(String(string(b)))
}

// String returns s without secrets.
func String(s string) string {
	if s == "" {
		return s
	}
	return runs(cut(shape.Cut(s)))
}
