package main

import (
	"strings"
	"testing"
	"time"

	"wave365/pkg/fleet/queue"
)

func TestWorkerName(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"vm":      "vm-1",
		"büro pc": "b-ro-pc-1",
		"provider-wave365-workers--0000001-7d8f9c6b5d-x2k4q": "-workers--0000001-7d8f9c6b5d-x2k4q-1",
	} {
		o := workerOptions{name: workerName(host, 1), runs: 1, connections: 1, slice: time.Second}
		if err := o.check(); err != nil || !strings.HasSuffix(o.name, want) {
			t.Errorf("%q: %q, %v; want %q", host, o.name, err, want)
		}
	}
}

func TestAWorkerThatIsGone(t *testing.T) {
	t.Parallel()
	for want, j := range map[string]queue.Job{
		"driven by one":               {State: queue.Running, Worker: "one"},
		"was driven by two, which is": {State: queue.Running, Worker: "two"},
		"waits for a person: drained": {State: queue.Parked, Worker: "two", Why: "drained"},
	} {
		j.MarkGone([]queue.Worker{{Name: "one"}})
		if text := (&app{}).handsText(j); !strings.HasPrefix(text, want) {
			t.Errorf("%q, want %q", text, want)
		}
	}
}

func TestWithLedger(t *testing.T) {
	t.Parallel()
	const address = "postgres://ada@db.example/fleet?ledger=a"
	for text, want := range map[string]string{
		"":                                "",
		"the service takes no imports":    "the service takes no imports",
		"go on with: wave365 resume r1":   "go on with: wave365 resume r1 --ledger '" + address + "'",
		"wave365 reconcile r1 --row USER": "wave365 reconcile r1 --ledger '" + address + "' --row USER",
		"wave365 resume r10":              "wave365 resume r10",
	} {
		if got := withLedger(text, "r1", address); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
