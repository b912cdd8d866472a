package main

import (
	"runtime"

	"wave365/pkg/summary/wording"
)

// shell says how commands on a ledger are written here; run may be empty.
func shell(ledger, run string) wording.Shell {
	if ledger == defaultLedger {
		ledger = ""
	}
	return wording.Shell{Ledger: ledger, Run: run, Windows: runtime.GOOS == "windows"}
}

// shell says how commands are written that go on from this one: on its ledger, and to its tenant.
func (g *globals) shell(run string) wording.Shell {
	sh := shell(g.ledger, run)
	sh.Place = g.at.flags()
	return sh
}
