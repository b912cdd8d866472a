package main

import (
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"wave365/cmd/wave365/internal/usage"
	"wave365/pkg/migration"
)

// The topics know everything that the code knows, and fit a terminal.
func TestTopics(t *testing.T) {
	t.Parallel()
	texts := map[string]string{}
	for _, c := range newRootCommand(&app{out: io.Discard, err: io.Discard}).Commands() {
		if !c.IsAdditionalHelpTopicCommand() {
			continue
		}
		usage.LayOut(c, 0)
		texts[c.Name()] = c.Long
		for _, line := range strings.Split(c.Long, "\n") {
			if utf8.RuneCountInString(line) > 115 {
				t.Errorf("%s: a line of %d characters: %s", c.Name(), utf8.RuneCountInString(line), line)
			}
		}
	}
	if len(texts) != 7 {
		t.Errorf("%d topics, want 7", len(texts))
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	asked, err := os.ReadFile("../../pkg/graph/remedies.go") // what the client asks for when a call is refused
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`permission = "([^"]+)"`).FindAllStringSubmatch(string(asked), -1)
	if len(named) < 9 {
		t.Errorf("%d permissions in pkg/graph", len(named))
	}
	for _, p := range named {
		if !strings.Contains(texts["permissions"], p[1]) || !strings.Contains(string(readme), "`"+p[1]+"`") {
			t.Errorf("help permissions or the README does not name %s", p[1])
		}
	}
	for _, s := range migration.States() {
		if stateMeaning(s) == "" {
			t.Errorf("nothing is said of the state %s", s)
		}
	}
	for _, name := range otherNames {
		if completes := strings.Contains(name, "ACTIVE_HELP") || strings.Contains(name, "COMPLETION"); !completes && !strings.Contains(texts["environment"], name) {
			t.Errorf("help environment does not name %s", name)
		}
	}
}
