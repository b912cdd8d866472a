package notify

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"wave365/pkg/fault"
)

// Folder writes messages as files instead of sending them, for people who want to see them first.
type Folder struct {
	Dir string
	// Run begins the names of the files, so that those of several runs fit into one folder.
	Run string
}

// Write writes a message's text and HTML form. It replaces files of the same name.
func (f Folder) Write(m Message) error {
	name := fmt.Sprintf("%s-%04d-%s-%s", f.Run, m.Line, fileName(m.User), m.Event)
	for ext, text := range map[string]string{".txt": "To: " + m.To + "\nSubject: " + m.Subject + "\n\n" + m.Text, ".html": m.HTML} {
		path := filepath.Join(f.Dir, name+ext)
		if err := os.WriteFile(path, []byte(strings.TrimSpace(text)+"\n"), 0o600); err != nil {
			return fault.Wrap(fault.Invalid, "notify.folder", "the message cannot be written to "+path+": "+err.Error(), "choose another folder", err)
		}
	}
	return nil
}

// fileName returns a user's name with only the characters that every file system accepts.
func fileName(user string) string {
	const most = 64
	name := strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r == '@' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return '_'
	}, user)
	for len(name) > most {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return name
}
