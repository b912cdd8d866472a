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

	"wave365/pkg/cloud/redact/spelling"
)

// The secrets of this process are recognized by their pieces: any twelve letters and digits in a row, at an offset
// divisible by four within a secret, reveal it, in any spelling. Other characters in between are ignored, and so is case.
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

// known are the pieces of all registered secrets.
var known struct {
	any    atomic.Bool
	mu     sync.RWMutex
	told   map[string]struct{}
	pieces map[uint64]struct{}
	// few has a bit for the low bits of each piece: most text is passed over by it.
	few [1 << 13]uint64
}

// Know makes [Bytes] and [String] take this secret out from now on: as it is, reversed, percent-encoded, as entities, in the
// escapes of JSON and other languages, as a list of its characters' codes, in hex and in base64, also twice, and as a dump in
// hex or base32, also of the bytes behind a base64 secret. What is too short to be told from ordinary text (fewer than 12 letters and digits)
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
		if spelling.Alnum(secret[i]) {
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
	slices.Reverse(core)
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
		sum = sum*factor + uint64(spelling.Lower(c))
	}
	if words {
		return
	}
	known.pieces[sum] = struct{}{}
	known.few[slot(sum)] |= 1 << (sum >> 58)
}

func slot(sum uint64) uint64 { return sum >> 40 & (1<<13 - 1) }

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
	found = append(scan(s), listed(s)...)
	if len(s) <= turned {
		back := append([]byte(nil), s...)
		slices.Reverse(back)
		for _, f := range scan(back) {
			found = append(found, span{len(s) - f.to, len(s) - f.from})
		}
	}
	return apart(found)
}

// apart puts spans in order and joins those that touch.
func apart(found []span) []span {
	slices.SortFunc(found, func(a, b span) int { return a.from - b.from })
	out := found[:0]
	for _, f := range found {
		if k := len(out) - 1; k >= 0 && f.from <= out[k].to {
			out[k].to = max(out[k].to, f.to)
			continue
		}
		out = append(out, f)
	}
	return out
}

// scan finds the pieces that can be read forwards. The lock is held.
func scan[T string | []byte](s T) (found []span) {
	var from [piece]int // where the latest letters began
	var letters [piece]byte
	sum, n := uint64(0), 0
	for i := 0; i < len(s); {
		c, width := spelling.Read(s, i)
		if !spelling.Alnum(c) {
			i += width
			continue
		}
		c = spelling.Lower(c)
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

// cut returns s without known secrets in any spelling but base64. Everything in one word with a piece of a secret is
// removed with it: of a dump whose bytes are spelled otherwise in between only some pieces are known.
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
	for f.from > least && spelling.Alnum(s[f.from-1]) {
		f.from--
	}
	if f.from > least && s[f.from-1] == '%' { // an encoded sign, not the word
		f.from += 2
	}
	for f.to < len(s) && spelling.Alnum(s[f.to]) {
		f.to++
	}
	return f
}

// dumps reports whether a run is hex or base32 of something with a known secret in it.
func dumps(s string) bool {
	if s == "" || !known.any.Load() { // base64 of nothing but zeros leaves no text
		return false
	}
	holds := func(dec []byte, err error) bool { return err == nil && (len(traces(dec)) > 0 || nested(dec)) }
	switch {
	case within(s, "0123456789abcdefABCDEF"):
		for off := range 2 {
			part := s[off:]
			if holds(hex.DecodeString(part[:len(part)&^1])) {
				return true
			}
		}
	case within(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"):
		return holdsBase32(base32.StdEncoding, s, holds)
	}
	return within(s, "0123456789ABCDEFGHIJKLMNOPQRSTUV") && holdsBase32(base32.HexEncoding, s, holds)
}

// holdsBase32 tries each place in a run at which eight characters of base32 may begin.
func holdsBase32(enc *base32.Encoding, s string, holds func([]byte, error) bool) bool {
	for off := range min(8, len(s)) {
		part := s[off:]
		if holds(enc.DecodeString(part[:len(part)&^7])) {
			return true
		}
	}
	return false
}

func within(s, alphabet string) bool { return strings.Trim(s, alphabet) == "" }

// listed finds lists of numbers that are the codes of a known secret's characters, as programs print bytes: 115 105 103 or
// 0x73, 0x69, 0x67. The lock is held.
func listed[T string | []byte](s T) (found []span) {
	var codes []byte
	from, end := 0, 0
	flush := func() {
		if len(codes) >= piece && len(scan(codes)) > 0 {
			found = append(found, span{from, end})
		}
		codes = codes[:0]
	}
	for i := 0; i < len(s); {
		if strings.IndexByte(" ,;\t\n\r", s[i]) >= 0 {
			i++
			continue
		}
		if v, n := spelling.Code(s, i); n > 0 {
			if len(codes) == 0 {
				from = i
			}
			codes, i = append(codes, v), i+n
			end = i
			continue
		}
		if len(codes) > 0 {
			flush()
		}
		for i++; i < len(s) && spelling.Alnum(s[i]); {
			i++
		}
	}
	flush()
	return found
}
