//go:build race

package simtest

// defaultSeeds is small under the race detector, which makes everything some ten times slower.
const defaultSeeds = 100

// replays is how many stories are told twice.
const replays = 6
