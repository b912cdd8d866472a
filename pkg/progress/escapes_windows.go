package progress

import (
	"io"
	"os"

	"golang.org/x/sys/windows"
)

// understandEscapes makes a console interpret escape sequences as other terminals do, until restore is called. Windows 10 and
// later can, but do not by default.
func understandEscapes(out io.Writer) (restore func()) {
	f, ok := out.(*os.File)
	if !ok {
		return func() {}
	}
	console := windows.Handle(f.Fd())
	var mode uint32
	if err := windows.GetConsoleMode(console, &mode); err != nil {
		return func() {}
	}
	_ = windows.SetConsoleMode(console, mode|windows.ENABLE_PROCESSED_OUTPUT|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING)
	return func() { _ = windows.SetConsoleMode(console, mode) }
}
