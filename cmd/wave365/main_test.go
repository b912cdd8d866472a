package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the tool: for scripts under the name wave365, and for tests that need a process
// to kill, by an environment variable.
func TestMain(m *testing.M) {
	if os.Getenv(beTheTool) == "1" {
		a := frozenApp()
		for _, name := range testNames {
			_ = os.Unsetenv(name)
		}
		os.Exit(mainOf(a))
	}
	testscript.Main(m, map[string]func(){"wave365": func() { os.Exit(realMain()) }})
}

const beTheTool = "WAVE365_TEST_BE_THE_TOOL"

// testNames are names of the environment that steer tests, and that the tool does not know.
var testNames = []string{beTheTool, "WAVE365_EVENINGS", "WAVE365_FIRST", "WAVE365_FREEZE", "WAVE365_KILLS", "WAVE365_KILL_SEED", "WAVE365_ROWS", "WAVE365_SCREENSHOTS", "WAVE365_SEEDS", "WAVE365_STORMS", "WAVE365_TENANTS"}
