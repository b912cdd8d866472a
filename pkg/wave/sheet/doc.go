// Package sheet reads a table as spreadsheets save it as text: encodings, separators, line ends, quotes. It returns records
// with their physical lines and continues after broken ones. It does not know what the columns mean.
package sheet
