// Package migration is one row's journey from an Azure VM's disk to a proven Cloud PC: its states, steps, transitions,
// and the words in which intents, outcomes and problems are recorded. Everything here is a value or a pure function,
// without SQL, HTTP or clocks. Times are arguments.
//
//	pending ──claimed──▶ running ──parked/retry──▶ waiting ──due──▶ running
//	                      │  ▲ step-done │             │ step-done
//	                      │  └───────────┘             ▼
//	                      ├─proven─▶ succeeded    (the same ends)
//	                      ├─failed─▶ failed ──retried──▶ pending
//	                      ├─unknown▶ held ──adopted──▶ waiting, ──no-effect──▶ pending
//	                      └─interrupted▶ pending
//	pending ─▶ skipped, deferred;  pending, waiting, held ─▶ cancelled;  deferred, cancelled ─▶ pending
//	pending, skipped ──amended──▶ pending, while nothing was done for the row
package migration
