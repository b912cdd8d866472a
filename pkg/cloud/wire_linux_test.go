package cloud_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/permit"
	"wave365/pkg/cloud/retry"
	"wave365/pkg/cloud/signin"
	"wave365/pkg/fault"
)

// TestFrozenAtTheWire stops a real process between the answer that it may act and the first byte of its request, for longer
// than any answer is believed. Nothing leaves it when it goes on and was overtaken meanwhile; otherwise it asks, and sends
// once.
func TestFrozenAtTheWire(t *testing.T) {
	t.Parallel()
	if root := os.Getenv("WAVE365_FROZEN_ROOT"); root != "" {
		frozenClient(t, root)
		return
	}
	for _, secure := range []bool{false, true} {
		for _, overtaken := range []bool{false, true} {
			t.Run("TLS "+strconv.FormatBool(secure)+", overtaken "+strconv.FormatBool(overtaken), func(t *testing.T) {
				t.Parallel()
				var arrived atomic.Int64
				server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived.Add(1) }))
				server.EnableHTTP2 = true
				dir := t.TempDir()
				if !secure {
					server.Start()
				} else {
					server.StartTLS()
					cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
					if err := os.WriteFile(filepath.Join(dir, "ca"), cert, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				defer server.Close()
				cmd := exec.Command(os.Args[0], "-test.run=^TestFrozenAtTheWire$")
				cmd.Dir, cmd.Env = dir, append(os.Environ(), "WAVE365_FROZEN_ROOT="+server.URL)
				var out bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &out
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				defer func() { _ = cmd.Process.Kill() }()
				untilStopped(t, cmd.Process.Pid)
				if n := arrived.Load(); n != 0 {
					t.Fatalf("%d requests arrived before the process was stopped: it was not between question and wire", n)
				}
				want := int64(1)
				if overtaken {
					want = 0
					if err := os.WriteFile(filepath.Join(dir, "overtaken"), nil, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				<-time.After(permit.AnswerHolds + 200*time.Millisecond)
				if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
					t.Fatal(err)
				}
				if err := cmd.Wait(); err != nil {
					t.Errorf("%v\n%s", err, out.Bytes())
				}
				if n := arrived.Load(); n != want {
					t.Errorf("%d requests arrived, want %d", n, want)
				}
			})
		}
	}
}

// untilStopped waits until a process stands still.
func untilStopped(t *testing.T, pid int) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		stat, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if _, after, ok := bytes.Cut(stat, []byte(") ")); ok && after[0] == 'T' {
			return
		}
		<-tick.C
	}
	t.Fatal("the process did not stop")
}

// frozenClient sends one request and stops its own process when the headers have been written, but not to the wire.
func frozenClient(t *testing.T, root string) {
	tr := http.DefaultTransport.(*http.Transport).Clone()
	if ca, err := os.ReadFile("ca"); err == nil {
		tr.TLSClientConfig.RootCAs = x509.NewCertPool()
		tr.TLSClientConfig.RootCAs.AppendCertsFromPEM(ca)
	}
	p, err := cloud.NewPipeline(cloud.PipelineConfig{Service: "graph", Root: root, Credential: signin.SandboxCredential(), Transport: &http.Client{Transport: tr}})
	if err != nil {
		t.Fatal(err)
	}
	goesOn := make(chan os.Signal, 1)
	signal.Notify(goesOn, syscall.SIGCONT)
	var once sync.Once
	var asked, beforeStop atomic.Int64
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{WroteHeaders: func() {
		once.Do(func() {
			beforeStop.Store(asked.Load())
			_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
			<-goesOn
		})
	}})
	q := permit.New(func() error {
		asked.Add(1)
		if _, err := os.Stat("overtaken"); err == nil {
			return fault.New(fault.Conflict, "ledger.lock-lost", "overtaken", "")
		}
		return nil
	})
	ctx = retry.Once(permit.AskFirst(ctx, q))
	_, err = call(ctx, p, "POST", root+"/a", strings.Repeat("x", 2000))
	// How often it asks before depends on how long it takes to connect.
	again := asked.Load() - beforeStop.Load()
	if fault.CodeOf(err) != fault.CodeOf(q.Refused()) || again < 1 || retry.MayHaveActed(ctx) != (err == nil) {
		t.Fatalf("%v; asked %d times after it went on, refused %v", err, again, q.Refused())
	}
}
