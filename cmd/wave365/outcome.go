package main

import (
	"runtime"

	"wave365/pkg/summary/wording"
)

// shell returns how commands on a ledger are written here; run may be empty.
func shell(ledger, run string) wording.Shell {
	if ledger == defaultLedger {
		ledger = ""
	}
	return wording.Shell{Ledger: ledger, Run: run, Windows: runtime.GOOS == "windows"}
}

// shell returns how follow-up commands to this one are written: on its ledger, and for its tenant.
func (g *globals) shell(run string) wording.Shell {
	sh := shell(g.ledger, run)
	sh.Place = g.at.flags()
	return sh
}
