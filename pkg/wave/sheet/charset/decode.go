// Package charset decodes the bytes of a file: it knows encodings, byte order marks and what is not text, and undoes a wrong code
// page that a text was read in.
package charset

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

// Text is the file as text: valid UTF-8, every line end a single LF.
type Text struct {
	Text string
	// Spoiled holds the offsets in text of the characters that were no text in the file's encoding, ascending.
	Spoiled []int
	// Encoding is "utf-8", "utf-16le" or "utf-16be".
	Encoding string
	// Page is the wrong code page that the byte order mark was read in; "" for none.
	Page string
}

// Decode returns the text of the file, or why it is not text. Bytes that are not UTF-8 are read as Windows-1252, so
// that the rest of the file can still be checked, and are marked: a guessed name must not be provisioned for.
func Decode(data []byte) (Text, string) {
	var s Text
	if why := notText(data); why != "" {
		return s, why
	}
	lost := utf8.RuneError // what an invalid sequence looks like after decoding
	switch {
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		s.Encoding = "utf-16le"
		data = fromUTF16(data, binary.LittleEndian)
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		s.Encoding = "utf-16be"
		data = fromUTF16(data, binary.BigEndian)
	default:
		lost = -1
		s.Encoding = "utf-8"
		data = bytes.TrimPrefix(data, []byte(mark))
	}
	data, s.Page = withoutMarks(data)
	data, why := withoutEnd(data)
	if why != "" {
		return Text{}, why
	}
	if n := bytes.Count(data, []byte{0}); n > len(data)/maxZeros {
		return Text{}, "the file holds zero bytes: it is UTF-16 without a byte order mark, or not text at all"
	}
	data = withoutInnerMark(unifyLines(data))
	if utf8.Valid(data) && bytes.IndexByte(data, 0) < 0 && (lost < 0 || !bytes.ContainsRune(data, lost)) {
		s.Text = string(data)
		return s, ""
	}
	if s.Text, s.Spoiled = repair(data, lost); s.Spoiled == nil {
		return Text{}, "the file is not text, or is text in a very different encoding: too many of its bytes are not " + s.Encoding
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
	{"PK\x05\x06", "an empty zip archive"},
	{"7z\xbc\xaf", "a 7-Zip archive"},
	{"Rar!", "a RAR archive"},
	{"\x28\xb5\x2f\xfd", "a Zstandard archive"},
	{"BZh", "a bzip2 archive"},
	{"\xfd7zXZ", "an xz archive"},
	{"SQLiteformat3", "a SQLite database, such as a ledger"},
	{"PAR1", "a Parquet table"},
	{"\x89PNG", "a picture"},
	{"\xff\xd8\xff", "a picture"},
	{"conectix", "a disk (VHD)"},
	{"vhdxfile", "a disk (VHDX)"},
	{"GUESTRTS", "a guest state file (VMGS)"},
	{"MIME-Version:", "a mail or a web archive"},
	{"[InternetShortcut]", "a shortcut to a web page"},
	{"versionhttps://git-lfs", "a Git LFS pointer, in place of the file that it stands for"},
}

// notText recognises what is no CSV.
func notText(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE, 0, 0}), bytes.HasPrefix(data, []byte{0, 0, 0xFE, 0xFF}):
		return "the file is UTF-32"
	case bytes.HasPrefix(data, []byte("+/v8")), bytes.HasPrefix(data, []byte("+/v9")):
		return "the file is UTF-7"
	}
	if name := sevenBit(data); name != "" {
		return "the file is in the encoding " + name + ", not UTF-8"
	}
	if why := joined(data); why != "" {
		return why
	}
	head := bytes.TrimPrefix(data, []byte(mark))
	head = bytes.Join(bytes.Fields(head[:min(len(head), 64)]), nil)
	for _, f := range otherFiles {
		if len(head) >= len(f.sign) && (string(head[:len(f.sign)]) == f.sign || utf8.ValidString(f.sign) && strings.EqualFold(string(head[:len(f.sign)]), f.sign)) {
			return "the file is " + f.name + ", not a CSV"
		}
	}
	if bareUTF16(data) {
		return "the file is UTF-16 without a byte order mark"
	}
	return ""
}

// sevenBit names an encoding that puts letters into seven bits each, between escapes: bytes that are sound UTF-8, and say
// something else. "" for none.
func sevenBit(data []byte) string {
	for escape, name := range map[string]string{
		"\x1b$@": "ISO-2022-JP", "\x1b$B": "ISO-2022-JP", "\x1b$(": "ISO-2022-JP", "\x1b(J": "ISO-2022-JP", "\x1b(I": "ISO-2022-JP",
		"\x1b$)C": "ISO-2022-KR", "\x1b$)A": "ISO-2022-CN", "\x1b$)G": "ISO-2022-CN",
	} {
		if bytes.Contains(data, []byte(escape)) {
			return name
		}
	}
	return ""
}

// bareUTF16 recognises UTF-16 that does not say so: every second byte of ordinary letters is zero.
func bareUTF16(data []byte) bool {
	head := data[:min(len(data), 64)&^1]
	if bytes.HasPrefix(data, []byte{0xFF, 0xFE}) || bytes.HasPrefix(data, []byte{0xFE, 0xFF}) || len(head) < 8 {
		return false
	}
	zeros := [2]int{}
	for i, c := range head {
		if c == 0 {
			zeros[i%2]++
		}
	}
	return zeros[1] == 0 && zeros[0] > len(head)/4 || zeros[0] == 0 && zeros[1] > len(head)/4
}

// joined recognises a text that goes on in another encoding, as when a shell appended to it (>> in Windows PowerShell writes
// UTF-16, in the command prompt the bytes as they are).
func joined(data []byte) string {
	wide := bytes.HasPrefix(data, []byte{0xFF, 0xFE})
	first := bytes.IndexByte(data, 0)
	said := "the file is UTF-16 above line %d and plain text from there on"
	at := 0
	switch {
	case first < 0:
		return ""
	case wide:
		if at = bytes.LastIndexByte(data, 0) + 1; at%2 != 0 || len(data)-at < minJoined || !plainLines(data[at:]) {
			return ""
		}
	default:
		said = "the file is plain text above line %d and UTF-16 from there on"
		at = bytes.LastIndexAny(data[:first], "\n\xFE") + 1
		tail := data[max(at, first-1):]
		if at == 0 || len(tail) < minJoined || !everySecond(tail[:len(tail)&^1]) {
			return ""
		}
	}
	line := bytes.Count(data[:at], []byte{'\n'}) + 1
	return fmt.Sprintf(said+": it was added with another encoding, as >> does in Windows PowerShell; put the lines together in one", line)
}

// minJoined is how many bytes at least prove an encoding.
const minJoined = 8

// plainLines reports whether bytes are lines of ASCII.
func plainLines(data []byte) bool {
	return bytes.ContainsAny(data, "\n\r") && !bytes.ContainsFunc(data, func(r rune) bool { return r >= utf8.RuneSelf || r < ' ' && r != '\t' && r != '\n' && r != '\r' })
}

// everySecond reports whether of each pair of bytes the second is zero, and the first is not, nearly everywhere.
func everySecond(data []byte) bool {
	n := 0
	for i := 0; i+1 < len(data); i += 2 {
		if data[i] != 0 && data[i+1] == 0 {
			n++
		}
	}
	return 10*n > 9*(len(data)/2)
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
	switch {
	case zero < 0 || bytes.ContainsAny(cut[:zero], "\n\r\x1A"):
	case bytes.ContainsAny(cut[zero:], "\n\r"):
		return data, "" // zeros in the last line, as in others
	default:
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
		return otherLines(data)
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

// otherLines makes line ends of other systems one LF each in a text that has none: U+2028 and U+2029, NEL of mainframes, vertical
// tabs, form feeds and record separators.
func otherLines(data []byte) []byte {
	if bytes.IndexByte(data, '\n') >= 0 {
		return data
	}
	for _, end := range []string{"\u2028", "\u2029", "\u0085", "\v", "\f", "\x1E"} {
		data = bytes.ReplaceAll(data, []byte(end), []byte("\n"))
	}
	return data
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

// Zero stands in a text for a zero byte of the file.
const Zero = '\u2400'

// maxZeros: one byte in this many may be zero in a text that is damaged in places.
const maxZeros = 8

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
		switch {
		case r == utf8.RuneError && size == 1:
			bad, r = true, charmap.Windows1252.DecodeByte(data[0])
		case r == 0:
			bad, r = true, Zero
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
