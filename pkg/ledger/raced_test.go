//go:build race

package ledger_test

// raced: the race detector makes everything here ten times slower.
const raced = true
