//go:build !windows

package progress

import "io"

// understandEscapes is for Windows only; elsewhere every terminal does.
func understandEscapes(io.Writer) (restore func()) { return func() {} }
