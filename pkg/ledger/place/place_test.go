package place_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wave365/pkg/ledger/place"
)

func TestSynced(t *testing.T) {
	t.Parallel()
	for path, client := range map[string]string{
		`C:\Users\eve\OneDrive\ledger.db`:                                    "OneDrive",
		`C:\Users\eve\OneDrive - Contoso\waves\ledger.db`:                    "OneDrive",
		`/Users/eve/Library/CloudStorage/OneDrive-Contoso/ledger.db`:         "cloud",
		`/Users/eve/Library/Mobile Documents/com~apple~CloudDocs/l.db`:       "iCloud",
		`C:\Users\eve\iCloudDrive\ledger.db`:                                 "iCloud",
		`/home/eve/Dropbox/ledger.db`:                                        "Dropbox",
		`/home/eve/Dropbox (Contoso)/ledger.db`:                              "Dropbox",
		`G:\My Drive\ledger.db`:                                              "Google Drive",
		`/Users/eve/Google Drive/ledger.db`:                                  "Google Drive",
		`/Users/eve/Library/CloudStorage/GoogleDrive-eve@contoso.com/a/l.db`: "cloud",
		`/home/eve/Nextcloud/ledger.db`:                                      "Nextcloud",
		`C:\Users\eve\wave365\ledger.db`:                                     "",
		`/home/eve/onedrive-like/../waves/ledger.db`:                         "OneDrive",
		`/home/eve/my onedrive notes/ledger.db`:                              "",
		`/home/eve/sandbox/ledger.db`:                                        "",
		`/srv/boxes/dropboxes/ledger.db`:                                     "",
	} {
		got := place.Synced(path)
		if client == "" && got != "" || !strings.Contains(got, client) {
			t.Errorf("%s: %q, want %q", path, got, client)
		}
	}
}

func TestRefuseFollowsLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synced := filepath.Join(dir, "Dropbox", "waves")
	if err := os.MkdirAll(synced, 0o700); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "plain")
	if err := os.Symlink(synced, link); err != nil {
		t.Skipf("no links here: %v", err)
	}
	if got := place.Refuse(filepath.Join(link, "not", "yet", "ledger.db")); !strings.Contains(got, "Dropbox") {
		t.Errorf("a link into Dropbox: %q", got)
	}
	if got := place.Refuse(filepath.Join(dir, "local", "ledger.db")); got != "" {
		t.Errorf("a local folder: %q", got)
	}
}
