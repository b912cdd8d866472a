// Package report writes the report that people get: a page, tables and a document for machines, made from a
// [summary.Record] alone, so that the same facts give the same bytes at any time. It queries nothing, uses no network and
// reads no clock. What the facts mean is decided in pkg/summary, how the page looks in report/page.
//
// A report is a folder:
//
//	report.html      one file without any outside request, readable with scripts off
//	results.csv      one line per input row, in input order, original columns first
//	failed.csv       the rows to try again, in the shape of the input: loads as a wave
//	findings.csv     what validation found
//	run.json         everything, for machines; schema wave365/report/v1 (see [Schema])
//	audit.jsonl      the run's entries of the hash-chained audit log
//	manifest.sha256  the hashes of the files above, as sha256sum -c reads them
package report
