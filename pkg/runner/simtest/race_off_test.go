//go:build !race

package simtest

// defaultSeeds is how many stories every test run plays.
const defaultSeeds = 2000

// replays is how many stories are told twice.
const replays = 30
