package progress_test

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"
	"go.uber.org/goleak"

	"wave365/pkg/migration"
	"wave365/pkg/progress"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// onTerminal plays a story on a screen in a bubble. draw waits until what was told is on the screen and gives it.
func onTerminal(t *testing.T, rows, width, height int, color bool, play func(s *story, draw func() string)) *screen {
	t.Helper()
	out := &screen{}
	synctest.Test(t, func(*testing.T) {
		s := newStory(rows)
		v := progress.New(progress.Options{Out: out, Terminal: true, Color: color, Now: s.now,
			Width: func() int { return width }, Height: func() int { return height }})
		s.start(v, 4)
		play(s, func() string {
			time.Sleep(time.Second)
			synctest.Wait()
			return out.text()
		})
		v.Done()
	})
	if bad := out.strange(); len(bad) > 0 {
		t.Errorf("control sequences not understood: %q", bad)
	}
	return out
}

func TestTerminal_shows(t *testing.T) {
	t.Parallel()
	var drawn []string
	out := onTerminal(t, 6, 80, 24, false, func(s *story, draw func() string) {
		drawn = append(drawn, draw())
		s.importing(0)
		s.importing(1)
		s.claim(2)
		s.view.Status("throttled until 18:02")
		s.view.Polled(progress.Poll{Rows: []int{1, 99}, Next: s.at.Add(48 * time.Second)})
		drawn = append(drawn, draw())
		s.pass(10 * time.Minute)
		s.view.Status("")
		s.fail(1, "the service could not import the disk")
		s.provisioning(0)
		s.pass(15 * time.Minute)
		s.succeed(0, "")
		drawn = append(drawn, draw())
	})
	want := []string{
		"friday  " + strings.Repeat("░", 50) + "  0/6 rows    0 %  0s\n" +
			"  █ 0 succeeded  ▓ 0 failed  ░ 0 active  ░ 0 waiting  ░ 6 queued\n" +
			"  about … left",
		"friday  " + strings.Repeat("░", 50) + "  0/6 rows    0 %  0s\n" +
			"  █ 0 succeeded  ▓ 0 failed  ░ 1 active  ░ 2 waiting  ░ 3 queued\n" +
			"  about … left\n" +
			"  ! throttled until 18:02\n" +
			"  user      step            elapsed  next look\n" +
			"  user00    import-wait          0s  in 1m00s\n" +
			"  user01    import-wait          0s  in 48s\n" +
			"  user02    check                0s  working",
		local("2026-11-06T18:10:00Z") + "  failed     user01@contoso.example  at import-wait  after 10m00s\n" +
			"          import.failed: the service could not import the disk\n" +
			local("2026-11-06T18:25:00Z") + "  succeeded  user00@contoso.example  after 25m00s\n" +
			"friday  " + strings.Repeat("█", 7) + strings.Repeat("▓", 7) + strings.Repeat("░", 32) + "  2/6 rows   33 %  25m00s\n" +
			"  █ 1 succeeded  ▓ 1 failed  ░ 1 active  ░ 0 waiting  ░ 3 queued\n" +
			"  about … left\n" +
			"  user                    step            elapsed  next look\n" +
			"! user02@contoso.example  check            25m00s  working    slow: over 15m, …",
	}
	for i := range want {
		got := outlook.ReplaceAllString(drawn[i], "about … left")
		if diff := cmp.Diff(want[i], got); diff != "" {
			t.Errorf("screen %d (-want +got):\n%s", i, diff)
		}
	}
	last := strings.Split(out.text(), "\n")
	if got := last[len(last)-1]; got != "  █ 1 succeeded  ▓ 1 failed  ░ 1 active  ░ 3 queued" {
		t.Errorf("the last frame ends in %q; it has counts and no rows", got)
	}
	if regexp.MustCompile("\x1b\\[[0-9;]*m").MatchString(out.bytes()) {
		t.Error("colour without being asked for")
	}
}

// outlook is the range of the remaining time, which pkg/estimate is tested for.
var outlook = regexp.MustCompile(`about .* to .* left \(.*\)`)

func TestTerminal_forecast(t *testing.T) {
	t.Parallel()
	onTerminal(t, 10, 100, 30, false, func(s *story, draw func() string) {
		says := func(when, want string) {
			t.Helper()
			got := draw()
			if (want == "") == strings.Contains(got, "left (") || !strings.Contains(got, want) {
				t.Errorf("%s: want a forecast with %q:\n%s", when, want, got)
			}
		}
		for i := range 4 {
			s.importing(i)
		}
		says("at the start", "about ")
		s.pass(10 * time.Minute)
		for i := range 4 {
			s.provisioning(i)
		}
		says("after imports alone", "about ")
		s.pass(20 * time.Minute)
		for i := range 3 {
			s.succeed(i, "")
		}
		says("after three rows", "about ")
		for i := 4; i < 10; i++ {
			s.importing(i)
		}
		s.pass(2 * time.Hour)
		says("when all that is left is overdue", "")
		if got := draw(); !strings.Contains(got, "no forecast") || !strings.Contains(got, "! user04") || !strings.Contains(got, "slow: over ") {
			t.Errorf("overdue rows are not marked:\n%s", got)
		}
	})
}

// The ^C that a terminal echoes leaves nothing behind.
func TestTerminal_echo(t *testing.T) {
	t.Parallel()
	out := &screen{}
	synctest.Test(t, func(t *testing.T) {
		s := newStory(2)
		v := progress.New(progress.Options{Out: out, Terminal: true, Now: s.now})
		defer v.Done()
		s.start(v, 4)
		draw := func() string {
			time.Sleep(200 * time.Millisecond) // one frame: the next one would cover it, unless the line had wrapped
			synctest.Wait()
			return out.text()
		}
		draw()
		before := draw()
		fmt.Fprint(out, "^C")
		if after := draw(); after != before {
			t.Errorf("after the echo:\n%s\nwant\n%s", after, before)
		}
	})
}

func TestTerminal_neverAboveHundred(t *testing.T) {
	t.Parallel()
	onTerminal(t, 3, 80, 24, false, func(s *story, draw func() string) {
		for i := range 3 {
			s.importing(i)
		}
		for i := range 3 {
			if got := draw(); strings.Contains(got, "100 %") {
				t.Errorf("100 %% with %d rows open:\n%s", 3-i, got)
			}
			s.fail(i, "no")
			s.view.Row(s.rows[i])
			s.view.Row(s.rows[i])
		}
		if got := draw(); !strings.Contains(got, "3/3 rows  100 %") {
			t.Errorf("want 3/3 rows and 100 %%:\n%s", got)
		}
	})
}

// TestTerminal_fits draws too much into many sizes: no line is wider than the terminal, no frame higher.
func TestTerminal_fits(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{20, 4}, {40, 10}, {80, 24}, {120, 40}, {300, 8}, {80, 1}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			t.Parallel()
			onTerminal(t, 60, size[0], size[1], false, func(s *story, draw func() string) {
				for i := range s.rows {
					s.rows[i].Target.User = fmt.Sprintf("%d 田中太郎 with a long name\x1b[2J\nand a line break@contoso.example", i)
					s.importing(i)
				}
				s.view.Status(strings.Repeat("waiting for something ", 30))
				lines := strings.Split(draw(), "\n")
				if len(lines) > max(size[1]-1, 1) {
					t.Errorf("%d lines on a terminal of %d:\n%s", len(lines), size[1], strings.Join(lines, "\n"))
				}
				for _, l := range lines {
					if w := runewidth.StringWidth(l); w >= size[0] {
						t.Errorf("%d columns on a terminal of %d: %q", w, size[0], l)
					}
				}
				if size[1] >= 10 {
					shown := 0
					for _, l := range lines {
						if strings.Contains(l, "import-wait") || strings.Contains(l, "import-w…") || strings.Contains(l, "import…") {
							shown++
						}
					}
					if want := fmt.Sprintf("  … and %d more", 60-shown); lines[len(lines)-1] != want {
						t.Errorf("%d rows shown, the last line is %q, want %q", shown, lines[len(lines)-1], want)
					}
				}
			})
		})
	}
}

func TestTerminal_colourNeverAlone(t *testing.T) {
	t.Parallel()
	tell := func(s *story, draw func() string) {
		for i := range 5 {
			s.importing(i)
		}
		s.fail(1, "no")
		s.provisioning(2)
		s.succeed(2, "a check did not pass")
		s.apply(3, migration.Hold(s.rows[3], s.rows[3].Facts, migration.Problem{Code: "import.unknown", Message: "no answer"}, s.at))
		s.apply(4, migration.Again(s.rows[4], s.rows[4].Facts, migration.Problem{Message: "the service is busy"}, s.at.Add(time.Minute), s.at))
		draw()
	}
	var plain, colour string
	plain = onTerminal(t, 6, 120, 40, false, func(s *story, draw func() string) { tell(s, draw); plain = draw() }).text()
	out := onTerminal(t, 6, 120, 40, true, tell)
	colour = out.text()
	if diff := cmp.Diff(plain, colour); diff != "" {
		t.Errorf("colour changes the words (-plain +colour):\n%s", diff)
	}
	if !strings.Contains(out.bytes(), "\x1b[31mfailed") {
		t.Error("no colour although it was allowed")
	}
	for _, word := range []string{"failed ", "warned ", "held ", "a check did not pass", "1 warned", "1 held"} {
		if !strings.Contains(plain, word) {
			t.Errorf("%q is not said in words:\n%s", word, plain)
		}
	}
}

// TestTerminal_resume: rows that were done before count, and the time of rows in a step for long is shown.
func TestTerminal_resume(t *testing.T) {
	t.Parallel()
	out := &screen{}
	synctest.Test(t, func(*testing.T) {
		s := newStory(4)
		ago := func(m int) time.Time { return s.at.Add(-time.Duration(m) * time.Minute) }
		s.rows[0].State = migration.Succeeded
		s.rows[0].Facts = migration.Facts{ImportStarted: ago(60), ImportEnded: ago(50), CutOver: ago(50), Provisioned: ago(30)}
		s.rows[1].State, s.rows[1].Step, s.rows[1].Facts.ImportStarted = migration.Waiting, migration.StepImportWait, ago(5)
		s.rows[2].State, s.rows[2].Step, s.rows[2].Facts.CutOver = migration.Waiting, migration.StepProvisionWait, ago(70)
		s.rows[3].State, s.rows[3].Step, s.rows[3].Facts.ImportStarted = migration.Pending, migration.StepImportWait, ago(6)
		v := progress.New(progress.Options{Out: out, Terminal: true, Now: s.now, Width: func() int { return 100 }})
		s.start(v, 4)
		s.claim(3)
		time.Sleep(time.Second)
		for _, want := range []string{"1/4 rows   25 %", "left (", "without 1 slow",
			"  user01    import-wait       5m00s", "! user02    provision-wait    1h10m",
			"  user03    import-wait       6m00s  working"} {
			if got := out.text(); !strings.Contains(got, want) {
				t.Errorf("want %q on the screen:\n%s", want, got)
			}
		}
		v.Done()
	})
}

// TestTerminal_onHold: a paused terminal (Ctrl-S) does not stop the run.
func TestTerminal_onHold(t *testing.T) {
	t.Parallel()
	for _, terminal := range []bool{true, false} {
		synctest.Test(t, func(*testing.T) {
			s := newStory(50)
			hold := make(chan struct{})
			v := progress.New(progress.Options{Out: held{hold}, Terminal: terminal, Now: s.now})
			s.start(v, 4)
			for i := range s.rows {
				s.importing(i)
				s.fail(i, "no")
				v.Status(fmt.Sprint(i))
				time.Sleep(time.Second)
			}
			close(hold)
			v.Done()
		})
	}
}

// TestTerminal_gone: a closed terminal neither stops nor delays the run.
func TestTerminal_gone(t *testing.T) {
	t.Parallel()
	for _, terminal := range []bool{true, false} {
		synctest.Test(t, func(*testing.T) {
			s := newStory(5)
			v := progress.New(progress.Options{Out: gone{}, Terminal: terminal, Now: s.now})
			s.start(v, 4)
			for i := range s.rows {
				s.importing(i)
				s.fail(i, "no")
				time.Sleep(time.Second)
			}
			v.Done()
		})
	}
}

type held struct{ until chan struct{} }

func (h held) Write(p []byte) (int, error) {
	<-h.until
	return len(p), nil
}

type gone struct{}

func (gone) Write([]byte) (int, error) { return 0, errors.New("gone") }

// TestView_lifetime: nothing before Start, nothing after Done, Done twice, Done without Start; also from many
// goroutines at once.
func TestView_lifetime(t *testing.T) {
	t.Parallel()
	makers := map[string]func(*bytes.Buffer, func() time.Time) progress.View{
		"terminal": func(b *bytes.Buffer, now func() time.Time) progress.View {
			return progress.New(progress.Options{Out: b, Terminal: true, Now: now})
		},
		"plain": func(b *bytes.Buffer, now func() time.Time) progress.View {
			return progress.New(progress.Options{Out: b, Now: now})
		},
		"json": func(b *bytes.Buffer, now func() time.Time) progress.View { return progress.NewJSON(b, now) },
		"quiet": func(b *bytes.Buffer, now func() time.Time) progress.View {
			return progress.New(progress.Options{Out: b, Quiet: true, Now: now})
		},
	}
	for name, make := range makers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			s := newStory(8)
			v := make(&out, s.now)
			v.Row(s.rows[0])
			v.Polled(progress.Poll{Rows: []int{0}})
			v.Status("early")
			make(&out, s.now).Done()
			if out.Len() > 0 {
				t.Errorf("written before Start: %q", out.String())
			}
			s.start(v, 4)
			var wg sync.WaitGroup
			for i := range s.rows {
				wg.Go(func() {
					r := s.rows[i]
					r = migration.Claim(r, s.at).To()
					v.Row(r)
					v.Polled(progress.Poll{Rows: []int{i}, Next: s.at})
					v.Status(fmt.Sprint(i))
					v.Row(migration.Fail(r, r.Facts, migration.Problem{Code: "x", Message: "y"}, s.at).To())
				})
			}
			wg.Wait()
			v.Done()
			before := out.String()
			v.Done()
			v.Row(s.rows[0])
			v.Status("late")
			if out.String() != before {
				t.Error("written after Done")
			}
			if (before == "") != (name == "quiet") {
				t.Errorf("wrote %q", before)
			}
		})
	}
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func local(s string) string { return at(s).Format("15:04:05 MST") }
