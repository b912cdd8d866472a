package sandbox_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"wave365/pkg/sandbox"
	"wave365/pkg/sandbox/loopback"
)

// childDir names the state folder to a process of this test binary that is to serve a sandbox until it is killed.
const childDir = "WAVE365_TEST_SANDBOX_STATE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := serveUntilKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func serveUntilKilled(dir string) error {
	sc, err := sandbox.ParseScenario("story.yaml", []byte(story+"  # no quota\n"))
	if err != nil {
		return err
	}
	sc.Knobs.WritesPer20s, sc.Knobs.RequestsPer20s = -1, -1
	s, err := sandbox.New(sandbox.Config{Scenario: sc, StateDir: dir})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(loopback.Of(l.Addr()).Graph)
	return s.Serve(l)
}

// spawn starts a sandbox in a process of its own and gives its root.
func spawn(t *testing.T, dir string) (client, *exec.Cmd) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	root, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{MaxIdleConnsPerHost: 8}
	t.Cleanup(tr.CloseIdleConnections)
	return client{t, strings.TrimSpace(root), &http.Client{Transport: tr}}, cmd
}

// TestKill9 kills a sandbox process in the middle of many writes, three times over: each that was answered is there afterwards.
func TestKill9(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var mu sync.Mutex
	answered := map[string]bool{}
	for round := range 3 {
		c, cmd := spawn(t, dir)
		ctx, stop := context.WithCancel(t.Context())
		enough := make(chan struct{}, 1)
		before := len(answered)
		var writers sync.WaitGroup
		for w := range 4 {
			writers.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					name := fmt.Sprintf("%d-%d-%d", round, w, n)
					got, err := c.try(ctx, "POST", virtualEndpoint+"/userSettings", `{"displayName":"`+name+`","provisioningSourceType":"image"}`)
					if err != nil || got.status != 201 {
						return
					}
					mu.Lock()
					answered[name] = true
					if len(answered) >= before+60 && len(enough) == 0 {
						enough <- struct{}{}
					}
					mu.Unlock()
				}
			})
		}
		select {
		case <-enough:
		case <-time.After(30 * time.Second):
			t.Fatal("the writes do not get on")
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		writers.Wait()
		stop()
		_ = cmd.Wait()
	}
	c, _ := spawn(t, dir)
	for path := virtualEndpoint + "/userSettings"; path != ""; {
		page := read[struct {
			Value []struct{ DisplayName string }
			Next  string `json:"@odata.nextLink"`
		}](t, c.do(200, "GET", path, ""))
		for _, s := range page.Value {
			delete(answered, s.DisplayName)
		}
		path = strings.TrimPrefix(page.Next, c.root)
	}
	if len(answered) > 0 {
		t.Errorf("%d answered writes are lost", len(answered))
	}
	made := 0
	for _, e := range c.requests() {
		if e.Status == 201 {
			made++
		}
	}
	if made < 30 {
		t.Errorf("only %d writes: the test shows nothing", made)
	}
}
