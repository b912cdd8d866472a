//go:build race

package ledger_test

// raced: everything here is slower by a factor of ten.
const raced = true
