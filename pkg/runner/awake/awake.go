// Package awake keeps the machine from going to sleep by itself while a run is under way. The display may turn off, and
// a closed lid or an empty battery still win. It is not for keeping anything else alive.
//
// On Windows it asks the system from a thread of its own, on macOS it runs caffeinate, on Linux systemd-inhibit. Each is
// over when this process is, however it ends.
package awake

import "sync"

// Keep keeps the machine awake until release is called, which may be called twice and from any goroutine. The error says
// why it cannot; the run may go on without, and release does nothing then. why is shown by the system's own lists.
func Keep(why string) (release func(), err error) {
	release, err = keep(why)
	if err != nil {
		return func() {}, err
	}
	return sync.OnceFunc(release), nil
}
