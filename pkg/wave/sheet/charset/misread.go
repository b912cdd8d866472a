package charset

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// mark is the byte order mark.
const mark = "\uFEFF"

// codePage is a code page in which programs read UTF-8 by mistake.
type codePage struct {
	name string
	enc  encoding.Encoding
	// mark is what a UTF-8 byte order mark looks like in it; "" when part of it is lost.
	mark string
	// common: what it makes of UTF-8 is no text in any language, so that one such place is proof enough.
	common bool
}

// pages are the ones that people meet, the likeliest first.
var pages = func() []codePage {
	all := []codePage{
		{name: "Windows-1252", enc: charmap.Windows1252, common: true},
		{name: "437 (OEM United States)", enc: charmap.CodePage437, common: true},
		{name: "850 (OEM Western Europe)", enc: charmap.CodePage850, common: true},
		{name: "Windows-1250", enc: charmap.Windows1250, common: true},
		{name: "852 (OEM Central Europe)", enc: charmap.CodePage852, common: true},
		{name: "Mac OS Roman", enc: charmap.Macintosh, common: true},
		{name: "Windows-1254", enc: charmap.Windows1254, common: true},
		{name: "865 (OEM Nordic)", enc: charmap.CodePage865, common: true},
		{name: "Windows-1251", enc: charmap.Windows1251},
		{name: "866 (OEM Russian)", enc: charmap.CodePage866},
		{name: "Windows-1253", enc: charmap.Windows1253},
		{name: "Windows-1255", enc: charmap.Windows1255},
		{name: "Windows-1256", enc: charmap.Windows1256},
		{name: "Windows-1257", enc: charmap.Windows1257},
		{name: "Windows-1258", enc: charmap.Windows1258},
		{name: "Windows-874", enc: charmap.Windows874},
		{name: "KOI8-R", enc: charmap.KOI8R},
		{name: "ISO 8859-2", enc: charmap.ISO8859_2},
		{name: "Shift-JIS", enc: japanese.ShiftJIS},
		{name: "GBK", enc: simplifiedchinese.GBK},
	}
	for i, p := range all {
		if seen, err := p.enc.NewDecoder().String(mark); err == nil && !strings.ContainsRune(seen, utf8.RuneError) {
			all[i].mark = seen
		}
	}
	return all
}()

// bytesOf gives the bytes that the page reads as s; false when it has no such text.
func (p codePage) bytesOf(s string) (string, bool) {
	single, ok := p.enc.(*charmap.Charmap)
	if !ok {
		out, err := p.enc.NewEncoder().String(s)
		return out, err == nil
	}
	out := make([]byte, 0, len(s))
	for _, r := range s {
		b, ok := single.EncodeRune(r)
		if !ok {
			if r < 0x80 || r > 0x9F {
				return "", false
			}
			b = byte(r) // a byte without a letter is kept as the control character of its number
		}
		out = append(out, b)
	}
	return string(out), true
}

// undo gives what a run of characters beyond ASCII was before the page was applied to it. sure: no text of any language looks
// like that run. ok is false when it did not come about so.
func (p codePage) undo(run string) (was string, sure, ok bool) {
	was, ok = p.bytesOf(run)
	if !ok || !utf8.ValidString(was) {
		return "", false, false
	}
	for _, r := range was {
		if !writes(r) {
			return "", false, false
		}
	}
	for i, r := range run {
		if i == 0 {
			sure = strings.ContainsRune("ÂÃ", r)
			continue
		}
		// Such marks may really stand behind an accented letter: CAFÉ”, « qualité ».
		sure = sure || !strings.ContainsRune("‘’‚“”„–—…‹›«»·•\u00A0", r)
	}
	return was, sure, true
}

// Misreading is a wrong code page that a text was read in on its way, so that its letters became others.
type Misreading struct{ page codePage }

// Page names the code page.
func (m *Misreading) Page() string { return m.page.name }

// Undo gives a cell as it was; false when the cell holds nothing that was read wrongly.
func (m *Misreading) Undo(cell string) (string, bool) {
	found := false
	for range 3 { // some files go the same way again and again
		var b strings.Builder
		changed := false
		eachRun(cell, func(run string, beyond bool) {
			if beyond {
				if was, _, ok := m.page.undo(run); ok {
					run, changed = was, true
				}
			}
			b.WriteString(run)
		})
		if !changed {
			break
		}
		cell, found = b.String(), true
	}
	return cell, found
}

// occurrence is a run of characters beyond ASCII. inWord: a plain letter stands before or behind it, as it does not with words
// of other scripts.
type occurrence struct {
	run    string
	inWord bool
}

const (
	// maxRuns is how many different runs decide, maxRun how many bytes each has.
	maxRuns, maxRun = 2000, 1 << 10
	// byChance is how many characters in a row no other text turns into by chance.
	byChance = 3
)

func occurrences(text string) map[occurrence]int {
	seen := map[occurrence]int{}
	at := 0
	eachRun(text, func(run string, beyond bool) {
		if beyond && len(run) <= maxRun && len(seen) < maxRuns {
			inWord := at > 0 && isLetter(text[at-1]) || at+len(run) < len(text) && isLetter(text[at+len(run)])
			seen[occurrence{run, inWord}]++
		}
		at += len(run)
	})
	return seen
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// FindMisreading finds the page that explains the most of a text; nil when none does. hint is the page of the byte order mark.
func FindMisreading(text, hint string) *Misreading {
	seen := occurrences(text)
	var best *Misreading
	most := 0
	for _, p := range pages {
		if n := p.explains(seen, p.name == hint); n > most {
			best, most = &Misreading{p}, n
		}
	}
	return best
}

// explains counts the runs that the page has made; 0 when they may well be text as it was written. One that no language
// writes is proof for a page of the Latin script; others must explain more than they leave.
func (p codePage) explains(seen map[occurrence]int, hinted bool) int {
	explained, proof, other := 0, 0, 0
	for o, n := range seen {
		was, sure, ok := p.undo(o.run)
		switch {
		case !ok:
			other += n
			continue
		case sure && (p.common || o.inWord || utf8.RuneCountInString(was) >= byChance):
			proof += n
		}
		explained += n
	}
	switch {
	case hinted:
		return 2 * explained
	case proof > 0 && (p.common || proof > other), !p.common && explained > max(1, other):
		return explained
	}
	return 0
}

// eachRun gives a text piece by piece: runs of characters beyond ASCII, and what stands between them.
func eachRun(s string, do func(run string, beyond bool)) {
	for s != "" {
		beyond := s[0] >= utf8.RuneSelf
		end := strings.IndexFunc(s, func(r rune) bool { return (r >= utf8.RuneSelf) != beyond })
		if end < 0 {
			end = len(s)
		}
		do(s[:end], beyond)
		s = s[end:]
	}
}

// written are the characters beyond ASCII that people write names and notes in.
var written = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x00A0, 0x017F, 1}, {0x01A0, 0x01A1, 1}, {0x01AF, 0x01B0, 1}, {0x0218, 0x021B, 1}, {0x0300, 0x036F, 1}, {0x0386, 0x03CE, 1}, {0x0401, 0x045F, 1}, {0x0490, 0x0491, 1},
		{0x05D0, 0x05EA, 1}, {0x0621, 0x064A, 1}, {0x0E01, 0x0E5B, 1}, {0x1E00, 0x1EFF, 1}, {0x200B, 0x203A, 1}, {0x20AC, 0x20AC, 1}, {0x2122, 0x2122, 1},
		{0x3000, 0x30FF, 1}, {0x4E00, 0x9FFF, 1}, {0xAC00, 0xD7A3, 1}, {0xFEFF, 0xFEFF, 1}, {0xFF01, 0xFF9F, 1},
	},
	R32: []unicode.Range32{{0x1F300, 0x1FAFF, 1}},
}

func writes(r rune) bool { return r < utf8.RuneSelf || unicode.Is(written, r) }
