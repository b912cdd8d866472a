// Package yamltext is YAML as people write and copy it: with or without a byte order mark, in UTF-8 or in the UTF-16 of Windows
// PowerShell. It refuses what makes a small file large in memory: values within values without end, and aliases. It is not
// for what the keys mean.
package yamltext

import (
	"bytes"
	"fmt"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
	"golang.org/x/text/encoding/unicode"
)

const (
	// maxDepth is how many values may stand within each other.
	maxDepth = 64
	// maxValues is how many a file may have, more or less: each costs a parser some hundred bytes. The largest file that
	// makes sense, a sandbox scenario of 20,000 people, has half of it.
	maxValues = 500_000
)

// Error is why a text is refused.
type Error struct {
	// Line counts from 1; 0: the text as a whole.
	Line int
	What string
}

// Error implements error: the line and what is wrong with it.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.What
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.What)
}

// Decode returns a file of at most max bytes as UTF-8 without a byte order mark, when it is safe to parse: no deeper than [maxDepth], without
// aliases, without more values than a person would write. Whether it is YAML is left to the parser. Every error is an *[Error].
func Decode(data []byte, max int) ([]byte, error) {
	if len(data) > max {
		return nil, &Error{0, fmt.Sprintf("the file is larger than %s", size(max))}
	}
	if bytes.HasPrefix(data, []byte{0xFF, 0xFE}) || bytes.HasPrefix(data, []byte{0xFE, 0xFF}) {
		// Half a character at the end becomes U+FFFD, as any other that cannot be read.
		data, _ = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data)
	}
	for bytes.HasPrefix(data, []byte("\uFEFF")) {
		data = data[len("\uFEFF"):]
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return nil, &Error{1 + bytes.Count(data[:i], []byte("\n")), "the file holds zero bytes: it is UTF-16 without a byte order mark, or not text at all"}
	}
	if values(data) > maxValues {
		return nil, &Error{0, fmt.Sprintf("the file has more than %d values", maxValues)}
	}
	if line, ok := tooDeep(data); ok {
		return nil, &Error{line, fmt.Sprintf("values are nested more than %d deep", maxDepth)}
	}
	if err := safe(lexer.Tokenize(string(data))); err != nil {
		return nil, err
	}
	return data, nil
}

// values estimates how many there are by what stands before or behind each.
func values(data []byte) (n int) {
	for _, mark := range []string{",", ":", "[", "{", "- "} {
		n += bytes.Count(data, []byte(mark))
	}
	return n
}

func size(n int) string {
	if n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}

// tooDeep counts the brackets that are open, wherever they stand: many in a row overwhelm even the lexer. It errs on the side
// of text that holds more than maxDepth opening brackets without their closing ones.
func tooDeep(data []byte) (line int, deep bool) {
	depth := 0
	line = 1
	for _, c := range data {
		switch c {
		case '\n':
			line++
		case '[', '{':
			if depth++; depth > maxDepth {
				return line, true
			}
		case ']', '}':
			depth = max(0, depth-1)
		}
	}
	return 0, false
}

// safe judges the tokens: how deep blocks go by indentation and by entries that begin on one line, and whether anything is
// repeated by its name.
func safe(tokens token.Tokens) error {
	var columns []int // of the blocks that are open
	line, tags := 0, 0
	for _, t := range tokens {
		at := t.Position
		if at == nil {
			continue
		}
		if at.Line != line {
			line, tags = at.Line, 0
			for len(columns) > 0 && columns[len(columns)-1] >= at.Column {
				columns = columns[:len(columns)-1]
			}
			columns = append(columns, at.Column)
		}
		switch t.Type {
		case token.AliasType, token.MergeKeyType:
			return &Error{at.Line, "aliases (*name, <<) are not read: write the value again in full"}
		case token.SequenceEntryType, token.MappingKeyType, token.TagType, token.AnchorType:
			tags++
		}
		if len(columns)+tags > maxDepth+1 {
			return &Error{at.Line, fmt.Sprintf("values are nested more than %d deep", maxDepth)}
		}
	}
	return nil
}
