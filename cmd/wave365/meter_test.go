package main

import (
	"bytes"
	"testing"

	"wave365/cmd/wave365/internal/console"
)

// The meter moves the cursor itself, so nobody sees the sequences it does that with.
func TestMeter_drawsOverItself(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	m := newMeter(&app{err: &console.Cleaned{Writer: &b}, errTerm: true}, &globals{})
	m.show("disks", 3, 3)
	m.done()
	if got, want := b.String(), "\r\x1b[Kchecking disks: 3 of 3\r\x1b[K"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
