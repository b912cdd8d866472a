package pseudonym

import (
	"cmp"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// own is the domain of all pseudonyms; names below example are reserved and belong to nobody.
const own = "redacted.example"

var (
	mail = regexp.MustCompile(`[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*`)
	link = regexp.MustCompile(`(?i)\b(https?|ftp|smb)://([\p{L}\p{N}._:\[\]-]+)`)
	ipv4 = regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b`)
	home = regexp.MustCompile(`(?i)([/\\](?:home|users)[/\\])([^/\\\s"']+)`)
)

// public are hosts that everybody uses; they are not replaced.
var public = []string{
	"graph.microsoft.com", "graph.microsoft.us", "windows365.microsoft.com", "intune.microsoft.com", "learn.microsoft.com",
	"login.microsoftonline.com", "localhost",
}

// text returns s with pseudonyms for what is known to be a name and for what looks like an address or a host.
func (n *namer) text(s string) string {
	if s == "" {
		return s
	}
	s = n.names(s)
	if strings.Contains(s, "@") {
		s = mail.ReplaceAllStringFunc(s, func(m string) string {
			if strings.HasSuffix(m, "@"+own) {
				return m
			}
			return n.address(m)
		})
	}
	if strings.Contains(s, "://") {
		s = link.ReplaceAllStringFunc(s, func(m string) string {
			scheme, host, _ := strings.Cut(m, "://")
			return scheme + "://" + n.host(host)
		})
	}
	if strings.ContainsAny(s, `/\`) {
		s = home.ReplaceAllStringFunc(s, func(m string) string {
			p := home.FindStringSubmatch(m)
			return p[1] + "person-" + n.tag("person", p[2])
		})
	}
	if !strings.Contains(s, ".") {
		return s
	}
	if n.inside != nil {
		s = n.inside.ReplaceAllStringFunc(s, n.host)
	}
	return ipv4.ReplaceAllStringFunc(s, n.host)
}

func (n *namer) host(s string) string {
	plain := strings.ToLower(s)
	if at := strings.LastIndexByte(plain, ':'); at > 0 {
		plain = plain[:at]
	}
	if addr, err := netip.ParseAddr(plain); slices.Contains(public, plain) || plain == own || strings.HasSuffix(plain, "."+own) || err == nil && addr.IsLoopback() {
		return s
	}
	return "host-" + n.tag("host", plain) + "." + own
}

// index prepares the search once all terms are known.
func (n *namer) index() {
	n.lengths = map[string][]int{}
	for t := range n.terms {
		w := t[:word(t, 0)]
		if !slices.Contains(n.lengths[w], len(t)) {
			n.lengths[w] = append(n.lengths[w], len(t))
		}
	}
	for _, l := range n.lengths {
		slices.SortFunc(l, func(a, b int) int { return cmp.Compare(b, a) })
	}
	slices.Sort(n.domains)
	if n.domains = slices.Compact(n.domains); len(n.domains) > 0 {
		quoted := make([]string, len(n.domains))
		for i, d := range n.domains {
			quoted[i] = regexp.QuoteMeta(d)
		}
		n.inside = regexp.MustCompile(`(?i)(?:[\p{L}\p{N}-]+\.)*\b(?:` + strings.Join(quoted, "|") + `)\b`)
	}
}

// names replaces terms wherever they are whole words, the longest first.
func (n *namer) names(s string) string {
	low := fold(s)
	var out strings.Builder
	done := 0
	for i := 0; i < len(s); {
		end := i + word(low, i)
		name, to := n.at(low, i, end)
		if to == 0 {
			if p, ok := n.exact[s[i:end]]; ok {
				name, to = p, end
			}
		}
		if to == 0 {
			i = end
			continue
		}
		out.WriteString(s[done:i])
		out.WriteString(name)
		i, done = to, to
	}
	if done == 0 {
		return s
	}
	out.WriteString(s[done:])
	return out.String()
}

// at looks for a term that begins at i, where the first word ends at end; to is 0 when there is none.
func (n *namer) at(low string, i, end int) (pseudonym string, to int) {
	for _, size := range n.lengths[low[i:end]] {
		to := i + size
		if to > len(low) {
			continue
		}
		last, _ := utf8.DecodeLastRuneInString(low[i:to])
		next, _ := utf8.DecodeRuneInString(low[to:])
		if inWord(last) && to < len(low) && inWord(next) {
			continue
		}
		if p, ok := n.terms[low[i:to]]; ok {
			return p, to
		}
	}
	return "", 0
}

// word returns the length of the word at i; a character that is neither letter nor digit is a word.
func word(s string, i int) int {
	n := 0
	for n < len(s)-i {
		r, size := utf8.DecodeRuneInString(s[i+n:])
		if !inWord(r) {
			break
		}
		n += size
	}
	if n == 0 {
		_, n = utf8.DecodeRuneInString(s[i:])
	}
	return n
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// fold returns s in lower case, with the same length in bytes; letters whose length would change are left alone.
func fold(s string) string {
	b := []byte(s)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if l := unicode.ToLower(r); r != utf8.RuneError && utf8.RuneLen(l) == size {
			utf8.EncodeRune(b[i:], l)
		}
		i += size
	}
	return string(b)
}
