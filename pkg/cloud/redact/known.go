package redact

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// The secrets of this process are known by their pieces: any twelve letters and digits in a row that stand at a place
// divisible by four within a secret betray it, in whatever spelling. Signs in between do not count, and neither does case.
const (
	piece  = 12
	stride = 4
	factor = 0x9E3779B97F4A7C15
	// dumped is the length up to which a secret is looked for as a dump: signatures and keys, not tokens.
	dumped = 128
)

// factorTop is factor to the power of piece − 1, for taking the oldest letter out of a rolling sum.
var factorTop = func() uint64 {
	f := uint64(1)
	for range piece - 1 {
		f *= factor
	}
	return f
}()

// known are the pieces of all secrets that were told.
var known struct {
	any    atomic.Bool
	mu     sync.RWMutex
	told   map[string]struct{}
	pieces map[uint64]struct{}
	// few has a bit for the low bits of each piece: most text is passed over by it.
	few [1 << 13]uint64
}

// Know makes [Bytes] and [String] take this secret out from now on: as it is, reversed, percent-encoded, as entities, in
// JSON's escapes, in hex and in base64, and as a dump in hex or base32, also of the bytes behind a base64 secret. What is too short to be told from ordinary text (fewer than 12 letters and digits)
// is not looked for. Safe for concurrent use.
func Know(secret string) {
	if len(secret) < piece {
		return
	}
	known.mu.RLock()
	_, told := known.told[secret]
	known.mu.RUnlock()
	if told {
		return
	}
	core := make([]byte, 0, len(secret))
	for i := range len(secret) {
		if alnum(secret[i]) {
			core = append(core, secret[i])
		}
	}
	known.mu.Lock()
	defer known.mu.Unlock()
	if known.told == nil {
		known.told, known.pieces = map[string]struct{}{}, map[uint64]struct{}{}
	}
	known.told[secret] = struct{}{}
	learn(core, stride)
	for i, j := 0, len(core)-1; i < j; i, j = i+1, j-1 {
		core[i], core[j] = core[j], core[i]
	}
	learn(core, stride)
	if len(secret) <= dumped {
		once := url.QueryEscape(secret)
		for _, form := range []string{secret, once, url.QueryEscape(once)} {
			learn([]byte(hex.EncodeToString([]byte(form))), piece)
			learn([]byte(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(form))), piece)
		}
		if raw, err := base64.StdEncoding.DecodeString(secret); err == nil {
			learn([]byte(hex.EncodeToString(raw)), piece)
		}
	}
	known.any.Store(len(known.pieces) > 0)
}

// learn adds the pieces of a secret, one each step letters and its last one. The lock is held.
func learn(core []byte, step int) {
	last := len(core) - piece
	for at := 0; at <= last; at += step {
		add(core[at : at+piece])
		if at < last && at+step > last {
			add(core[last:])
		}
	}
}

// add adds one piece, unless it may be words.
func add(p []byte) {
	words, sum := true, uint64(0)
	for _, c := range p {
		words = words && c >= 'a' && c <= 'z'
		sum = sum*factor + uint64(lower(c))
	}
	if words {
		return
	}
	known.pieces[sum] = struct{}{}
	known.few[slot(sum)] |= 1 << (sum >> 58)
}

func slot(sum uint64) uint64 { return sum >> 40 & (1<<13 - 1) }

func alnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// span is a part of a text.
type span struct{ from, to int }

// turned is up to how many bytes a text is also read from its end: an encoded secret that was reversed can be read so only.
const turned = 64 << 10

// traces finds where s holds pieces of a known secret, in order and apart.
func traces[T string | []byte](s T) (found []span) {
	if !known.any.Load() {
		return nil
	}
	known.mu.RLock()
	defer known.mu.RUnlock()
	found = scan(s)
	if len(s) > turned {
		return found
	}
	back := append([]byte(nil), s...)
	slices.Reverse(back)
	for _, f := range scan(back) {
		found = append(found, span{len(s) - f.to, len(s) - f.from})
	}
	slices.SortFunc(found, func(a, b span) int { return a.from - b.from })
	apart := found[:0]
	for _, f := range found {
		if k := len(apart) - 1; k >= 0 && f.from <= apart[k].to {
			apart[k].to = max(apart[k].to, f.to)
			continue
		}
		apart = append(apart, f)
	}
	return apart
}

// scan finds the pieces that can be read forwards. The lock is held.
func scan[T string | []byte](s T) (found []span) {
	var from [piece]int // where the latest letters began
	var letters [piece]byte
	sum, n := uint64(0), 0
	for i := 0; i < len(s); {
		c, width := read(s, i)
		if !alnum(c) {
			i += width
			continue
		}
		c = lower(c)
		at := n % piece
		if n >= piece {
			sum -= uint64(letters[at]) * factorTop
		}
		sum = sum*factor + uint64(c)
		letters[at], from[at] = c, i
		i += width
		if n++; n < piece || known.few[slot(sum)]&(1<<(sum>>58)) == 0 {
			continue
		}
		if _, ok := known.pieces[sum]; !ok {
			continue
		}
		start := from[n%piece]
		if k := len(found) - 1; k >= 0 && start <= found[k].to+2*stride {
			found[k].to = i
		} else {
			found = append(found, span{start, i})
		}
	}
	return found
}

// read gives the byte at i and how many bytes spell it: percent-encoded in any depth, as an entity, or in JSON's escapes.
func read[T string | []byte](s T, i int) (c byte, width int) {
	for c, width = one(s, i); c == '%'; {
		if v, ok := hexPair(s, i+width); ok {
			c, width = v, width+2
			continue
		}
		// The two digits may be spelled as well.
		a, n1 := digit(s, i+width)
		b, n2 := digit(s, i+width+n1)
		if n1 == 0 || n2 == 0 {
			break
		}
		c, width = a<<4|b, width+n1+n2
	}
	return c, width
}

// one reads an entity or an escape, or the byte itself.
func one[T string | []byte](s T, i int) (c byte, width int) {
	switch s[i] {
	case '\\':
		return escape(s, i)
	case '&':
		return entity(s, i)
	}
	return s[i], 1
}

// digit reads a hex digit that is spelled as an entity, an escape or percent-encoded; width is 0 for anything else.
func digit[T string | []byte](s T, i int) (v byte, width int) {
	if i >= len(s) {
		return 0, 0
	}
	c, width := one(s, i)
	if c == '%' {
		if plain, ok := hexPair(s, i+width); ok {
			c, width = plain, width+2
		}
	}
	if v, ok := hexDigit(c); ok {
		return v, width
	}
	return 0, 0
}

// escape reads \u0041 and \x41, behind any number of backslashes.
func escape[T string | []byte](s T, i int) (byte, int) {
	k := i
	for k < len(s) && s[k] == '\\' {
		k++
	}
	switch {
	case k+5 <= len(s) && s[k] == 'u' && s[k+1] == '0' && s[k+2] == '0':
		if v, ok := hexPair(s, k+3); ok {
			return v, k + 5 - i
		}
	case k+3 <= len(s) && s[k] == 'x':
		if v, ok := hexPair(s, k+1); ok {
			return v, k + 3 - i
		}
	}
	return '\\', k - i
}

// entity reads &#65; and &#x41;, whose & may be spelled &amp; in any depth.
func entity[T string | []byte](s T, i int) (byte, int) {
	k := i + 1
	for k+4 <= len(s) && s[k] == 'a' && s[k+1] == 'm' && s[k+2] == 'p' && s[k+3] == ';' {
		k += 4
	}
	if k >= len(s) || s[k] != '#' {
		return '&', 1
	}
	k++
	base := 10
	if k < len(s) && lower(s[k]) == 'x' {
		base = 16
		k++
	}
	v, digits := 0, 0
	for ; k < len(s) && digits < 8; k++ {
		d, ok := hexDigit(s[k])
		if !ok || int(d) >= base {
			break
		}
		v, digits = min(v*base+int(d), 1<<16), digits+1
	}
	if digits == 0 || v > 255 {
		return '&', 1
	}
	if k < len(s) && s[k] == ';' {
		k++
	}
	return byte(v), k - i
}

func hexPair[T string | []byte](s T, i int) (byte, bool) {
	if i+2 > len(s) {
		return 0, false
	}
	a, ok1 := hexDigit(s[i])
	b, ok2 := hexDigit(s[i+1])
	return a<<4 | b, ok1 && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// cut gives s without known secrets in any spelling but base64. What stands in one word with a piece of a secret goes with
// it: of a dump whose bytes are spelled otherwise in between only some pieces are known.
func cut(s string) string {
	found := traces(s)
	if len(found) == 0 {
		return s
	}
	var out strings.Builder
	done := 0
	for _, f := range found {
		if f.to <= done {
			continue
		}
		f = word(s, done, f)
		out.WriteString(s[done:f.from])
		if f.from > done || done == 0 {
			out.WriteString(Mark)
		}
		done = f.to
	}
	out.WriteString(s[done:])
	return out.String()
}

// word widens f to the letters and digits beside it, down to the place least.
func word(s string, least int, f span) span {
	f.from = max(f.from, least)
	for f.from > least && alnum(s[f.from-1]) {
		f.from--
	}
	if f.from > least && s[f.from-1] == '%' { // an encoded sign, not the word
		f.from += 2
	}
	for f.to < len(s) && alnum(s[f.to]) {
		f.to++
	}
	return f
}

// inHex reports whether a run is hex of something with a known secret in it.
func inHex(s string) bool {
	if !known.any.Load() {
		return false
	}
	for i := range len(s) {
		if _, ok := hexDigit(s[i]); !ok {
			return false
		}
	}
	for off := range 2 {
		part := s[off:]
		if dec, err := hex.DecodeString(part[:len(part)&^1]); err == nil && len(traces(dec)) > 0 {
			return true
		}
	}
	return false
}
