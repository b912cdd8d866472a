package exchange

import (
	"bytes"
	"io"
	"net/url"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"wave365/pkg/cloud/redact"
)

// signatures finds the signatures of signed URLs within a body.
var signatures = regexp.MustCompile(`[?&;]sig=([^&"\\\s]+)|u0026sig=([^&"\\\s]+)`)

// KnowSecrets registers each secret that a request carries for redaction, so that an answer that repeats it, in any
// spelling, does not get into anything that is written.
func KnowSecrets(req *policy.Request) {
	raw := req.Raw()
	if _, secret, ok := strings.Cut(raw.Header.Get("Authorization"), " "); ok {
		// Of a shared key the account's name comes before the signature, and is none.
		redact.Know(secret[strings.IndexByte(secret, ':')+1:])
	}
	if strings.Contains(raw.URL.RawQuery, "sig=") {
		redact.Know(raw.URL.Query().Get("sig"))
	}
	body := req.Body()
	if body == nil {
		return
	}
	// What cannot be read here cannot be sent either, and the error is reported there.
	text, err := io.ReadAll(io.LimitReader(body, 1<<20))
	if _, err2 := body.Seek(0, io.SeekStart); err != nil || err2 != nil || !bytes.Contains(text, []byte("sig=")) {
		return
	}
	for _, m := range signatures.FindAllSubmatch(text, -1) {
		sig := string(append(m[1], m[2]...))
		if plain, err := url.QueryUnescape(sig); err == nil {
			sig = plain
		}
		redact.Know(sig)
	}
}
