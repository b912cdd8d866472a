package yamltext_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/goccy/go-yaml"

	"wave365/pkg/wave/yamltext"
)

func utf16le(s string) []byte {
	out := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

func utf16be(s string) []byte {
	out := []byte{0xFE, 0xFF}
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u>>8), byte(u))
	}
	return out
}

// However a program writes the file, it holds the same.
func TestDecode(t *testing.T) {
	t.Parallel()
	const text = "tenant: contoso.example # Zürich\nslots: 20\n"
	for name, data := range map[string][]byte{
		"UTF-8": []byte(text), "a mark": []byte("\uFEFF" + text), "two marks": []byte("\uFEFF\uFEFF" + text), "UTF-16": utf16le(text), "UTF-16, the other way": utf16be(text),
	} {
		got, err := yamltext.Decode(data, 1<<20)
		if err != nil || string(got) != text {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, deep := range []string{
		strings.Repeat("[", 64) + strings.Repeat("]", 64), "a: " + strings.Repeat("- ", 60) + "x", strings.Repeat("- {a: [1, 2]}\n", 5000), "note: \"[[[\"\n", "a: {b: 'it''s'}\n",
	} {
		if _, err := yamltext.Decode([]byte(deep), 1<<20); err != nil {
			t.Errorf("%.40q: %v", deep, err)
		}
	}
}

// What would take the memory of the machine is refused at once, on its line.
func TestDecode_Refuses(t *testing.T) {
	t.Parallel()
	var stairs, bomb strings.Builder
	for i := range 200 {
		stairs.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	bomb.WriteString("a: &a [lol, lol, lol]\n")
	for i := 'b'; i < 'k'; i++ {
		bomb.WriteString(string(i) + ": &" + string(i) + " [" + strings.Repeat("*"+string(i-1)+", ", 9) + "1]\n")
	}
	for name, tc := range map[string]struct {
		data string
		line int
		want string
	}{
		"lists in lists":    {"version: 1\nusers: " + strings.Repeat("[", 100_000), 2, "nested more than"},
		"objects":           {strings.Repeat("{a: ", 50_000), 1, "nested more than"},
		"entries in a line": {"a:\n " + strings.Repeat("- ", 3000) + "x", 2, "nested more than"},
		"keys in a line":    {strings.Repeat("? ", 20_000) + "x", 1, "nested more than"},
		"tags in a line":    {"a: " + strings.Repeat("!!map ", 50_000) + "x", 1, "nested more than"},
		"stairs":            {stairs.String(), 66, "nested more than"},
		"aliases":           {bomb.String(), 2, "aliases"},
		"a merge":           {"a: &a {b: 1}\nc:\n  <<: {d: 1}\n", 3, "aliases"},
		"too large":         {strings.Repeat("# comment\n", 200_000), 0, "larger than 1 MiB"},
		"many values":       {"a: [" + strings.Repeat("1,", 500_001), 0, "more than 500000 values"},
		"zeros":             {"a: 1\nb: \x00\n", 2, "zero bytes"},
	} {
		begun := time.Now()
		_, err := yamltext.Decode([]byte(tc.data), 1<<20)
		var e *yamltext.Error
		if !errors.As(err, &e) || e.Line != tc.line || !strings.Contains(e.What, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}

// Law: what is let through is parsed without a panic and without an end of memory.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"a: 1\n", "- - - [x]\n", "a: &b 1\nc: *b\n", "? [a]\n: {b: c}\n", "\xFF\xFEa\x00:\x00", "a: |\n  x\n b: >-\n  y\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := yamltext.Decode(data, 4096)
		if err != nil {
			return
		}
		var v map[string]any
		_ = yaml.Unmarshal(text, &v)
	})
}
