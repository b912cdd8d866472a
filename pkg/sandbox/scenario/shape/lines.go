package shape

import (
	"bytes"
	"strings"
)

// Lines says where in a file its fields stand. The zero value knows no file.
type Lines struct {
	// Text is the file's lines, Items the line on which each entry of each top-level list begins, as [Compare] returns it.
	Text  [][]byte
	Items map[string][]int
}

// Of returns the line on which a field stands: one of entry i of a top-level list, or of the document itself when i is negative.
// It looks for the field's name in the lines of its entry; a field that is left out is at its entry's first line.
func (l Lines) Of(section string, i int, field string) int {
	from, to := 0, len(l.Text)
	if begins := l.Items[section]; i >= 0 && i < len(begins) {
		from = begins[i] - 1
		if i+1 < len(begins) {
			to = begins[i+1] - 1
		}
	} else {
		for n, text := range l.Text {
			if bytes.HasPrefix(text, []byte(section+":")) {
				from = n
				break
			}
		}
	}
	if field != "" {
		name, _, _ := strings.Cut(field, "[")
		for n := from; n < min(to, from+200); n++ {
			if n > from && topKey(l.Text[n]) {
				break
			}
			if hasField(l.Text[n], name) {
				return n + 1
			}
		}
	}
	return from + 1
}

// topKey says whether the line begins a key of the document itself.
func topKey(line []byte) bool {
	return len(line) > 0 && (line[0] >= 'a' && line[0] <= 'z' || line[0] >= 'A' && line[0] <= 'Z')
}

func hasField(line []byte, name string) bool {
	at := bytes.Index(line, []byte(name+":"))
	return at >= 0 && (at == 0 || bytes.IndexByte([]byte(" {,-"), line[at-1]) >= 0)
}
