// Command wave365 moves Azure VMs into Windows 365 Cloud PCs, a wave of users at a time.
//
// # Packages
//
// The command is flags, configuration, wiring, printing, signals and exit codes; one file per command. Rules live under
// pkg, in packages that import only from those above them (walls_test.go checks it, and gives the reason for each wall):
//
//	fault      what went wrong: kind, code, message, remedy; fault/catalogue explains every code
//	wave       the wave file: rows, columns, dialects, what can be found in it alone
//	vhd        what the first and last bytes of a disk show
//	migration  one row's journey as values: one table of steps, states, transitions, events, settings of a run
//	audit      the hash chain
//	estimate   how long things take: before, while it runs, what is left; the only estimator
//	cloud      which cloud, which credential, the HTTP pipeline, what a secret is
//	graph      Microsoft Graph, one method per call
//	blob       Azure Blob, the reading side, signatures, delete
//	preflight  is this wave safe on this tenant: findings; preflight/doctor: is this machine ready for a run
//	playbook   what is done for one row and once for the wave, idempotent, exactly once where it matters
//	tenantcare the tenant before and after a wave: policies, settings, images, close, purge, deprovision, undo
//	ledger     what has happened: SQLite or PostgreSQL, transitions, intents, lock, chain
//	runner     executing a wave: slots, order, polling, pacing, halting, draining
//	summary    the state of a run, in words; commands to copy, as values
//	report     the report that people get: HTML, CSV, JSON
//	progress   the run while it runs: terminal, JSON lines, live page
//	notify     messages to users and operators
//	run        a run as a session: begin, open, amend, retry, reconcile, cancel, execute, and requests from a second
//	           terminal; run/plan: what it would change; run/history: what all runs of a tenant did
//	fleet      many tenants on several machines: one River job per run
//	sandbox    a Windows 365 tenant and its storage account on loopback; sandbox/rehearsal makes one out of a wave
//
// What only the command itself needs is below internal: console prints, usage explains the command line and lays out the
// help, configfile reads the configuration file, examine reads what doctor judges, telling notifies people about a run.
//
// # One row
//
//	check ─▶ [join] ─▶ import ─▶ import-wait ─▶ cutover ─▶ provision-wait ─▶ prove
//
//	pending ─▶ running ◀─▶ waiting          held: an effect's outcome is not known; a person decides (reconcile)
//	   ▲          │            │             skipped: validation found an error
//	   │          ├─▶ succeeded (proven)     deferred: it would not have finished by --stop-by
//	   │          ├─▶ failed                 cancelled: by the operator
//	   │          └─▶ held
//	   └───────── retry, resume, reconcile
//
// Transitions are constructors in package migration, each tied to a reason; the database refuses any other.
//
// # One effect
//
// Read the tenant, commit the intent with the client-request-id that the call will carry, check that the lock is still
// held, call, commit the outcome. An unknown outcome is read back, never repeated: after a crash each open
// intent is looked up in the tenant before anything else is done for its row.
//
// # One run
//
// run validates (preflight), shows the plan (run/plan), asks, records the run with all its rows (ledger) and executes it
// (run, runner, playbook) until every row is final. Reports are written from the ledger alone during the run and at its
// end. A second terminal reads the same ledger and records requests in it, which the process that holds it carries out.
package main
