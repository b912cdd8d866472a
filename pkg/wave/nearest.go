package wave

// Nearest is the one of known that a name was probably meant to be, compared as headers are: without case, blanks, "_" and
// "-". "" when none is much like it.
func Nearest(name string, known []string) string {
	folded := []rune(foldHeader(name))
	near, best := "", max(1, len(folded)/3)+1
	for _, k := range known {
		if d := distance(folded, []rune(foldHeader(k))); d < best {
			best, near = d, k
		}
	}
	return near
}
