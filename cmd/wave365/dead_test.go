package main

import (
	"encoding/json"
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"wave365/pkg/run"
)

// killedOnce starts a run, waits until its process has imports in flight and steered has been called, and kills it.
func killedOnce(t *testing.T, r rehearsal, steered func(), args ...string) (pid int) {
	t.Helper()
	cmd := r.run(args...)
	seen := make(chan struct{})
	once := false
	stderr := watch(t, cmd, func(line string) {
		if !once && strings.Contains(line, " import-wait ") {
			once = true
			close(seen)
		}
	})
	<-seen
	steered()
	_ = cmd.Process.Kill()
	_ = stderr()
	_ = cmd.Wait()
	return cmd.Process.Pid
}

// answer runs a command and returns what it prints on both streams, with its exit code.
func answer(t *testing.T, cmd *exec.Cmd) (string, int) {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(out), e.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(out), 0
}

// A process that died is distinguished from a live one, requests to it are answered at once, and the next process keeps
// to how it was steered.
func TestADeadProcess(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, "400")
	pid := killedOnce(t, r, func() {
		for _, args := range [][]string{{"slots", "2"}, {"pause"}} {
			if out, code := answer(t, tool(r.dir, args...)); code != 0 {
				t.Fatalf("%v: exit %d\n%s", args, code, out)
			}
		}
	})
	out, code := answer(t, tool(r.dir, "status"))
	if want := "interrupted: process " + strconv.Itoa(pid) + " ended unexpectedly at "; code != 0 || !strings.Contains(out, want) || !strings.Contains(out, "Continue with: wave365 resume ") || !strings.Contains(out, "2 slots, paused") {
		t.Errorf("status, exit %d, wanted %q:\n%s", code, want, out)
	}
	doc, _ := answer(t, tool(r.dir, "status", "--json"))
	var status statusDocument
	if err := json.Unmarshal([]byte(doc), &status); err != nil || status.State != "interrupted" || status.Process == nil || status.Process.Life != "gone" || !status.Paused || status.Slots != 2 {
		t.Errorf("status --json: %v\n%s", err, doc)
	}
	for _, args := range [][]string{{"drain"}, {"slots", "3"}, {"pause"}} {
		began := time.Now()
		out, code := answer(t, tool(r.dir, args...))
		if code != exitNothing || !strings.Contains(out, "process "+strconv.Itoa(pid)+" ended unexpectedly") || time.Since(began) > run.OrderPatience/2 {
			t.Errorf("%v: exit %d after %s\n%s", args, code, time.Since(began), out)
		}
	}
	// The run is still paused when it is continued, and says so.
	next := tool(r.dir, "resume")
	paused := make(chan struct{})
	once := false
	stderr := watch(t, next, func(line string) {
		if !once && strings.Contains(line, "the run is paused, as it was before") {
			once = true
			close(paused)
		}
	})
	<-paused
	if out, code := answer(t, tool(r.dir, "drain")); code != 0 {
		t.Fatalf("drain: exit %d\n%s", code, out)
	}
	_ = next.Process.Kill()
	text := stderr()
	_ = next.Wait()
	if !strings.Contains(text, "resuming with 2 slots") || strings.Contains(text, " check running") {
		t.Errorf("the paused run started something, or another number of slots holds:\n%s", text)
	}
	// It was draining when it died: the next process drains, and ends with what was in flight.
	if out, code := answer(t, tool(r.dir, "continue")); code != 0 || !strings.Contains(out, "the pause is over; no process drives the run now") {
		t.Errorf("continue: exit %d\n%s", code, out)
	}
	before := r.counts(t)
	out, code = answer(t, tool(r.dir, "resume"))
	if code != exitDrained || !strings.Contains(out, "was draining when its process ended, and still drains") {
		t.Errorf("resume of a draining run: exit %d\n%s", code, out)
	}
	if after := r.counts(t); after.Queued < before.Queued || after.Waiting+after.Active != 0 {
		t.Errorf("before %+v, after draining %+v", before, after)
	}
	// An orderly end is the end of the drain.
	if out, _ := answer(t, tool(r.dir, "status", "--json")); !strings.Contains(out, `"draining": false`) {
		t.Errorf("the run drains for ever:\n%s", out)
	}
}

// A process that wants the lock of a live process on this machine does not get it.
func TestALivingProcessIsNotUnlocked(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, "60")
	killedOnce(t, r, func() {
		out, _ := answer(t, tool(r.dir, "status", "--json"))
		var status statusDocument
		if err := json.Unmarshal([]byte(out), &status); err != nil || status.State != "running" || status.Process == nil || status.Process.Life != "alive" {
			t.Fatalf("status: %v\n%s", err, out)
		}
		if out, code := answer(t, tool(r.dir, "resume")); code != exitLocked || strings.Contains(out, "unlock") {
			t.Errorf("resume: exit %d, and it offers the lock of a process that lives:\n%s", code, out)
		}
	})
}
