package ledger

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
)

// TestCheckHealthOfALargeFile: beyond the bound damage in the intents is still found; damage in the rows shows when they
// are read, and damage in the audit when that is.
func TestCheckHealthOfALargeFile(t *testing.T) {
	t.Parallel()
	for table, want := range map[string]bool{"intents": true, "wave_rows": false, "audit": false} {
		path := filepath.Join(t.TempDir(), "ledger.db")
		l, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.CreateRun(t.Context(), migration.Run{ID: "r1", CreatedAt: time.Unix(0, 0)}, []migration.Row{{State: migration.Pending}}, nil); err != nil {
			t.Fatal(err)
		}
		var page int64
		if err := l.query(t.Context())(`SELECT rootpage FROM sqlite_schema WHERE name = ?`, []any{table}, &page); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(bytes.Repeat([]byte{0xA5}, 4096), (page-1)*4096); err != nil {
			t.Fatal(err)
		}
		f.Close()
		for most, want := range map[int64]bool{checkAll: true, 0: want} {
			db, err := openPool(path, modeWrite, 1)
			if err != nil {
				t.Fatal(err)
			}
			err = checkHealth(t.Context(), db, most)
			if (fault.CodeOf(err) == codeDamaged) != want {
				t.Errorf("damage in %s, bound %d: error %v, want it found: %v", table, most, err, want)
			}
			db.Close()
		}
		if table != "wave_rows" {
			continue
		}
		if l, err = Open(t.Context(), path, Options{ReadOnly: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Rows(t.Context(), "r1"); fault.CodeOf(err) != codeDamaged {
			t.Errorf("reading damaged rows: error %v, want %s", err, codeDamaged)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
