package sqlite

import (
	"os"
	"path/filepath"
	"testing"

	"wave365/pkg/ledger/sqlite/conn"
)

// What is committed has to survive a power cut. A test cannot cut the power, so this checks the settings of the writer's
// connection.
func TestCommitsReachTheDisk(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := conn.Open(path, conn.Write, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	const full = 2
	for pragma, want := range map[string]int{"synchronous": full, "foreign_keys": 1, "trusted_schema": 0} {
		var got int
		if err := db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %d, want %d, %v", pragma, got, want, err)
		}
	}
}
