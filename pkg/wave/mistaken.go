package wave

import (
	"fmt"
	"strings"

	"wave365/pkg/wave/lookalike"
)

// Mistaken explains an unknown name of a policy, group, license or blob by one of known: a character that stands in place of
// another, or an end that a console cut off. It continues a sentence, "; did you mean …"; "" when nothing explains it.
func Mistaken(name string, known []string) string {
	meant := func(s string) string { return NameKey(lookalike.Plain(s)) }
	cell := meant(name)
	for _, k := range known {
		if meant(k) != cell {
			continue
		}
		if c, found := lookalike.Find(name); found && !strings.ContainsRune(k, c.Rune) {
			return fmt.Sprintf("; did you mean %s? %s", k, c.In("the cell"))
		}
		if c, found := lookalike.Find(k); found && !strings.ContainsRune(name, c.Rune) {
			return fmt.Sprintf("; did you mean %s? There %q (%U), %s, stands in place of %s", k, string(c.Rune), c.Rune, c.What, c.Plain)
		}
	}
	left, cut := lookalike.Cut(name)
	if !cut {
		return ""
	}
	var begun []string
	for _, k := range known {
		if strings.HasPrefix(meant(k), meant(left)) {
			begun = append(begun, k)
		}
	}
	why := "; the cell ends in three dots: " + lookalike.CutOff
	if len(begun) == 1 {
		why += "; did you mean " + begun[0] + "?"
	}
	return why
}
