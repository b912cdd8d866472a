// Package spelling reads one byte of a text in any spelling: percent-encoded, as an entity, as an escape, in full width, or as
// a number.
package spelling

// Read gives the byte at i and how many bytes spell it: percent-encoded in any depth, as an entity, in the escapes of JSON and
// other languages, or in full width.
func Read[T string | []byte](s T, i int) (c byte, width int) {
	for c, width = one(s, i); c == '%'; {
		if v, ok := hexPair(s, i+width); ok {
			c, width = v, width+2
			continue
		}
		if v, ok := latin(s, i+width, 'u'); ok { // %u0041
			c, width = v, width+5
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
	case 0xEF: // U+FF01 to U+FF5E
		if i+2 < len(s) && s[i+1] == 0xBC && s[i+2] > 0x80 {
			return s[i+2] - 0x60, 3
		} else if i+2 < len(s) && s[i+1] == 0xBD && s[i+2] <= 0x9E {
			return s[i+2] - 0x20, 3
		}
	}
	return s[i], 1
}

// latin reads a letter and four hex digits of which the first two are zeros.
func latin[T string | []byte](s T, i int, letter byte) (byte, bool) {
	if i+5 > len(s) || s[i] != letter || s[i+1] != '0' || s[i+2] != '0' {
		return 0, false
	}
	return hexPair(s, i+3)
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

// escape reads \u0041, \u{41}, \U00000041, \x41 and \101, behind any number of backslashes.
func escape[T string | []byte](s T, i int) (byte, int) {
	k := i
	for k < len(s) && s[k] == '\\' {
		k++
	}
	if v, ok := octal(s, k); ok {
		return v, k + 3 - i
	}
	if k == len(s) {
		return '\\', k - i
	}
	if v, n := numbered(s, k); n > 0 {
		return v, k + n - i
	}
	return '\\', k - i
}

// numbered reads what follows the backslashes of an escape by number: u0041, u{41}, U00000041, x41. n is 0 for anything else.
func numbered[T string | []byte](s T, k int) (v byte, n int) {
	ok := false
	switch c := s[k]; {
	case c == 'u' && k+4 < len(s) && s[k+1] == '{' && s[k+4] == '}':
		n = 5
		v, ok = hexPair(s, k+2)
	case c == 'u':
		n = 5
		v, ok = latin(s, k, 'u')
	case c == 'U' && k+9 <= len(s) && string(s[k+1:k+5]) == "0000":
		n = 9
		v, ok = latin(s, k+4, '0')
	case c == 'x':
		n = 3
		v, ok = hexPair(s, k+1)
	}
	if !ok {
		return 0, 0
	}
	return v, n
}

// octal reads three octal digits.
func octal[T string | []byte](s T, i int) (byte, bool) {
	if i+3 > len(s) || s[i]&^3 != '0' || s[i+1]&^7 != '0' || s[i+2]&^7 != '0' {
		return 0, false
	}
	return (s[i]-'0')<<6 | (s[i+1]-'0')<<3 | (s[i+2] - '0'), true
}

// signs are the named entities of what stands in an encoded secret besides letters and digits.
var signs = [...]struct {
	name string
	sign byte
}{{"plus;", '+'}, {"sol;", '/'}, {"equals;", '='}, {"percnt;", '%'}, {"num;", '#'}}

// entity reads &#65;, &#x41; and named signs, whose & may be spelled &amp; in any depth.
func entity[T string | []byte](s T, i int) (byte, int) {
	k := i + 1
	for k+4 <= len(s) && s[k] == 'a' && s[k+1] == 'm' && s[k+2] == 'p' && s[k+3] == ';' {
		k += 4
	}
	if k < len(s) && s[k] != '#' {
		for _, e := range signs {
			if k+len(e.name) <= len(s) && string(s[k:k+len(e.name)]) == e.name {
				return e.sign, k + len(e.name) - i
			}
		}
	}
	if k >= len(s) || s[k] != '#' {
		return '&', 1
	}
	v, end := charRef(s, k+1)
	if end == 0 {
		return '&', 1
	}
	return v, end - i
}

// charRef reads the number of a character reference behind its #, and the semicolon if there is one; end is 0 when there is no
// number up to 255.
func charRef[T string | []byte](s T, k int) (c byte, end int) {
	base := 10
	if k < len(s) && Lower(s[k]) == 'x' {
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
		return 0, 0
	}
	if k < len(s) && s[k] == ';' {
		k++
	}
	return byte(v), k
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

// Code reads a number up to 255, in decimal or as 0x41, that no letter or digit follows; n is 0 for anything else.
func Code[T string | []byte](s T, i int) (v byte, n int) {
	if s[i] < '0' || s[i] > '9' {
		return 0, 0
	}
	base, k, sum := 10, i, 0
	if i+2 < len(s) && s[i] == '0' && s[i+1]|0x20 == 'x' {
		base, k = 16, i+2
	}
	start := k
	for ; k < len(s) && k < start+3; k++ {
		d, ok := hexDigit(s[k])
		if !ok || int(d) >= base {
			break
		}
		sum = sum*base + int(d)
	}
	if k == start || sum > 255 || k < len(s) && Alnum(s[k]) {
		return 0, 0
	}
	return byte(sum), k - i
}

// Alnum reports whether a byte is a letter or digit of ASCII.
func Alnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// Lower is a letter of ASCII in lower case, any other byte as it is.
func Lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
