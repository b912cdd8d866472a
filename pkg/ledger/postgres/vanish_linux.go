package postgres

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// unanswered bounds how long what was sent may stay without an answer of the other machine. Keepalives do not: they are not
// sent while something is on the way, and the system tries that for a quarter of an hour.
func unanswered(network, _ string, conn syscall.RawConn) error {
	if network == "unix" {
		return nil
	}
	var failed error
	err := conn.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(vanished.Milliseconds()))
	})
	if err == nil {
		err = failed
	}
	return err
}
