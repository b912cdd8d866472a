package awake_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wave365/pkg/runner/awake"
)

// inhibitor puts a systemd-inhibit of our own in the way; it notes what it was asked and when it was let go.
func inhibitor(t *testing.T, script string) (log string) {
	t.Helper()
	dir := t.TempDir()
	log = filepath.Join(dir, "log")
	text := "#!/bin/sh\n" + strings.ReplaceAll(script, "LOG", log)
	if err := os.WriteFile(filepath.Join(dir, "systemd-inhibit"), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	return log
}

func TestKeepAndRelease(t *testing.T) {
	log := inhibitor(t, "echo asked \"$@\" >LOG\ncat\necho let go >>LOG\n")
	release, err := awake.Keep("run one of wave friday")
	if err != nil {
		t.Fatal(err)
	}
	release() // waits for the helper's end
	release()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"asked --what=idle:sleep", "--why=run one of wave friday", "let go"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q does not say %q", text, want)
		}
	}
}

func TestAHelperThatGetsNoLockIsAnError(t *testing.T) {
	inhibitor(t, "echo no bus >&2\nexit 1\n")
	release, err := awake.Keep("x")
	if err == nil || !strings.Contains(err.Error(), "no bus") {
		t.Errorf("nothing keeps the machine awake, and nobody was told why: %v", err)
	}
	release()
}

func TestHelperThatEndsLaterIsIgnored(t *testing.T) {
	inhibitor(t, "head -c 1\n")
	release, err := awake.Keep("x")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		release()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("release hangs on a helper that is gone")
	}
}

func TestWithoutAHelperThereIsAnError(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	release, err := awake.Keep("x")
	if err == nil {
		t.Error("nothing keeps the machine awake, and nobody was told")
	}
	release()
}
