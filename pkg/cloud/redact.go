package cloud

import "wave365/pkg/cloud/redact"

// Redact gives b without secrets: SAS queries and signatures, bearer tokens, storage keys and client secrets, raw,
// URL-encoded, JSON-escaped or in base64. It is for finished bytes, on their way out. b is not changed; without a
// secret in it the answer is b itself.
func Redact(b []byte) []byte { return redact.Bytes(b) }

// Know makes this process look for a secret in all that it redacts from now on, in any spelling. It is called for whatever
// is sent, see [Pipeline]; call it as well for what is only held.
func Know(secret string) { redact.Know(secret) }

// RedactString is [Redact] for strings.
func RedactString(s string) string { return redact.String(s) }
