package configfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

func asUTF16(s string) []byte {
	out := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

// inFile are the settings of a file without profiles.
func inFile(t *testing.T, data []byte) (map[string]any, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wave365.yaml")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Read(path, false, func(string) bool { return false })
	if err != nil {
		return nil, err
	}
	return f.In("")
}

// The configuration file is read however an editor or PowerShell has written it.
func TestReadConfig(t *testing.T) {
	t.Parallel()
	want := map[string]any{"storage-account": "contosovhds", "slots": uint64(8), "tenant": nil}
	const text = "storage-account: contosovhds # Zürich\nslots: 8\ntenant:\n"
	for name, data := range map[string][]byte{
		"UTF-8": []byte(text), "a mark": []byte("\uFEFF" + text), "UTF-16": asUTF16(text), "CR LF": []byte("\uFEFF" + strings.ReplaceAll(text, "\n", "\r\n")),
		"keys in quotes": []byte("\"storage-account\": 'contosovhds'\n'slots': 8\n\"tenant\": ~\n"), "JSON": []byte(`{"storage-account": "contosovhds", "slots": 8, "tenant": null}`),
		"a document mark": []byte("---\n" + text),
	} {
		got, err := inFile(t, data)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	for name, data := range map[string][]byte{"empty": nil, "comments": []byte("# slots: 8\n"), "a mark alone": []byte("\uFEFF")} {
		if got, err := inFile(t, data); err != nil || len(got) > 0 {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}

// What is no setting, or stands in the wrong place, is refused by its name; so is a profile that is not there.
func TestRead_refuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"version: 2": "version 2 is of another version", "slotz: 8": "unknown key slotz", "slots: [8]": "slots has a list of values", "slots: 8\n---\nslots: 9": "several documents",
		"profiles: a": "profiles must be a list", "profiles:\n  a: 1": "profile a has no settings", "profiles:\n  a:\n    version: 1": "version is set in profile a",
		"profiles:\n  a:\n    slotz: 1": "unknown key slotz", "profile: b\nprofiles:\n  a:\n    slots: 1": "unknown profile b",
	} {
		if _, err := inFile(t, []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	merged, err := inFile(t, []byte("slots: 1\ntenant: x\nprofile: a\nprofiles:\n  a:\n    slots: 8\n"))
	if err != nil || merged["slots"] != uint64(8) || merged["tenant"] != "x" {
		t.Errorf("a profile over the file: %v, %v", merged, err)
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none.yaml"), true, func(string) bool { return false }); err == nil {
		t.Error("a file that was asked for and is not there is taken")
	}
}
