// Package shape finds secrets by what they look like: SAS queries, bearer tokens, keys and client secrets. It does no I/O and
// knows no secret.
package shape

import (
	"regexp"
	"strings"
)

// Mark replaces a secret.
const Mark = "[redacted]"

// How %, = and ? are spelled inside URLs, JSON, HTML and URLs within URLs.
const (
	pct = `(?:%|\\*u0025)(?:25)*`
	eq  = `(?:=|\\*u003d|` + pct + `3d|&#61;|&#x3d;)`
	qm  = `(?:\?|\\*u003f|` + pct + `3f)`
	gap = `(?:\s|\+|\\*u0020|\\*u002b|` + pct + `2[0b])+`
	// minToken is what a bearer token has at least, and few words of a sentence.
	minToken = `{12,}`
)

// names are those of parameters and properties that hold a secret.
var names = []string{"accountkey", "client_secret", "client_assertion", "access_token", "refresh_token", "id_token"}

var (
	// sasParam finds a signature; the parameter's name may follow an encoded & or ?.
	sasParam = regexp.MustCompile(`(?i)(?:^|[^a-z0-9]|u0026|u003f|` + pct + `(?:26|3f))sig` + eq)
	query    = regexp.MustCompile(`(?i)` + qm)
	// words are runs of what a query or a token may contain.
	words = regexp.MustCompile("[^\\s\"'<>`|{}()\\[\\]]+")
	// loose is a signature with blanks or a colon between name and value.
	loose  = regexp.MustCompile(`(?i)(^|[^a-z0-9])(sig(?:nature)?["']?\s*(?::|` + eq + `)\s*["']?)[a-z0-9+/%_-]{20,}(?:=|%3d)*`)
	scheme = regexp.MustCompile(`(?i)(bearer|sharedkey|sharedkeylite)` + gap + `[^\s"'<>,;]` + minToken)
	jwt    = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]+)+\.?`)
	named  = regexp.MustCompile(`(?i)(` + strings.Join(names, "|") + `)(\\*["']?\s*(?::|` + eq + `)\s*\\*["']?)[^\s"'&;,]+`)
)

// Cut returns s without what looks like a secret; it does not decode base64.
func Cut(s string) string {
	if !Suspect(s) {
		return s
	}
	return thorough(s)
}

func thorough(s string) string {
	low := strings.ToLower(s)
	if maybeSAS(low) {
		s = words.ReplaceAllStringFunc(s, cutSAS)
	}
	if maybeLoose(low) {
		s = loose.ReplaceAllString(s, "${1}${2}"+Mark)
	}
	if strings.Contains(low, "bearer") || strings.Contains(low, "sharedkey") {
		s = scheme.ReplaceAllString(s, "$1 "+Mark)
	}
	if strings.Contains(s, "eyJ") {
		s = jwt.ReplaceAllString(s, Mark)
	}
	for _, name := range names {
		if strings.Contains(low, name) {
			return named.ReplaceAllString(s, "${1}${2}"+Mark)
		}
	}
	return s
}

// maybeSAS is a cheap look for a parameter named sig: most lines have none.
func maybeSAS(low string) bool {
	for i := 0; ; {
		n := strings.Index(low[i:], "sig")
		if n < 0 {
			return false
		}
		i += n + 3
		if i < len(low) && strings.IndexByte(`=%\&`, low[i]) >= 0 {
			return true
		}
	}
}

// maybeLoose is the same for [loose], whose name begins a word: "assigned" stands in every report.
func maybeLoose(low string) bool {
	for i := 0; ; {
		n := strings.Index(low[i:], "sig")
		if n < 0 {
			return false
		}
		i += n
		if i == 0 || !isWord(low[i-1]) {
			return true
		}
		i += len("sig")
	}
}

// isWord reports whether a byte is a letter or digit of ASCII.
func isWord(b byte) bool { return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' }

// cutSAS drops the query of a signed URL, or the whole word when it is a query without a URL.
func cutSAS(w string) string {
	at := sasParam.FindStringIndex(w)
	if at == nil {
		return w
	}
	if q := query.FindStringIndex(w); q != nil && q[0] <= at[0] {
		return w[:q[1]] + Mark
	}
	return Mark
}
