package report_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"wave365/pkg/report"
	"wave365/pkg/report/browsertest"
	"wave365/pkg/report/reporttest"
	"wave365/pkg/summary"
)

// BenchmarkWrite10000 writes the folder of a large run. Limits: 2 s and 200 MB, including the record itself; the memory
// is checked here, the time depends on the machine.
func BenchmarkWrite10000(b *testing.B) {
	a := reporttest.Large(10000)
	dir := b.TempDir()
	runtime.GC()
	b.ReportAllocs()
	peak := watchHeap(b)
	for b.Loop() {
		if err := report.Write(dir, a); err != nil {
			b.Fatal(err)
		}
	}
	most := float64(peak()) / 1e6
	b.ReportMetric(most, "peak-MB")
	for _, name := range []string{report.FilePage, report.FileRun} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
			b.ReportMetric(float64(info.Size())/1e6, name+"-MB")
		}
	}
	if most > 200 {
		b.Errorf("at most %.0f MB were in use, 200 MB are wanted", most)
	}
	runtime.KeepAlive(a)
}

// BenchmarkFirstPaint10000 opens the page of a large run in Chromium: until something is to be seen (wanted: 1.5 s) and
// until the page answers; then, from the press until the change is painted, a filter, a search (with its pause for
// further letters) and sorts by name and by time. The times depend on the machine.
func BenchmarkFirstPaint10000(b *testing.B) {
	browser := browsertest.New(b, "")
	address := opened(b, reporttest.Large(10000))
	const (
		painted = `new Promise(done => { const t = performance.now(); %s; const look = () => requestAnimationFrame(() => setTimeout(() => location.hash.includes(%q) ? done(performance.now() - t) : look())); look() })`
		press   = `document.querySelector(%q).click()`
		letters = `(i => { i.value = "an"; i.dispatchEvent(new Event("input")) })(document.querySelector("input[type=search]"))`
	)
	spent := map[string]float64{}
	for b.Loop() {
		tab := browser.Open(b)
		tab.Size(1280, 900)
		tab.Go(address)
		spent["first-paint-ms"] += browsertest.Eval[float64](tab, `performance.getEntriesByName("first-contentful-paint")[0].startTime`)
		spent["loaded-ms"] += browsertest.Eval[float64](tab, `performance.getEntriesByType("navigation")[0].loadEventEnd`)
		for _, step := range []struct{ unit, do, in string }{
			{"filter-ms", fmt.Sprintf(press, "[data-pill=failed]"), "status=failed"},
			{"all-ms", fmt.Sprintf(press, `[data-pill=""]`), "people"},
			{"sort-ms", fmt.Sprintf(press, ".list thead button"), "sort=0"},
			{"sort-by-time-ms", fmt.Sprintf(press, ".list thead th:last-child button"), "sort=4"},
			{"search-ms", letters, "q=an"},
		} {
			spent[step.unit] += browsertest.Eval[float64](tab, fmt.Sprintf(painted, step.do, step.in))
		}
		tab.Close()
	}
	for unit, ms := range spent {
		b.ReportMetric(ms/float64(b.N), unit)
	}
}

// watchHeap samples the heap until the function it returns is called, which returns the maximum.
func watchHeap(b *testing.B) func() uint64 {
	b.Helper()
	var most uint64
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
	})
	return func() uint64 {
		close(done)
		wg.Wait()
		return most
	}
}

// opened writes the folder of a record and returns the address of its page.
func opened(tb testing.TB, a summary.Record) string {
	tb.Helper()
	dir := tb.TempDir()
	if err := report.Write(dir, a); err != nil {
		tb.Fatal(err)
	}
	return "file://" + filepath.ToSlash(filepath.Join(dir, report.FilePage))
}
