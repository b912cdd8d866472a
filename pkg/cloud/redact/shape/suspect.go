package shape

// triggers are the rarest letter of each thing that [Cut] looks for; most text is passed over by one look a byte.
var triggers = func() (t [256]bool) {
	for _, c := range []byte("gGbBkK_J\x84") {
		t[c] = true
	}
	return t
}()

// Suspect is a quick check of s: false means that [Cut] changes nothing. It allocates nothing.
func Suspect[T string | []byte](s T) bool {
	for i := range len(s) {
		if triggers[s[i]] && betrays(s, i) {
			return true
		}
	}
	return false
}

// betrays reports whether the trigger at i stands in what [Cut] looks for.
func betrays[T string | []byte](s T, i int) bool {
	switch s[i] {
	case 'g', 'G':
		return endsSig(s, i)
	case 'b', 'B':
		return i+6 <= len(s) && endsFold(s, i+6, "bearer")
	case 'k', 'K':
		return endsFold(s, i, "shared") || endsFold(s, i, "account") || endsFold(s, i, "_to")
	case '_': // client_secret and client_assertion, not client_request_id
		return endsClient(s, i)
	case 'J':
		return i >= 2 && s[i-2] == 'e' && s[i-1] == 'y'
	default:
		return endsKelvin(s, i)
	}
}

// endsKelvin reports whether the byte at i, 0x84, stands in the Kelvin sign, which a search without case takes for a k.
func endsKelvin[T string | []byte](s T, i int) bool {
	return i >= 1 && s[i-1] == 0xe2 && i+1 < len(s) && s[i+1] == 0xaa
}

// endsClient reports whether the underscore at i joins client with a word that may be secret or assertion.
func endsClient[T string | []byte](s T, i int) bool {
	return i+1 < len(s) && (s[i+1]|0x20 == 's' || s[i+1]|0x20 == 'a' || s[i+1] >= 0x80) && endsFold(s, i, "client")
}

// endsSig reports whether the g at i may end the name of a parameter sig; letters beyond ASCII may count as i or s.
func endsSig[T string | []byte](s T, i int) bool {
	if i < 2 || i+1 >= len(s) {
		return false
	}
	switch s[i+1] {
	case ' ', ':', '"', 'n', '=', '%', '\\', '&':
		return endsFold(s, i, "si") || s[i-1] >= 0x80 || s[i-2] >= 0x80
	}
	return false
}

// endsFold reports whether the part of s before end ends with word, which is lower case; case does not matter.
func endsFold[T string | []byte](s T, end int, word string) bool {
	from := end - len(word)
	if from < 0 {
		return false
	}
	for i := range len(word) {
		c := s[from+i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}
