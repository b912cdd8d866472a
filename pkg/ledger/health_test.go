package ledger

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"wave365/pkg/fault"
)

// TestCheckHealthOfALargeFile: beyond the bound damage in the rows is still found, damage in the audit is not looked for.
func TestCheckHealthOfALargeFile(t *testing.T) {
	t.Parallel()
	for table, want := range map[string]bool{"wave_rows": true, "audit": false} {
		path := filepath.Join(t.TempDir(), "ledger.db")
		l, err := Open(t.Context(), path, Options{})
		if err != nil {
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
	}
}
