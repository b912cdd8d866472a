package catalogue_test

import (
	"regexp"
	"strings"
	"testing"

	"wave365/pkg/wave/catalogue"
)

// Each family stands together, each code once, and each entry says something of its own.
func TestAll(t *testing.T) {
	t.Parallel()
	code := regexp.MustCompile(`^[a-z]+\.[a-z]+(-[a-z0-9]+)*$`)
	seen, titles, closed := map[string]bool{}, map[string]string{}, map[string]bool{}
	last := ""
	for _, family := range catalogue.All() {
		for _, e := range family {
			if !code.MatchString(e.Code) || seen[e.Code] {
				t.Errorf("code %q is malformed or there twice", e.Code)
			}
			seen[e.Code] = true
			if other := titles[e.Title]; other != "" {
				t.Errorf("%s and %s have one title", other, e.Code)
			}
			titles[e.Title] = e.Code
			name, _, _ := strings.Cut(e.Code, ".")
			if name != last {
				if closed[name] {
					t.Errorf("%s stands apart from its family", e.Code)
				}
				closed[name], last = true, name
			}
			for _, text := range []string{e.Title, e.Meaning, e.Remedy} {
				if strings.TrimSpace(text) != text || text == "" {
					t.Errorf("%s: %q", e.Code, text)
				}
			}
		}
	}
	if len(seen) < 70 {
		t.Errorf("only %d codes", len(seen))
	}
}
