// Package summary says in words how a run stands: who has a Cloud PC and who has not, why, whose move it is, what to type
// next, and what happened when. Terminal, status, report, tables and the live page all read it, so that they say the same
// in the same order. Everything here is a value or a pure function of a [Record]; it does no I/O and knows no HTML.
package summary
