package wave

import "wave365/pkg/wave/sheet"

// Options change what a reader accepts. The zero value is strict.
type Options struct {
	// AllowUnknownColumns carries columns of any name through; otherwise only those whose name starts with "x_".
	AllowUnknownColumns bool
}

// Carried are the cells that decide nothing and are carried into reports. A new one is a field here and in
// migration.Carried, and a column in schema.
type Carried struct {
	Department string `csv:"department"`
	Notify     string `csv:"notify"`
	Notes      string `csv:"notes"`
}

// Row is one line of the wave: one user, one disk.
type Row struct {
	// Line is the physical line of the row's first cell, header = 1.
	Line int
	// Index counts the data rows from 0.
	Index int
	// All without surrounding blanks. Blob and GuestStateBlob may hold a SAS URL: they are secret.
	User, Blob, Policy, GuestStateBlob, License, Group string
	// Priority: higher first; 0 when the cell is empty or no integer.
	Priority int
	Carried
	// Cells is every cell as the file has it, one per column of the file, SAS queries removed.
	Cells []string
}

// Dialect is how the file was written.
type Dialect = sheet.Dialect

// File is a wave that could be read, with or without findings.
type File struct {
	// Name is the base name of the file without folder and extension.
	Name string
	// Columns is the header as spelled, without trailing empty ones. Canonical has the same length and gives the name
	// each is known by ("user", "blob", …); "" for a column that is carried through unread.
	Columns, Canonical []string
	// Rows has every data row in file order, those with errors too, with what could be read of them.
	Rows []Row
	// Hash is the hex SHA-256 of the file's bytes.
	Hash    string
	Dialect Dialect
}
