package main

import "testing"

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
