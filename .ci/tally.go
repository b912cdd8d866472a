//go:build ignore

// Tally reads the events of `go test -json` from files and prints what a person wants of them: the output of tests
// that failed or never ended, the names of tests that were skipped, the slowest ones, and each package's closing line.
// It ends with 1 when a test failed or was skipped, or when none ran: a check that did not run must not look like one
// that passed.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

type event struct {
	Action, Package, Test, Output, FailedBuild string
	ImportPath                                 string
	Elapsed                                    float64
}

func main() {
	passed, failed, skipped := 0, 0, 0
	output, blamed := map[string]string{}, map[string]bool{}
	var closing, slow []string
	for _, name := range os.Args[1:] {
		f, err := os.Open(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, "tally:", err)
			os.Exit(1)
		}
		for sc := bufio.NewReader(f); ; {
			line, err := sc.ReadBytes('\n')
			if len(line) == 0 && err != nil {
				break
			}
			var e event
			if json.Unmarshal(line, &e) != nil {
				fmt.Print(string(line))
				continue
			}
			key := e.Package + " " + e.Test
			switch e.Action {
			case "output":
				output[key] += e.Output
			case "build-output":
				fmt.Print(e.Output)
			case "pass", "fail", "skip":
				text := output[key]
				delete(output, key)
				if e.Test == "" {
					if e.Action == "fail" && !blamed[e.Package] {
						// It did not build, or ended outside of a test.
						failed++
						fmt.Print(text)
					}
					// A package that ran out of time or crashed says so in the output of a test that never ended.
					for _, key := range unended(output, e.Package) {
						fmt.Printf("NOT ENDED %s\n%s", key, head(output[key]))
						delete(output, key)
					}
					lines := strings.Split(strings.TrimSpace(text), "\n")
					closing = append(closing, lines[len(lines)-1])
					continue
				}
				switch e.Action {
				case "pass":
					passed++
				case "fail":
					failed++
					blamed[e.Package] = true
					fmt.Printf("FAILED %s\n%s", key, text)
				case "skip":
					skipped++
					fmt.Printf("SKIPPED %s\n%s", key, text)
				}
				if e.Elapsed >= 5 && !strings.Contains(e.Test, "/") {
					slow = append(slow, fmt.Sprintf("%7.1f s  %s", e.Elapsed, key))
				}
			}
		}
		f.Close()
	}
	slices.Sort(slow)
	slices.Reverse(slow)
	for _, s := range slow[:min(10, len(slow))] {
		fmt.Println("slow:", s)
	}
	for _, c := range closing {
		fmt.Println(c)
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	if passed == 0 || failed > 0 || skipped > 0 {
		os.Exit(1)
	}
}

// unended lists the tests of a package whose output nothing has closed.
func unended(output map[string]string, pkg string) []string {
	var keys []string
	for key := range output {
		if strings.HasPrefix(key, pkg+" ") {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// head is the beginning of a long text: where a test hung stands before the stacks of all others.
func head(text string) string {
	const most = 8000
	if len(text) <= most {
		return text
	}
	return text[:most] + "\n[...]\n"
}
