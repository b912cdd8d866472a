// Package redact takes secrets out of finished bytes: SAS queries and signatures, bearer tokens, storage keys and client
// secrets; raw, URL-encoded, JSON-escaped and in base64. It knows secrets by their shape, so it can be put behind
// every writer; it is no licence to put secrets into messages. It does no I/O.
package redact

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strings"
)

// Mark stands where a secret stood.
const Mark = "[redacted]"

// How = and ? are spelled inside URLs, JSON and URLs within URLs.
const (
	eq = `(?:=|\\*u003d|%(?:25)*3d|&#61;|&#x3d;)`
	qm = `(?:\?|\\*u003f|%(?:25)*3f)`
	// end of a word: what neither a query nor a token contains.
	word = "[^\\s\"'<>`|{}()\\[\\]]"
	gap  = `(?:\s|%(?:25)*20|\+|\\*u0020)+`
)

var (
	// sasParam finds a signature; the parameter's name may follow an encoded & or ?.
	sasParam = regexp.MustCompile(`(?i)(?:^|[^a-z0-9]|u0026|u003f|%(?:25)*26|%(?:25)*3f)sig` + eq)
	query    = regexp.MustCompile(`(?i)` + qm)
	words    = regexp.MustCompile(word + `+`)
	scheme   = regexp.MustCompile(`(?i)(bearer|sharedkey|sharedkeylite)` + gap + `[^\s"'<>,;]+`)
	jwt      = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]+)+\.?`)
	named    = regexp.MustCompile(`(?i)(accountkey|client_secret|client_assertion|access_token|refresh_token|id_token)(["']?\s*(?:=|:|%(?:25)*3d|\\*u003d)\s*\\*["']?)[^\s"'&;,\\]+`)
	// blob64 is a run that may be base64, also with its specials URL-encoded or JSON-escaped.
	blob64 = regexp.MustCompile(`(?i)(?:[a-z0-9_-]|\\?/|\+|%2b|%2f|\\u002b){20,}(?:=|%3d|\\u003d){0,2}`)
)

// Bytes gives b without secrets. b is not changed; without a secret the answer is b itself.
func Bytes(b []byte) []byte {
	s := string(b)
	if out := String(s); out != s {
		return []byte(out)
	}
	return b
}

// String gives s without secrets.
func String(s string) string {
	if s == "" {
		return s
	}
	s = plain(s)
	return blob64.ReplaceAllStringFunc(s, func(run string) string {
		if hides(run) {
			return Mark
		}
		return run
	})
}

// plain handles everything but base64.
func plain(s string) string {
	low := strings.ToLower(s)
	if strings.Contains(low, "sig") {
		s = words.ReplaceAllStringFunc(s, cutSAS)
	}
	if strings.Contains(low, "bearer") || strings.Contains(low, "sharedkey") {
		s = scheme.ReplaceAllString(s, "$1 "+Mark)
	}
	if strings.Contains(s, "eyJ") {
		s = jwt.ReplaceAllString(s, Mark)
	}
	return named.ReplaceAllString(s, "${1}${2}"+Mark)
}

// cutSAS drops the query of a signed URL, or the whole word when it is a query without a URL.
func cutSAS(w string) string {
	at := sasParam.FindStringIndex(w)
	if at == nil {
		return w
	}
	if q := query.FindStringIndex(w); q != nil && q[0] <= at[0] {
		return w[:q[1]] + Mark
	}
	if i := strings.LastIndex(w[:at[0]], "://"); i >= 0 {
		return Mark
	}
	return Mark
}

var unescape = strings.NewReplacer(`\/`, "/", "%2b", "+", "%2B", "+", "%2f", "/", "%2F", "/", `\u002b`, "+", `\u002B`, "+",
	"-", "+", "_", "/")

// hides reports whether a run is base64 of something with a secret in it. The run may begin with characters that do
// not belong to it, so each alignment is tried.
func hides(run string) bool {
	r := unescape.Replace(run)
	if i := strings.IndexAny(r, "=%\\"); i >= 0 {
		r = r[:i]
	}
	for off := 0; off < 4 && off < len(r); off++ {
		part := r[off:]
		dec, err := base64.RawStdEncoding.DecodeString(part[:len(part)-len(part)%4])
		if err != nil {
			continue
		}
		if rest := part[len(part)-len(part)%4:]; len(rest) > 1 {
			if tail, err := base64.RawStdEncoding.DecodeString(rest); err == nil {
				dec = append(dec, tail...)
			}
		}
		// UTF-16, as PowerShell encodes it.
		text := string(bytes.ReplaceAll(dec, []byte{0}, nil))
		if plain(text) != text {
			return true
		}
	}
	return false
}
