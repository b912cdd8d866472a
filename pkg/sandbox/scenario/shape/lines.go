package shape

import "github.com/goccy/go-yaml/ast"

// Lines finds the lines of fields in a document. The zero value has no document.
type Lines struct{ Body ast.Node }

// Of returns the line of a field: one of entry i of a top-level list, or of the section itself when i is negative. For a field
// that is left out it is the beginning of its entry, and for a section that is left out the first line.
func (l Lines) Of(section string, i int, field string) int {
	at, value := entry(l.Body, section)
	if list, ok := plain(value).(*ast.SequenceNode); ok && i >= 0 && i < len(list.Values) {
		value = list.Values[i]
		at = first(value)
	}
	if key, _ := entry(value, field); key != nil {
		at = key
	}
	return line(at)
}

// entry returns the key and the value of a mapping's field; nil: there is none.
func entry(n ast.Node, name string) (key, value ast.Node) {
	for _, v := range pairs(plain(n)) {
		if v.Key.String() == name {
			return v.Key, v.Value
		}
	}
	return nil, nil
}
