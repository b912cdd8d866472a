package generate_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/generate"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/scenario/load"
)

func TestWave(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		rows   int
		faults bool
	}{{"one row", 1, false}, {"three rows", 3, false}, {"a thousand", 1000, false}, {"with faults", 1000, true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wave, text, err := generate.Wave(c.rows, 7, c.faults)
			if err != nil {
				t.Fatal(err)
			}
			s, err := load.Text("generated.yaml", text)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := csv.NewReader(strings.NewReader(string(wave))).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			check(t, rows[1:], s, c.rows)
			if got := len(s.Fates) > 0; got != c.faults {
				t.Errorf("fates: %v, want %v", got, c.faults)
			}
			again, _, _ := generate.Wave(c.rows, 7, c.faults)
			if diff := cmp.Diff(string(wave), string(again)); diff != "" {
				t.Errorf("the same seed gave another wave:\n%s", diff)
			}
		})
	}
}

// check compares a wave with its scenario: every name in a row stands for something.
func check(t *testing.T, rows [][]string, s *scenario.Scenario, want int) {
	t.Helper()
	if len(rows) != want || len(s.Users) != want {
		t.Errorf("got %d rows and %d users, want %d", len(rows), len(s.Users), want)
	}
	blobs, policies, held := map[string]int{}, map[string]bool{}, map[string]bool{}
	for _, b := range s.Blobs {
		blobs[b.Path] = b.GiB
	}
	for _, p := range s.Policies {
		policies[p.Name] = true
	}
	for _, u := range s.Users {
		held[u.UPN+"@"+s.Tenant.Domain] = len(u.Licenses) > 0
	}
	seen, unlicensed, large := map[string]bool{}, 0, 0
	for _, r := range rows {
		if seen[r[0]] {
			t.Errorf("%s is there twice", r[0])
		}
		seen[r[0]] = true
		size, ok := blobs[r[1]]
		if !ok || !policies[r[2]] {
			t.Errorf("row %v names what does not exist", r)
		}
		if held[r[0]] != (r[4] == "") {
			t.Errorf("row %v: names a license %v, holds one %v", r, r[4] != "", held[r[0]])
		}
		if r[4] == "" {
			unlicensed++
		}
		if size >= 256 {
			large++
		}
	}
	if want >= 1000 && (unlicensed < want/5 || unlicensed > want/2 || large < want/5 || large > want/2) {
		t.Errorf("%d rows without a license and %d large disks of %d: not a realistic spread", unlicensed, large, want)
	}
}

func TestWaveRefused(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, -1, generate.MostRows + 1} {
		if _, _, err := generate.Wave(n, 1, false); !fault.Is(err, fault.Invalid) {
			t.Errorf("%d rows: got %v, want a fault Invalid", n, err)
		}
	}
}
