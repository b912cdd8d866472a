package sheet

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// MaxBytes bounds a file: a wave is built for 10,000 rows, and a workbook or a log that got its name must not take the memory of
// the machine.
const MaxBytes = 64 << 20

// maxLines bounds the lines, maxCells the cells that begin on one, maxLine its bytes: each takes more memory than its bytes.
const maxLines, maxCells, maxLine = 1_000_000, 10_000, 8 << 20

// Outsized returns on which line, 0 for the whole, and why a file exceeds the limits, before it is parsed; "" when it does not.
func Outsized(data []byte) (line int, why string) {
	if len(data) > MaxBytes {
		return 0, fmt.Sprintf("the file has %d bytes; a wave file has at most %d MiB", len(data), MaxBytes>>20)
	}
	commas := [][]byte{[]byte(","), []byte(";"), []byte("\t")}
	if i := bytes.Index(bytes.ToLower(data[:min(len(data), 64)]), []byte("sep=")); i >= 0 && i+4 < len(data) {
		_, size := utf8.DecodeRune(data[i+4:])
		commas = append(commas, data[i+4:i+4+size])
	}
	for line, rest := 1, data; len(rest) > 0; line++ {
		if line > maxLines {
			return line, fmt.Sprintf("the file has more than %d lines", maxLines)
		}
		end := bytes.IndexAny(rest, "\n\r") + 1
		if end == 0 {
			end = len(rest)
		}
		if end > maxLine {
			return line, fmt.Sprintf("the line has more than %d MiB", maxLine>>20)
		}
		for _, comma := range commas {
			if end > maxCells && bytes.Count(rest[:end], comma) > maxCells {
				return line, fmt.Sprintf("the line has more than %d cells", maxCells)
			}
		}
		rest = rest[end:]
	}
	return 0, ""
}
