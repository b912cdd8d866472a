package sheet

import (
	"bytes"
	"strings"

	"wave365/pkg/wave/sheet/celltext"
)

// Write returns records as a file: UTF-8 with byte order mark, CR LF, every cell neutralised. The first record is the
// header. A cell that holds a separator of any dialect is quoted, so that the file also survives a program that guesses
// another one.
func Write(comma rune, records [][]string) []byte {
	var b bytes.Buffer
	b.WriteString("\uFEFF")
	if _, _, ok := sepLine(strings.Join(records[0], "")); ok {
		// A header that reads like such a line stays a header only behind a true one.
		b.WriteString("sep=" + string(comma) + "\r\n")
	}
	for _, cells := range records {
		for i, c := range cells {
			if i > 0 {
				b.WriteRune(comma)
			}
			c = celltext.Neutral(c)
			if strings.ContainsAny(c, separators+"\"\r\n\x1a\x00") || strings.ContainsRune(c, comma) {
				c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
			}
			b.WriteString(c)
		}
		b.WriteString("\r\n")
	}
	return b.Bytes()
}
