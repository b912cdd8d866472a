package graph_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// offSandbox are the traps that no sandbox can play, and why.
var offSandbox = map[int]string{20: "it is about the hosts of national clouds"}

// TestEveryTrapIsPlayed: there is a test named after each of the 27 traps. Each runs the client against the sandbox in the
// variants that the sources leave open, and most have a second one from a script: for answers that the sandbox never gives
// (a trap of the trap) and for the exact bytes that are sent.
func TestEveryTrapIsPlayed(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (TestTrapT\d\d)(OnSandbox)?`).FindAllStringSubmatch(string(text), -1) {
			found[m[1]+m[2]] = true
		}
	}
	for n := 1; n <= 27; n++ {
		name := fmt.Sprintf("TestTrapT%02d", n)
		if why := offSandbox[n]; found[name+"OnSandbox"] == (why != "") || !found[name] && why != "" {
			t.Errorf("trap %d: on the sandbox %v, from a script %v (%s)", n, found[name+"OnSandbox"], found[name], why)
		}
	}
}
