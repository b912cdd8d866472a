// Package summary describes the state of a run in words: who has a Cloud PC and who has not, and why. Below it, in one
// package each, are what to do next, how rows are grouped, what happened when, how two runs differ, and how text is made
// fit for people. Terminal, status, report, tables and the live page all read it, so that they say the same in the same
// order. Everything here is a value or a pure function of a [Record]; it does no I/O and knows no HTML.
package summary
