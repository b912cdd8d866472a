package awake

import (
	"runtime"

	"golang.org/x/sys/windows"
)

// Flags of SetThreadExecutionState.
const (
	esContinuous     = 0x80000000
	esSystemRequired = 0x00000001
)

// keep asks from a thread of its own, because the request belongs to the thread and ends with it.
func keep(string) (func(), error) {
	set := windows.NewLazySystemDLL("kernel32.dll").NewProc("SetThreadExecutionState")
	if err := set.Find(); err != nil {
		return nil, err
	}
	asked, stop, gone := make(chan error), make(chan struct{}), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(gone)
		if was, _, err := set.Call(esContinuous | esSystemRequired); was == 0 {
			asked <- err
			return
		}
		asked <- nil
		<-stop
		_, _, _ = set.Call(esContinuous)
	}()
	if err := <-asked; err != nil {
		return nil, err
	}
	return func() {
		close(stop)
		<-gone
	}, nil
}
