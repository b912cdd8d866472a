// Package sheet is a table as spreadsheets save it as text: encodings, separators, line ends, quotes. It gives records with
// their physical lines and goes on behind broken ones. It is not for what the columns mean.
package sheet
