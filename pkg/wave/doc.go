// Package wave is the wave file: its rows and columns, the dialects in which spreadsheets write it, and the checks
// that need nothing but the file. It also holds the catalogue of everything validation can find ([Explain]), since
// findings from storage and tenant have the same shape. It is not for opening files, nor for asking the network
// whether what a row says is true.
//
// Lines are physical lines of the file: the header is line 1, a "sep=" line counts, and a quoted cell with line
// breaks counts as many lines as it takes.
//
// A blob cell may carry a SAS. The signature is a secret: it stays in [Row.Blob] and [Row.GuestStateBlob] and reaches
// neither [Row.Cells] nor a finding.
package wave
