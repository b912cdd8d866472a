// Package awake keeps the machine from going to sleep by itself while a run is in progress. The display may turn off,
// and a closed lid or an empty battery still put the machine to sleep.
//
// On Windows it asks the system from a thread of its own, on macOS it runs caffeinate, on Linux systemd-inhibit. Each
// ends with this process, however it ends.
package awake

import "sync"

// Keep keeps the machine awake until release is called, which may be called twice and from any goroutine. The error is
// why it cannot; the run may continue without, and release does nothing then. why is shown in the system's own lists.
func Keep(why string) (release func(), err error) {
	release, err = keep(why)
	if err != nil {
		return func() {}, err
	}
	return sync.OnceFunc(release), nil
}
