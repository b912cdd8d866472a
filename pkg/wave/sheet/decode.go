package sheet

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// source is the file as text: valid UTF-8, every line end a single LF.
type source struct {
	text string
	// spoiled holds the offsets in text of the characters that were no text in the file's encoding, ascending.
	spoiled []int
	dialect Dialect
	// page is the wrong code page that the byte order mark was read in; "" for none.
	page string
}

// decode gives the text of the file, or why it is none. Bytes that are not UTF-8 are read as Windows-1252, so that the
// rest of the file can still be checked, and are marked: nobody should provision for a guessed name.
func decode(data []byte) (source, string) {
	var s source
	if why := notText(data); why != "" {
		return s, why
	}
	lost := utf8.RuneError // what an invalid sequence looks like after decoding
	switch {
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		s.dialect = Dialect{Encoding: "utf-16le", BOM: true}
		data = fromUTF16(data, binary.LittleEndian)
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		s.dialect = Dialect{Encoding: "utf-16be", BOM: true}
		data = fromUTF16(data, binary.BigEndian)
	default:
		lost = -1
		s.dialect.Encoding = "utf-8"
		data, s.dialect.BOM = bytes.CutPrefix(data, []byte(mark))
	}
	data, s.page = withoutMarks(data)
	data, why := withoutEnd(data)
	if why != "" {
		return source{}, why
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return source{}, "the file holds zero bytes: it is UTF-16 without a byte order mark, or no text at all"
	}
	if i := bytes.IndexByte(data, '\n'); i > 0 {
		s.dialect.CRLF = data[i-1] == '\r'
	}
	data = withoutInnerMark(unifyLines(data))
	if utf8.Valid(data) && (lost < 0 || !bytes.ContainsRune(data, lost)) {
		s.text = string(data)
		return s, ""
	}
	if s.text, s.spoiled = repair(data, lost); s.spoiled == nil {
		return source{}, "the file is no text, or text in a very different encoding: too many of its bytes are not " + s.dialect.Encoding
	}
	return s, ""
}

// otherFiles are what people send in place of a CSV, by the bytes that they begin with, blanks and case apart.
var otherFiles = []struct{ sign, name string }{
	{"PK\x03\x04", "an Excel or OpenDocument workbook"},
	{"\xd0\xcf\x11\xe0", "an old Excel workbook"},
	{"%pdf-", "a PDF document"},
	{"{\\rtf", "a rich text document (RTF)"},
	{"\x1f\x8b", "a gzip archive"},
	{"<!doctype", "a web page"},
	{"<html", "a web page"},
	{"<?xml", "XML"},
	{"<workbook", "XML"},
	{"[{", "JSON"},
	{"{\"", "JSON"},
}

// notText recognises what is no CSV.
func notText(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE, 0, 0}), bytes.HasPrefix(data, []byte{0, 0, 0xFE, 0xFF}):
		return "the file is UTF-32"
	case bytes.HasPrefix(data, []byte("+/v8")), bytes.HasPrefix(data, []byte("+/v9")):
		return "the file is UTF-7"
	}
	// Letters in seven bits each, between escapes: bytes that are sound UTF-8, and say something else.
	for escape, name := range map[string]string{
		"\x1b$@": "ISO-2022-JP", "\x1b$B": "ISO-2022-JP", "\x1b$(": "ISO-2022-JP", "\x1b(J": "ISO-2022-JP", "\x1b(I": "ISO-2022-JP",
		"\x1b$)C": "ISO-2022-KR", "\x1b$)A": "ISO-2022-CN", "\x1b$)G": "ISO-2022-CN",
	} {
		if bytes.Contains(data, []byte(escape)) {
			return "the file is in the encoding " + name + ", not UTF-8"
		}
	}
	head := bytes.TrimPrefix(data, []byte(mark))
	head = bytes.Join(bytes.Fields(head[:min(len(head), 64)]), nil)
	for _, f := range otherFiles {
		if len(head) >= len(f.sign) && (string(head[:len(f.sign)]) == f.sign || strings.EqualFold(string(head[:len(f.sign)]), f.sign)) {
			return "the file is " + f.name + ", not a CSV"
		}
	}
	if bytes.HasPrefix(data, []byte{0xFF, 0xFE}) || bytes.HasPrefix(data, []byte{0xFE, 0xFF}) {
		return "" // UTF-16 that says so
	}
	// Every second byte of ordinary letters in UTF-16 is zero.
	if head := data[:min(len(data), 64)&^1]; len(head) >= 8 {
		zeros := [2]int{}
		for i, c := range head {
			if c == 0 {
				zeros[i%2]++
			}
		}
		for i := range zeros {
			if zeros[1-i] == 0 && zeros[i] > len(head)/4 {
				return "the file is UTF-16 without a byte order mark"
			}
		}
	}
	return ""
}

// fromUTF16 gives the text behind the byte order mark. What cannot be read becomes U+FFFD, which repair finds.
func fromUTF16(data []byte, order binary.ByteOrder) []byte {
	// In two goes, since text that grows while it is made takes twice its room.
	length := 0
	eachUTF16(data[2:], order, func(r rune) { length += utf8.RuneLen(r) })
	out := make([]byte, 0, length)
	eachUTF16(data[2:], order, func(r rune) { out = utf8.AppendRune(out, r) })
	return out
}

func eachUTF16(data []byte, order binary.ByteOrder, do func(rune)) {
	for len(data) >= 2 {
		r := rune(order.Uint16(data))
		data = data[2:]
		if utf16.IsSurrogate(r) {
			low := rune(0)
			if len(data) >= 2 {
				low = rune(order.Uint16(data))
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				data = data[2:]
			}
		}
		do(r)
	}
	if len(data) > 0 {
		do(utf8.RuneError)
	}
}

// withoutMarks cuts further byte order marks, and one that was read in another code page and written again as text, which
// gives the page: Windows PowerShell does so to what a program prints (`>` and Out-File), in the code page of its console.
func withoutMarks(data []byte) (rest []byte, page string) {
	for {
		plain := bytes.TrimPrefix(data, []byte(mark))
		misread := ""
		for _, p := range pages {
			if p.mark != "" && bytes.HasPrefix(plain, []byte(p.mark)) {
				plain, misread = plain[len(p.mark):], p.name
				break
			}
		}
		if len(plain) == len(data) {
			return data, page
		}
		data, page = plain, cmp.Or(page, misread)
	}
}

// withoutEnd cuts the Ctrl-Z by which old tools end a text, and zero bytes behind the last line. Zeros in the middle of a
// line are what is left of a file that was not written to its end: then why says so.
func withoutEnd(data []byte) (rest []byte, why string) {
	rest = bytes.TrimRight(data, "\x00\x1A\r\n")
	cut := data[len(rest):]
	zero := bytes.IndexByte(cut, 0)
	if zero >= 0 && !bytes.ContainsAny(cut[:zero], "\n\r\x1A") {
		return nil, fmt.Sprintf("the file ends in %d zero bytes in the middle of a line: it was not written to its end; save it again", bytes.Count(cut, []byte{0}))
	}
	if zero < 0 && bytes.IndexByte(cut, 0x1A) < 0 {
		return data, ""
	}
	return append(rest[:len(rest):len(rest)], '\n'), ""
}

// unifyLines makes CR LF and CR one LF each. A line break within a cell is one, too.
func unifyLines(data []byte) []byte {
	first := bytes.IndexByte(data, '\r')
	if first < 0 {
		return data
	}
	out := append(make([]byte, 0, len(data)), data[:first]...)
	for i := first; i < len(data); i++ {
		switch {
		case data[i] != '\r':
			out = append(out, data[i])
		case i+1 == len(data) || data[i+1] != '\n':
			out = append(out, '\n')
		}
	}
	return out
}

// withoutInnerMark cuts the byte order mark before a quoted first line that stands in the file again, as when files were joined:
// behind it, the quote would be one in the middle of a cell.
func withoutInnerMark(data []byte) []byte {
	first, _, _ := bytes.Cut(data, []byte("\n"))
	if !bytes.HasPrefix(first, []byte{'"'}) {
		return data
	}
	again := append([]byte("\n"+mark), first...)
	return bytes.ReplaceAll(data, again, append([]byte("\n"), first...))
}

// maxSpoiled is how many bytes may be no text in a file that is still read.
const maxSpoiled = 1 << 20

// repair reads what is no UTF-8 as Windows-1252, and gives the first such place on each line; none when there are too many.
func repair(data []byte, lost rune) (string, []int) {
	var b strings.Builder
	b.Grow(len(data) + len(data)/8)
	var spoiled []int
	fresh, wrong := true, 0
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		bad := r == lost
		if r == utf8.RuneError && size == 1 {
			bad, r = true, charmap.Windows1252.DecodeByte(data[0])
		}
		if bad {
			if wrong++; wrong > maxSpoiled {
				return "", nil
			}
			if fresh {
				spoiled, fresh = append(spoiled, b.Len()), false
			}
		}
		fresh = fresh || r == '\n'
		b.WriteRune(r)
		data = data[size:]
	}
	return b.String(), spoiled
}
