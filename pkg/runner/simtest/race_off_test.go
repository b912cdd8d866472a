//go:build !race

package simtest

const raced = false

// defaultSeeds is how many stories every test run plays; CI plays more.
const defaultSeeds = 400

// replays is how many stories are told twice.
const replays = 30
