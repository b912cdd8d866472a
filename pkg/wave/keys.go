package wave

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"wave365/pkg/wave/address"
	"wave365/pkg/wave/sheet/celltext"
)

// NameKey makes two spellings of one name compare equal, be it of a policy, a group, a license or a user: NFC, without
// invisible characters and surrounding blanks, blanks and quotes of any kind alike, without case. Blanks in a row count as one.
func NameKey(s string) string {
	s = celltext.Trim(s)
	plain := true
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || c <= ' ' || c == '"' || c == '`' {
			plain = false
			break
		}
	}
	if plain {
		return strings.ToLower(s)
	}
	s = strings.Join(strings.FieldsFunc(strings.Map(func(r rune) rune {
		switch {
		case celltext.Invisible(r):
			return -1
		case celltext.IsQuote(r):
			return '\''
		}
		return r
	}, norm.NFC.String(s)), unicode.IsSpace), " ")
	return norm.NFC.String(cases.Fold().String(s))
}

// UserKey is [NameKey] of a user.
func UserKey(s string) string { return NameKey(s) }

// BlobKey makes two spellings of one blob compare equal: a path or URL without its query; of a URL also the host in lower
// case, the scheme and its usual port dropped, percent-encoding undone. A path is taken as it stands. A path and the URL
// of the same blob stay different: only the configuration knows the account that the path is in.
func BlobKey(s string) string {
	s = celltext.Trim(s)
	if isURL(s) {
		s, _, _ = strings.Cut(s, "?")
		s, _, _ = strings.Cut(s, "#")
		scheme, rest, _ := strings.Cut(s, "://")
		host, path, _ := strings.Cut(rest, "/")
		host = strings.ToLower(host)
		if strings.EqualFold(scheme, "https") {
			host = strings.TrimSuffix(host, ":443")
		} else {
			host = strings.TrimSuffix(host, ":80")
		}
		return "//" + host + "/" + address.Slashes(unescape(path))
	}
	s, _, _ = strings.Cut(s, "?")
	return address.Slashes(s)
}

func isURL(s string) bool {
	s = strings.ToLower(s[:min(len(s), len("https://"))])
	return strings.HasPrefix(s, "http://") || s == "https://"
}

func unescape(path string) string {
	if plain, err := url.PathUnescape(path); err == nil {
		return plain
	}
	return path
}

// RedactSAS returns s without the query of any URL in it. A text that carries a signature anywhere is cut from the
// beginning of the query that holds it to its end.
func RedactSAS(s string) string {
	if !strings.ContainsAny(s, "?=%") { // most cells
		return s
	}
	if plain := plainLetters(s); signature(plain) >= 0 {
		s = plain
	}
	if at := signature(s); at >= 0 {
		start := queryStart(s[:at])
		return RedactSAS(s[:start])
	}
	if !strings.Contains(s, "://") || !strings.Contains(s, "?") {
		return s
	}
	var b strings.Builder
	for s != "" {
		end := strings.IndexFunc(s, celltext.IsBlank)
		if end < 0 {
			end = len(s)
		}
		word := s[:end]
		if i := strings.Index(word, "?"); i >= 0 && strings.Contains(word[:i], "://") {
			word = word[:i]
		}
		b.WriteString(word)
		next := strings.IndexFunc(s[end:], func(r rune) bool { return !celltext.IsBlank(r) })
		if next < 0 {
			next = len(s) - end
		}
		b.WriteString(s[end : end+next])
		s = s[end+next:]
	}
	return b.String()
}

// encodedLetter is a letter of sig, percent-encoded once or more: no program writes one so, and every one reads it.
var encodedLetter = regexp.MustCompile(`(?i)%(?:25)*(?:([57]3)|([46]9)|([46]7))`)

// plainLetters gives s with the percent-encoded letters of sig decoded.
func plainLetters(s string) string {
	return encodedLetter.ReplaceAllStringFunc(s, func(code string) string {
		switch code[len(code)-1] {
		case '3':
			return "s"
		case '9':
			return "i"
		}
		return "g"
	})
}

// signature is the index of "sig=" in s, plain or percent-encoded; -1 when it is not there.
func signature(s string) int {
	lower := celltext.ASCIILower(s)
	for from := 0; ; {
		i := strings.Index(lower[from:], "sig")
		if i < 0 {
			return -1
		}
		i += from
		from = i + 3
		letterBefore := i > 0 && lower[i-1] >= 'a' && lower[i-1] <= 'z' && !escapedBefore(lower[:i])
		after := lower[from:]
		if !letterBefore && (strings.HasPrefix(after, "=") || strings.HasPrefix(after, "%3d") || strings.HasPrefix(after, "%253d")) {
			return i
		}
	}
}

// escapedBefore reports whether s ends in a percent-encoded character, encoded once or twice.
func escapedBefore(s string) bool {
	return len(s) >= 3 && (s[len(s)-3] == '%' || strings.HasSuffix(s[:len(s)-2], "%25"))
}

// queryStart is where the query at the end of s begins: at its last "?", plain or percent-encoded, else at its last word.
func queryStart(s string) int {
	lower := celltext.ASCIILower(s)
	at := max(strings.LastIndexByte(lower, '?'), strings.LastIndex(lower, "%3f"), strings.LastIndex(lower, "%253f"))
	if at >= 0 {
		return at
	}
	at = strings.LastIndexFunc(s, celltext.IsBlank)
	if at < 0 {
		return 0
	}
	_, size := utf8.DecodeRuneInString(s[at:])
	return at + size
}
