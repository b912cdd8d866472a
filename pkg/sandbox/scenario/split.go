package scenario

import "bytes"

// piece is a part of a scenario file that is YAML of its own.
type piece struct {
	data []byte
	// line is how many lines of the file stand before data, less the lines that were put in front of it.
	line int
	// more says that the piece goes on with the list of the piece before.
	more bool
}

// Files up to splitAbove bytes are one piece. Above that the long lists are read some entries at a time, because the
// YAML library's tree of a file takes a hundred times the file's size.
const (
	splitAbove   = 256 << 10
	linesInPiece = 2000
)

// split cuts a large file at its top-level keys, and long block lists between two entries. A file that uses anchors or
// that is not laid out in lines is left whole.
func split(data []byte) []piece {
	if len(data) <= splitAbove || bytes.Contains(data, []byte(" &")) || bytes.Contains(data, []byte(": |")) || bytes.Contains(data, []byte(": >")) {
		return []piece{{data: data}}
	}
	var out []piece
	lines := bytes.SplitAfter(data, []byte("\n"))
	start, header, headerAt := 0, []byte(nil), 0
	flush := func(end int) {
		if start >= end {
			return
		}
		p := piece{data: bytes.Join(lines[start:end], nil), line: start}
		if header != nil && start > headerAt {
			// The list goes on: repeat its key in front of the entries.
			p.data = append(append([]byte{}, header...), p.data...)
			p.line--
			p.more = true
		}
		out = append(out, p)
		start = end
	}
	indent := -1
	for i, line := range lines {
		switch {
		case topKey(line):
			flush(i)
			header, headerAt, indent = nil, i, -1
			if bytes.HasSuffix(bytes.TrimSpace(line), []byte(":")) {
				header = append(bytes.TrimSpace(line), '\n')
			}
		case header != nil && entry(line):
			at := bytes.IndexByte(line, '-')
			if indent < 0 {
				indent = at
			}
			if at == indent && i-start >= linesInPiece {
				flush(i)
			}
		}
	}
	flush(len(lines))
	return out
}

// topKey says whether the line begins a key of the document itself.
func topKey(line []byte) bool {
	return len(line) > 0 && (line[0] >= 'a' && line[0] <= 'z' || line[0] >= 'A' && line[0] <= 'Z')
}

// entry says whether the line begins an entry of a block list.
func entry(line []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(line, " "), []byte("- ")) }
