package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"wave365/pkg/ledger/sqlite"
	"wave365/pkg/ledger/sqlite/conn"
)

// TestWritersAreDurable: a commit is on the disk before it is acknowledged, and foreign keys are checked. No other test
// would notice, because a killed process loses nothing that the operating system has.
func TestWritersAreDurable(t *testing.T) {
	t.Parallel()
	c := sqlite.Config{Path: filepath.Join(t.TempDir(), "ledger.db"), Now: time.Now}
	db, err := sqlite.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	write, err := conn.Open(c.Path, conn.Write, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer write.Close()
	for pragma, want := range map[string]int{"synchronous": 2, "foreign_keys": 1, "trusted_schema": 0} {
		var got int
		if err := write.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %d, want %d (%v)", pragma, got, want, err)
		}
	}
}
