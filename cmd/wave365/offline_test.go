package main

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// With --offline nothing is dialled, whatever is configured: not the tenant, not the storage account, not a proxy.
func TestValidate_offline(t *testing.T) {
	t.Parallel()
	trap, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dialled := make(chan net.Addr, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := trap.Accept()
			if err != nil {
				return
			}
			select {
			case dialled <- conn.LocalAddr():
			default:
			}
			_ = conn.Close()
		}
	}()
	dir, url := t.TempDir(), "http://"+trap.Addr().String()
	wave := filepath.Join(dir, "wave.csv")
	if err := os.WriteFile(wave, []byte("user,blob,policy\nada@contoso.com,disks/ada.vhd,P\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func(want int, more ...string) {
		t.Helper()
		cmd := tool(dir, append([]string{"validate", wave, "--sandbox=" + url, "--blob-endpoint=" + url + "/devstoreaccount1"}, more...)...)
		cmd.Env = append(cmd.Env, "HTTP_PROXY="+url, "HTTPS_PROXY="+url)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if got := code(t, cmd); got != want {
			t.Errorf("%q ended with %d, want %d", more, got, want)
		}
	}
	check(exitOK, "--offline")
	select {
	case <-dialled:
		t.Error("--offline opened a connection")
	default:
	}
	check(exitUsage) // nobody answers: what this shows is the trap itself
	select {
	case <-dialled:
	default:
		t.Error("without --offline nothing came by: the trap does not work")
	}
	_ = trap.Close()
	<-ended
}
