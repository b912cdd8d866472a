package postgres

import (
	"context"
	"net"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A connection to a machine that vanished is given up in less than half a minute, with sent data or idle.
func TestAVanishedServerIsNoticed(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	at, err := Database("postgres://u@127.0.0.1/db")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := at.connection("test").DialFunc(context.Background(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	option := func(level, name int) (value int) {
		t.Helper()
		var got error
		if err := raw.Control(func(fd uintptr) { value, got = unix.GetsockoptInt(int(fd), level, name) }); err != nil || got != nil {
			t.Fatal(err, got)
		}
		return value
	}
	if ms := option(unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT); ms != int(vanished.Milliseconds()) || vanished >= 30*time.Second {
		t.Errorf("what was sent is waited for for %d ms", ms)
	}
	idle := option(unix.IPPROTO_TCP, unix.TCP_KEEPIDLE) + option(unix.IPPROTO_TCP, unix.TCP_KEEPCNT)*option(unix.IPPROTO_TCP, unix.TCP_KEEPINTVL)
	if option(unix.SOL_SOCKET, unix.SO_KEEPALIVE) == 0 || idle > 30 {
		t.Errorf("an idle connection is given up after %d s", idle)
	}
}
