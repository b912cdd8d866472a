//go:build race

package playbook_test

// raced: everything here is slower by a factor of ten.
const raced = true
