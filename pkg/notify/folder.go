package notify

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"wave365/pkg/fault"
)

// Folder writes messages as files instead of sending them, for people who want to see them first.
type Folder struct{ Dir string }

// Name is "folder".
func (Folder) Name() string { return "folder" }

// Send writes a message's text and HTML form. Files of the same name are written again.
func (f Folder) Send(_ context.Context, m Message) error {
	name := fmt.Sprintf("%04d-%s", m.Row+1, m.Event)
	for ext, text := range map[string]string{".txt": "To: " + m.To + "\nSubject: " + m.Subject + "\n\n" + m.Text, ".html": m.HTML} {
		path := filepath.Join(f.Dir, name+ext)
		if err := os.WriteFile(path, []byte(strings.TrimSpace(text)+"\n"), 0o600); err != nil {
			return fault.Wrap(fault.Invalid, "notify.folder", "the message cannot be written to "+path+": "+err.Error(), "choose another folder", err)
		}
	}
	return nil
}
