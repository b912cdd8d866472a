package run

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
)

// Damage that shows only when rows are read moves the file aside, as damage that shows at once does; nothing else does.
func TestSetAside(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		err     error
		damaged bool
		aside   int
	}{
		{"damaged", fault.New(fault.Internal, "ledger.damaged", "the rows cannot be read", ""), true, 1},
		{"another error", errors.New("x"), true, 0},
		{"sound after all", fault.New(fault.Internal, "ledger.damaged", "the rows cannot be read", ""), false, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "ledger.db")
			l, err := ledger.Open(context.Background(), path, ledger.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if l, err = ledger.Open(context.Background(), path, ledger.Options{}); err != nil {
				t.Fatal(err)
			}
			if tc.damaged {
				spoil(t, path)
			}
			take := &Session{Ledger: l, opt: Options{Ledger: path}, release: func() error { return nil }}
			defer take.Close()
			got := take.SetAside(t.Context(), tc.err)
			aside, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*damaged*"))
			if err != nil {
				t.Fatal(err)
			}
			main := 0
			for _, name := range aside {
				if !strings.HasSuffix(name, "-wal") && !strings.HasSuffix(name, "-shm") {
					main++
				}
			}
			if got == nil || main != tc.aside || fault.CodeOf(got) != fault.CodeOf(tc.err) {
				t.Errorf("%v; moved aside: %q", got, aside)
			}
		})
	}
}

// spoil overwrites the second half of a file.
func spoil(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(data) / 2; i < len(data); i++ {
		data[i] = 0xaa
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
