// Package reporttest makes accounts for tests of what is written from them: a realistic evening with every outcome,
// the same evening half way, a very large one and a hostile one. It is for tests and benchmarks only.
package reporttest
