package redact

// triggers are the rarest letter of each thing that plain looks for; most text is passed over by one look a byte.
var triggers = func() (t [256]bool) {
	for _, c := range []byte("gGbBkK_J\x84") {
		t[c] = true
	}
	return t
}()

// suspect is a quick look at s: false means that plain changes nothing. It allocates nothing.
func suspect[T string | []byte](s T) bool {
	for i := range len(s) {
		if !triggers[s[i]] {
			continue
		}
		switch s[i] {
		case 'g', 'G': // a parameter named sig; letters beyond ASCII may count as i or s
			if i >= 2 && i+1 < len(s) && (s[i+1] == ' ' || s[i+1] == ':' || s[i+1] == '"' || s[i+1] == 'n' || s[i+1] == '=' || s[i+1] == '%' || s[i+1] == '\\' || s[i+1] == '&') &&
				(endsFold(s, i, "si") || s[i-1] >= 0x80 || s[i-2] >= 0x80) {
				return true
			}
		case 'b', 'B':
			if i+6 <= len(s) && endsFold(s, i+6, "bearer") {
				return true
			}
		case 'k', 'K':
			if endsFold(s, i, "shared") || endsFold(s, i, "account") || endsFold(s, i, "_to") {
				return true
			}
		case '_': // client_secret and client_assertion, not client_request_id
			if i+1 < len(s) && (s[i+1]|0x20 == 's' || s[i+1]|0x20 == 'a' || s[i+1] >= 0x80) && endsFold(s, i, "client") {
				return true
			}
		case 'J':
			if i >= 2 && s[i-2] == 'e' && s[i-1] == 'y' {
				return true
			}
		case 0x84: // the Kelvin sign, which a search without case takes for a k
			if i >= 1 && s[i-1] == 0xe2 && i+1 < len(s) && s[i+1] == 0xaa {
				return true
			}
		}
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
