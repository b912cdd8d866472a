package redact_test

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"wave365/pkg/cloud/redact"
)

// spelled are the ways in which a service, or a proxy, may repeat what it was sent.
var spelled = map[string]func(s string) string{
	"Raw":           func(s string) string { return s },
	"Encoded":       url.QueryEscape,
	"EncodedTwice":  func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
	"EncodedThrice": func(s string) string { return url.QueryEscape(url.QueryEscape(url.QueryEscape(s))) },
	"AllPercent":    func(s string) string { return each(s, "%%%02x") },
	"ALLPERCENT":    func(s string) string { return each(s, "%%%02X") },
	"PercentTwice":  func(s string) string { return url.QueryEscape(each(s, "%%%02x")) },
	"Entities":      func(s string) string { return each(s, "&#%d;") },
	"HexEntities":   func(s string) string { return each(s, "&#x%x;") },
	"EntitiesTwice": func(s string) string { return strings.ReplaceAll(each(s, "&#%d;"), "&", "&amp;") },
	"JSON":          func(s string) string { return each(s, `\u%04x`) },
	"JSONTwice":     func(s string) string { return each(s, `\\u%04X`) },
	"JSONSlash":     func(s string) string { return strings.ReplaceAll(s, "/", `\/`) },
	"Escapes":       func(s string) string { return each(s, `\x%02x`) },
	"EntitiesOfURL": func(s string) string { return each(url.QueryEscape(s), "&#%d;") },
	"PercentOfURL":  func(s string) string { return each(url.QueryEscape(s), "%%%02x") },
	"JSONOfURL":     func(s string) string { return each(url.QueryEscape(s), `\u%04x`) },
	"Hex":           func(s string) string { return hex.EncodeToString([]byte(s)) },
	"hex dump":      func(s string) string { return fmt.Sprintf("% x", s) },
	"HEX dump":      func(s string) string { return strings.ReplaceAll(fmt.Sprintf("% X", s), " ", ":") },
	"hex of URL":    func(s string) string { return hex.EncodeToString([]byte("?sig=" + url.QueryEscape(s) + "&se=2026")) },
	"hex of url": func(s string) string {
		return hex.EncodeToString([]byte("x" + strings.ToLower(url.QueryEscape(s)[:9]) + url.QueryEscape(s)[9:]))
	},
	"dump of URL":   func(s string) string { return fmt.Sprintf("% x", url.QueryEscape(s)) },
	"hex reversed":  func(s string) string { return reversed(hex.EncodeToString([]byte("?sig=" + url.QueryEscape(s)))) },
	"raw hex":       func(s string) string { raw, _ := base64.StdEncoding.DecodeString(s); return hex.EncodeToString(raw) },
	"base32":        func(s string) string { return base32.StdEncoding.EncodeToString([]byte(s)) },
	"HEX":           func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"Base64":        func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"Base64Off1":    func(s string) string { return base64.StdEncoding.EncodeToString([]byte("x" + s)) },
	"Base64Off2":    func(s string) string { return base64.StdEncoding.EncodeToString([]byte("xy" + s)) },
	"Base64URL":     func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	"Base64Encoded": func(s string) string { return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(s))) },
	"Base64OfURL": func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte("https://a/b?sig=" + url.QueryEscape(s)))
	},
	"Base64UTF16": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(each(s, "%c\x00"))) },
	"Reversed":    reversed,
	"Octal":       func(s string) string { return each(s, `\%03o`) },
	"PercentU":    func(s string) string { return each(s, "%%u%04x") },
	"LongEscapes": func(s string) string { return each(s, `\U%08x`) },
	"Braces":      func(s string) string { return each(s, `\u{%x}`) },
	"ZeroEntity":  func(s string) string { return each(s, "&#%07d;") },
	"FullWidth":   func(s string) string { return strings.Map(func(c rune) rune { return c + 0xFEE0 }, s) },
	"Codes":       func(s string) string { return fmt.Sprint([]byte(s)) },
	"CodesOfURL":  func(s string) string { return each("?sig="+url.QueryEscape(s), "%d, ") },
	"HexCodes":    func(s string) string { return each(s, "0x%02x,") },
	"Named":       strings.NewReplacer("+", "&plus;", "/", "&sol;", "=", "&equals;").Replace,
	"NamedOfURL":  func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "%", "&amp;percnt;") },
	"base32Off":   func(s string) string { return base32.StdEncoding.EncodeToString([]byte("ab" + s)) },
	"base32hex":   func(s string) string { return base32.HexEncoding.EncodeToString([]byte("abc" + s)) },
	"Base64Twice": func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(s))))
	},
	"Base64OfHex": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString([]byte(s)))) },
	"HexOfBase64": func(s string) string {
		return hex.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte("x" + s))))
	},
	"HexTwice":       func(s string) string { return hex.EncodeToString([]byte(hex.EncodeToString([]byte(s)))) },
	"Base64Reversed": func(s string) string { return reversed(base64.StdEncoding.EncodeToString([]byte("xy" + s))) },
	"Upper":          strings.ToUpper,
	"Wrapped":        func(s string) string { return s[:20] + "\r\n " + s[20:] },
	"Front":          func(s string) string { return s[:24] },
	"Back":           func(s string) string { return s[len(s)-24:] },
	"BlankBefore":    func(s string) string { return "sig = " + s },
	"Colon":          func(s string) string { return `"sig" : "` + s + `"` },
}

func each(s, format string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, format, s[i])
	}
	return b.String()
}

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// pieces are parts by which the secret would be known again: a third of its spelling, which is more than its padding.
func pieces(s string) (out []string) {
	n := max(15, len(s)/3)
	for at := 0; at+n <= len(s); at++ {
		out = append(out, s[at:at+n])
	}
	return out
}

// A secret that the process was told of is found in every spelling, and the text around it stays.
func TestKnow(t *testing.T) {
	t.Parallel()
	const (
		sig   = "pL+9q/Zr0vXk2mWc8sTnB4yHdE6fGjA1uIoQ7aRz3tM="
		words = "The quick brown fox (anna@contoso.example) holds CPC_E_2C_8GB_128GB, 2026-11-27T18:00:00Z"
		guid  = "0b7e1f52-93a4-4c1d-8a6b-2f5d7c9e0a13"
	)
	if got := redact.String("a " + reversed(sig) + " b"); strings.Contains(got, redact.Mark) {
		t.Fatalf("found before it is known: %s", got)
	}
	redact.Know(sig)
	redact.Know("short")
	redact.Know("sandbox-token-9d2f61c07be84a35")
	checkSpellings(t, sig, words, guid)
	// Where the signs stand in a signature decides which pieces of a dump can be known.
	for i := range 100 {
		sum := sha256.Sum256([]byte{byte(i)})
		other := base64.StdEncoding.EncodeToString(sum[:])
		redact.Know(other)
		checkSpellings(t, other, words, guid)
	}
	for _, clean := range []string{words, guid, "a sandbox token is worth nothing", "the signature of that signing", "sig: none", "design: see sig=x", strings.Repeat("A", 40), strings.Repeat("A", 41) + "=="} {
		if got := redact.String(clean); got != clean && clean != "design: see sig=x" {
			t.Errorf("%q became %q", clean, got)
		}
	}
}

// checkSpellings looks for what is left of a known secret between words and a guid, for each of its spellings.
func checkSpellings(t *testing.T, sig, words, guid string) {
	t.Helper()
	for name, spell := range spelled {
		in := spell(sig)
		text := words + " <" + in + "> short " + guid
		got := redact.String(text)
		if string(redact.Bytes([]byte(text))) != got {
			t.Errorf("%s: bytes and text differ", name)
		}
		if !strings.Contains(got, redact.Mark) || !strings.HasPrefix(got, words+" <") || !strings.HasSuffix(got, " "+guid) {
			t.Errorf("%s: %s", name, got)
		}
		for _, p := range pieces(in) {
			if name != "Escapes" && strings.Contains(got, p) {
				t.Errorf("%s: %q is left of %q in %s", name, p, in, got)
				break
			}
		}
	}
}

func BenchmarkKnown(b *testing.B) {
	for i := range 20000 {
		redact.Know(fmt.Sprintf("%x", [2]uint64{uint64(i) * 0x9E3779B97F4A7C15, uint64(i+1) * 0xBF58476D1CE4E5B9}))
	}
	text := []byte(strings.Repeat("anna@contoso.example,disks/anna.vhd,W365 Pilot,succeeded,2026-11-27T18:00:00Z,0b7e1f52-93a4-4c1d-8a6b-2f5d7c9e0a13\n", 10000))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		redact.Bytes(text)
	}
}
