package redact

// read gives the byte at i and how many bytes spell it: percent-encoded in any depth, as an entity, in the escapes of JSON and
// other languages, or in full width.
func read[T string | []byte](s T, i int) (c byte, width int) {
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
	switch c := s[k]; {
	case c == 'u' && k+4 < len(s) && s[k+1] == '{' && s[k+4] == '}':
		if v, ok := hexPair(s, k+2); ok {
			return v, k + 5 - i
		}
	case c == 'u':
		if v, ok := latin(s, k, 'u'); ok {
			return v, k + 5 - i
		}
	case c == 'U' && k+9 <= len(s) && string(s[k+1:k+5]) == "0000":
		if v, ok := latin(s, k+4, '0'); ok {
			return v, k + 9 - i
		}
	case c == 'x':
		if v, ok := hexPair(s, k+1); ok {
			return v, k + 3 - i
		}
	}
	return '\\', k - i
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
		switch c := s[i]; {
		case c == ' ' || c == ',' || c == ';' || c == '\t' || c == '\n' || c == '\r':
			i++
			continue
		case c >= '0' && c <= '9':
			if v, n := code(s, i); n > 0 {
				if len(codes) == 0 {
					from = i
				}
				codes, i = append(codes, v), i+n
				end = i
				continue
			}
		}
		if len(codes) > 0 {
			flush()
		}
		for i++; i < len(s) && alnum(s[i]); {
			i++
		}
	}
	flush()
	return found
}

// code reads a number up to 255, in decimal or as 0x41, that no letter or digit follows; n is 0 for anything else.
func code[T string | []byte](s T, i int) (v byte, n int) {
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
	if k == start || sum > 255 || k < len(s) && alnum(s[k]) {
		return 0, 0
	}
	return byte(sum), k - i
}
