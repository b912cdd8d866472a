// Mutants breaks the program in small ways, one at a time, and wants a named test to see each: go run .ci/mutants.go [-only REGEXP].
// With -fit it runs no test, and only looks whether every mutant still fits its file, which takes no time.
// The tree is not touched: go build's overlay shows the compiler the broken file. mutants.txt beside it lists them:
//
//	== what is broken, in words
//	file pkg/x/y.go
//	test ./pkg/x TestName [SEEDS]
//	- the lines as they are, which stand in the file once
//	+ the lines as they are broken
//
// It ends with 1 when a mutant survives, does not compile, or no longer fits its file.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

type mutant struct {
	name, file, pkg, test, seeds string
	old, broken                  []string
}

// fewest is how many there must be: fewer would mean that the list was not read.
const fewest = 25

func main() {
	only := flag.String("only", "", "the mutants whose name matches this regular expression")
	fit := flag.Bool("fit", false, "run no test; only look whether each mutant fits its file")
	flag.Parse()
	pick, err := regexp.Compile(*only)
	if err != nil {
		fail(err.Error())
	}
	all, err := read(filepath.Join(".ci", "mutants.txt"))
	if err != nil {
		fail(err.Error())
	}
	if len(all) < fewest {
		fail(fmt.Sprintf("only %d mutants in the list", len(all)))
	}
	began, bad := time.Now(), 0
	for _, m := range all {
		if !pick.MatchString(m.name) {
			continue
		}
		start := time.Now()
		broken, verdict := m.fit()
		if verdict == "" && *fit {
			continue
		}
		if verdict == "" {
			verdict = m.try(broken)
		}
		if verdict != "" {
			bad++
		}
		fmt.Printf("%-8s %4.0f s  %s (%s %s)%s\n", map[bool]string{true: "seen", false: "SURVIVED"}[verdict == ""], time.Since(start).Seconds(), m.name, m.pkg, m.test, verdict)
	}
	fmt.Printf("%d mutants, %d not seen, %.0f s\n", len(all), bad, time.Since(began).Seconds())
	if bad > 0 {
		os.Exit(1)
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, "mutants: "+why)
	os.Exit(1)
}

func read(path string) (all []mutant, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for n, line := range strings.Split(string(text), "\n") {
		word, rest, _ := strings.Cut(line, " ")
		if word == "==" {
			all = append(all, mutant{name: rest})
			continue
		}
		if line == "" || word == "#" {
			continue
		}
		if len(all) == 0 {
			return nil, fmt.Errorf("%s:%d: a line before the first mutant", path, n+1)
		}
		switch m := &all[len(all)-1]; word {
		case "file":
			m.file = rest
		case "test":
			f := append(strings.Fields(rest), "", "", "")
			m.pkg, m.test, m.seeds = f[0], f[1], f[2]
		case "-":
			m.old = append(m.old, rest)
		case "+":
			m.broken = append(m.broken, rest)
		default:
			return nil, fmt.Errorf("%s:%d: %q is no line of a mutant", path, n+1, line)
		}
	}
	return all, nil
}

// fit gives the text of the mutant's file as it is broken; misfit says why its lines are not there.
func (m mutant) fit() (broken, misfit string) {
	text, err := os.ReadFile(m.file)
	if err != nil {
		return "", ": " + err.Error()
	}
	old := strings.Join(m.old, "\n")
	if n := strings.Count(string(text), old); n != 1 || m.test == "" {
		return "", fmt.Sprintf(": its lines stand in %s %d times", m.file, n)
	}
	return strings.Replace(string(text), old, strings.Join(m.broken, "\n"), 1), ""
}

// try runs the mutant's test on the broken file; "" when the test saw it, else why not.
func (m mutant) try(text string) string {
	dir, err := os.MkdirTemp("", "mutant-")
	if err != nil {
		return ": " + err.Error()
	}
	defer os.RemoveAll(dir)
	abs, err := filepath.Abs(m.file)
	if err != nil {
		return ": " + err.Error()
	}
	broken := filepath.Join(dir, "broken.go")
	overlay, _ := json.Marshal(map[string]any{"Replace": map[string]string{abs: broken}}) // strings always marshal
	if err := os.WriteFile(broken, []byte(text), 0o600); err != nil {
		return ": " + err.Error()
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		return ": " + err.Error()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-timeout", "4m", "-overlay", list, "-run", "^"+m.test+"$", m.pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "WAVE365_SEEDS="+m.seeds)
	out, err := cmd.CombinedOutput()
	switch {
	case err == nil && strings.Contains(string(out), "no tests to run"):
		return ": there is no test " + m.test
	case err == nil:
		return ": its test is green"
	case !strings.Contains(string(out), "--- FAIL: "+m.test) && !strings.Contains(string(out), "panic: "):
		return ": its test did not run: " + tail(string(out))
	}
	return ""
}

func tail(s string) string {
	if len(s) > 600 {
		s = "…" + s[len(s)-600:]
	}
	return strings.TrimSpace(s)
}
