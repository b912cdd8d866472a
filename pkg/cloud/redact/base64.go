package redact

import (
	"encoding/base64"
	"slices"
	"strings"
	"unsafe"

	"wave365/pkg/cloud/redact/shape"
)

// minRun is the shortest base64 that is looked into: fifteen bytes hold no secret together with what betrays it.
const minRun = 20

// runs replaces what is base64 of a secret, also from its end.
func runs(s string) string {
	found := encodings(s)
	if len(found) == 0 {
		return s
	}
	var out strings.Builder
	done := 0
	for _, f := range found {
		out.WriteString(s[done:f.from])
		out.WriteString(Mark)
		done = padding(s, f.to)
	}
	out.WriteString(s[done:])
	return out.String()
}

// encodings finds what is base64 of a secret, in order and apart.
func encodings(s string) (found []span) {
	var l lens
	for at, end := l.next(s, 0); at >= 0; at, end = l.next(s, end) {
		found = append(found, span{at, end})
	}
	if len(s) > turned || !known.any.Load() {
		return found
	}
	back := []byte(s)
	slices.Reverse(back)
	text := unsafe.String(unsafe.SliceData(back), len(back))
	for at, end := l.next(text, 0); at >= 0; at, end = l.next(text, end) {
		found = append(found, span{len(s) - end, len(s) - at})
	}
	return apart(found)
}

// nested reports whether there is base64 of a secret in what was decoded already.
func nested(dec []byte) bool {
	inner := lens{nested: true}
	at, _ := inner.next(unsafe.String(unsafe.SliceData(dec), len(dec)), 0)
	return at >= 0
}

// alphabet marks the bytes that a run may begin with or go on with.
var alphabet = func() (t [256]bool) {
	for c := range t {
		_, n := char(string([]byte{byte(c)}))
		t[c] = n > 0 || c == '%' || c == '\\'
	}
	return t
}()

// lens holds what looking into runs needs again and again.
type lens struct {
	run, dec []byte
	// nested is the look into what was decoded already: it goes no deeper.
	nested bool
}

// next gives the place of the first run at or after i that is base64 of a secret; at is -1 when there is none.
func (l *lens) next(s string, i int) (at, end int) {
	for i < len(s) {
		if !alphabet[s[i]] {
			i++
			continue
		}
		// Most runs are words: a run of n characters has at least n bytes of the alphabet.
		bytes := i
		for bytes < len(s) && alphabet[s[bytes]] {
			bytes++
		}
		if bytes-i < minRun {
			i = bytes
			continue
		}
		end, chars := run(s, i)
		if chars >= minRun && (!l.nested && dumps(s[i:end]) || !isID(s[i:end]) && l.hides(s[i:end])) {
			return i, end
		}
		i = max(end, i+1)
	}
	return -1, len(s)
}

// isID reports whether a run has only small hex digits and dashes, as ids have, of which a report is full. Base64 of a
// word that betrays a secret always has other characters; a test holds the words against it.
func isID(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') && c != '-' {
			return false
		}
	}
	return true
}

// run gives where the base64 ends that starts at i, and how many characters it has. Its specials may be URL-encoded or
// JSON-escaped.
func run(s string, i int) (end, chars int) {
	for i < len(s) {
		_, n := char(s[i:])
		if n == 0 {
			break
		}
		i += n
		chars++
	}
	return i, chars
}

// std maps a character of either alphabet to the standard one.
func std(c byte) byte {
	switch c {
	case '-':
		return '+'
	case '_':
		return '/'
	}
	return c
}

// char reads one character of base64 and how many bytes it takes; 0: there is none.
func char(s string) (byte, int) {
	switch c := s[0]; {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '+', c == '/', c == '-', c == '_':
		return std(c), 1
	case c == '%' || c == '\\':
		for _, special := range []struct {
			hex  string
			char byte
		}{{"2b", '+'}, {"2f", '/'}} {
			if n := encoded(s, special.hex); n > 0 {
				return special.char, n
			}
		}
		if strings.HasPrefix(s, `\/`) {
			return '/', 2
		}
	}
	return 0, 0
}

// encoded gives how many bytes at the start of s are the URL-encoded or JSON-escaped character with this code, in any
// depth; 0: none.
func encoded(s, hex string) int {
	i := 0
	switch {
	case strings.HasPrefix(s, "%"):
		i = 1
	case strings.HasPrefix(s, `\`):
		for i < len(s) && s[i] == '\\' {
			i++
		}
		if hasFold(s[i:], "u00"+hex) {
			return i + 5
		}
		if !hasFold(s[i:], "u0025") {
			return 0
		}
		i += 5
	default:
		return 0
	}
	for strings.HasPrefix(s[i:], "25") && !strings.EqualFold(hex, "25") {
		i += 2
	}
	if hasFold(s[i:], hex) {
		return i + len(hex)
	}
	return 0
}

func hasFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// padding gives where base64's padding ends that starts at i.
func padding(s string, i int) int {
	for i < len(s) {
		if s[i] == '=' {
			i++
		} else if n := encoded(s[i:], "3d"); n > 0 {
			i += n
		} else {
			break
		}
	}
	return i
}

// hides reports whether a run is base64 of something with a secret in it. The run may begin with characters that do
// not belong to it, so each alignment is tried.
func (l *lens) hides(s string) bool {
	l.run = l.run[:0]
	for i := 0; i < len(s); {
		c, n := char(s[i:])
		l.run = append(l.run, c)
		i += n
	}
	l.dec = slices.Grow(l.dec[:0], base64.RawStdEncoding.DecodedLen(len(l.run)))
	for off := range 4 {
		part := l.run[off:]
		if len(part)%4 == 1 {
			part = part[:len(part)-1]
		}
		n, err := base64.RawStdEncoding.Decode(l.dec[:cap(l.dec)], part)
		if err != nil {
			continue
		}
		// UTF-16, as PowerShell encodes it.
		text := l.dec[:0]
		for _, c := range l.dec[:n] {
			if c != 0 {
				text = append(text, c)
			}
		}
		if shape.Suspect(text) && shape.Cut(string(text)) != string(text) || len(traces(text)) > 0 || !l.nested && (nested(text) || dumps(string(text))) {
			return true
		}
	}
	return false
}
