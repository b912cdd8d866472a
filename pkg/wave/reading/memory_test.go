//go:build !race

package reading_test

import (
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
	"wave365/pkg/wave/sheet"
)

// Whatever fills the largest file that is read, it takes less than 300 MB and a few seconds. The race detector has
// memory and time of its own.
func TestRead_Memory(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(256 << 20)) // as the program does
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	fill := func(piece string) string { return strings.Repeat(piece, (sheet.MaxBytes-len(head)-2)/len(piece)) }
	long := func(piece string) string { return fill(strings.Repeat(piece, 3000/len(piece)) + "\n") }
	for name, file := range map[string]func() string{
		"UTF-16": func() string { return "\xFF\xFE" + fill(strings.Repeat("\x00\x30\x01\x30", 1000)+"\n\x00") },
		"cells":  func() string { return head + long("a?b,") },
	} {
		data := []byte(file())
		runtime.GC()
		debug.FreeOSMemory()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		stop, most := make(chan struct{}), make(chan uint64)
		go func() {
			peak := uint64(0)
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-stop:
					most <- peak
					return
				case <-tick.C:
					runtime.ReadMemStats(&after)
					peak = max(peak, after.HeapInuse)
				}
			}
		}()
		begun := time.Now()
		_, findings := reading.Read("w", data, wave.Options{AllowUnknownColumns: true})
		took := time.Since(begun)
		close(stop)
		peak := <-most >> 20
		t.Logf("%s: %d MB with the file, %v, %d findings", name, peak, took, len(findings))
		if peak > 300 {
			t.Errorf("%s takes %d MB", name, peak)
		}
		if len(findings) == 0 {
			t.Errorf("%s passes", name)
		}
		runtime.KeepAlive(data)
	}
}
