package report_test

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"wave365/pkg/report"
	"wave365/pkg/report/reporttest"
)

// BenchmarkWrite10000 writes the folder of a large run. Wanted: at most 2 s and 200 MB, what the account itself takes
// included; the memory is held to it here, the time depends on the machine.
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

// watchHeap looks at the memory in use until the function it gives is called, which says the most that was seen.
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
