package wave

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// What a wave file may hold: a wave is built for 10,000 rows, and a workbook or a log that got its name must not take the
// memory of the machine.
const (
	// MaxBytes bounds the file.
	MaxBytes = 64 << 20
	// MaxRows bounds the rows that are not blank.
	MaxRows = 20_000
	// MaxCell bounds a cell, in bytes.
	MaxCell = 1 << 20
	// maxColumns bounds the columns, maxLines the lines, maxCells the cells that begin on one, maxLine its bytes: each takes more
	// memory than its bytes.
	maxColumns, maxLines, maxCells, maxLine = 200, 1_000_000, 10_000, 8 << 20
)

func tooLarge(line int, message string) Finding {
	return NewFinding("csv.too-large", line, "", "", "", message)
}

// outsized finds out whether a file is beyond the bounds, before anything is made of it.
func outsized(data []byte) (Finding, bool) {
	if len(data) > MaxBytes {
		return tooLarge(0, fmt.Sprintf("the file has %d bytes; a wave file has at most %d MiB", len(data), MaxBytes>>20)), true
	}
	commas := [][]byte{[]byte(","), []byte(";"), []byte("\t")}
	if i := bytes.Index(bytes.ToLower(data[:min(len(data), 64)]), []byte("sep=")); i >= 0 && i+4 < len(data) {
		_, size := utf8.DecodeRune(data[i+4:])
		commas = append(commas, data[i+4:i+4+size])
	}
	for line, rest := 1, data; len(rest) > 0; line++ {
		if line > maxLines {
			return tooLarge(line, fmt.Sprintf("the file has more than %d lines", maxLines)), true
		}
		end := bytes.IndexAny(rest, "\n\r") + 1
		if end == 0 {
			end = len(rest)
		}
		if end > maxLine {
			return tooLarge(line, fmt.Sprintf("the line has more than %d MiB", maxLine>>20)), true
		}
		for _, comma := range commas {
			if end > maxCells && bytes.Count(rest[:end], comma) > maxCells {
				return tooLarge(line, fmt.Sprintf("the line has more than %d cells", maxCells)), true
			}
		}
		rest = rest[end:]
	}
	return Finding{}, false
}
