// Package wave defines a wave: its columns, its rows, the findings about it ([Finding]), and how names and blobs are
// compared. Package reading reads one from a file, damage finds out what happened to its text on the way, and rules judge
// its rows; they need nothing but the file. It does not open files or check the rows against the tenant.
//
// Lines are physical lines of the file: the header is line 1, a "sep=" line counts, and a quoted cell with line
// breaks counts as many lines as it takes.
//
// A blob cell may carry a SAS. The signature is a secret: it stays in [Row.Blob] and [Row.GuestStateBlob] and reaches
// neither [Row.Cells] nor a finding.
package wave
