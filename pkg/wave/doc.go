// Package wave is what a wave is: its columns, its rows, what can be found about it ([Finding]), and how names and blobs are
// compared. Package reading reads one from a file, damage tells what became of its text on the way, and rules judge what its
// rows say; they need nothing but the file. It is not for opening files, nor for asking the network whether what a row says
// is true.
//
// Lines are physical lines of the file: the header is line 1, a "sep=" line counts, and a quoted cell with line
// breaks counts as many lines as it takes.
//
// A blob cell may carry a SAS. The signature is a secret: it stays in [Row.Blob] and [Row.GuestStateBlob] and reaches
// neither [Row.Cells] nor a finding.
package wave
