//go:build race

package simtest

// raced: the race detector makes everything some ten times slower.
const raced = true

// defaultSeeds is how many stories every test run plays.
const defaultSeeds = 100

// replays is how many stories are told twice.
const replays = 6
