package blobtest

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// azuriteVersion is the one that runs on Node 20 and later.
const azuriteVersion = "3.35.0"

// azuriteDir is where Azurite is looked for: $AZURITE_DIR, or .cache/wave365/azurite in the home folder.
func azuriteDir() string {
	if dir := os.Getenv("AZURITE_DIR"); dir != "" {
		return dir
	}
	home, _ := os.UserHomeDir() // without one nothing will be found there, which is said
	return filepath.Join(home, ".cache", "wave365", "azurite")
}

// StartAzurite starts a real Azurite with an empty account and stops it when the test ends. It gives the account's
// endpoint. Where Azurite is not installed the test is skipped; with CI=true in the environment it fails.
func StartAzurite(t testing.TB) (root string) {
	t.Helper()
	main := filepath.Join(azuriteDir(), "node_modules", "azurite", "dist", "src", "blob", "main.js")
	node, err := exec.LookPath("node")
	if _, statErr := os.Stat(main); err != nil || statErr != nil {
		const how = "Azurite is not installed: npm install --no-audit --no-fund --omit=dev --prefix %s azurite@%s (Node 20)"
		if os.Getenv("CI") == "true" {
			t.Fatalf(how, azuriteDir(), azuriteVersion)
		}
		t.Skipf(how, azuriteDir(), azuriteVersion)
	}
	cmd := exec.Command(node, main, "--blobHost", "127.0.0.1", "--blobPort", "0", "--skipApiVersionCheck",
		"--disableTelemetry", "--silent", "--location", t.TempDir())
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatalf("start Azurite: %v", err)
	}
	address := make(chan string, 1)
	read := make(chan struct{})
	go func() {
		defer close(read)
		readAddress(out, address)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // ends only this process; it may have ended by itself
		<-read
		_ = cmd.Wait()
	})
	select {
	case at := <-address:
		if at == "" {
			t.Fatal("Azurite ended before it listened")
		}
		return at + "/" + Account
	case <-time.After(time.Minute):
		t.Fatal("Azurite did not listen within a minute")
	}
	return ""
}

// readAddress sends the address that Azurite prints when it listens, "" when it ends without one, and reads on so that
// Azurite never waits for its reader.
func readAddress(out io.Reader, address chan<- string) {
	listens := regexp.MustCompile(`listens on (http://\S+:\d+)`)
	found := ""
	for lines := bufio.NewScanner(out); found == "" && lines.Scan(); {
		if m := listens.FindStringSubmatch(lines.Text()); m != nil {
			found = m[1]
		}
	}
	address <- found
	_, _ = io.Copy(io.Discard, out) // until it ends
}
