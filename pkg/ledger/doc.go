// Package ledger records what has happened: the runs, the state of each row, what was about to be done to the tenant and
// how it ended, in one SQLite file or in a schema of a PostgreSQL database. It does not decide what happens next: it
// takes transitions that others built and refuses those that do not fit what it holds.
//
// # Promises
//
// What a call has acknowledged survives a kill and a power cut (synchronous commits in both homes). A change and its
// audit entry are one transaction. The database itself refuses a change of state that is not an arrow of package
// migration, a second outcome, a second import while one is not settled, a user in two unfinished rows, and any change
// of the audit, whatever the program asks of it.
//
// # Processes and goroutines
//
// A [Ledger] is safe for concurrent use. Writes are serialized; reads use connections of their own, so that a second
// process can read while a run writes. One process drives at a time: see Lock. A process that has lost the lock is
// refused, except for the outcomes of what it did before.
//
// # Rooms
//
// store is the database as a writer and readers, sqlite and postgres its two homes, trail the transaction that writes
// the audit and checks the fence; record, effects and hold write what is recorded: rows, writes to the tenant, the lock;
// recall reads the rows back.
//
// # Secrets
//
// The ledger stores what it is given. Callers must not pass a token or a SAS query.
package ledger
