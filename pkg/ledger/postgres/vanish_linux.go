package postgres

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// unanswered limits how long sent data may stay unacknowledged by the other machine. Keepalives do not: they are not sent
// while data is in flight, which the system keeps resending for a quarter of an hour.
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
