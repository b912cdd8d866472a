// Package reporttest makes records for tests of the reports written from them: a realistic run with every outcome, the
// same run halfway, a very large one and a hostile one. It is for tests and benchmarks only.
package reporttest
