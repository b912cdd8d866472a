// Package rules judges the rows of a wave by what the file alone shows: values that cannot be meant, duplicate users and blobs,
// and lines that are not rows. It does not read files.
package rules

import (
	"fmt"
	"slices"
	"strconv"

	"wave365/pkg/wave"
	"wave365/pkg/wave/address"
	"wave365/pkg/wave/person"
)

// Told is what has been reported about a file already: nothing else is reported about it.
type Told interface {
	// Row: the cells of a row may not be where they belong.
	Row(index int) bool
	// Cell: what stood in a cell is lost.
	Cell(index int, column string) bool
}

// judge gathers what is wrong with the rows of a file.
type judge struct {
	file     *wave.File
	told     Told
	findings []wave.Finding
}

// Rows finds what is wrong with the values, row by row and between rows.
func Rows(f *wave.File, told Told) []wave.Finding {
	j := &judge{file: f, told: told}
	users := make([]string, len(f.Rows))
	for i, row := range f.Rows {
		if !told.Row(i) {
			j.values(row)
		}
		users[i] = wave.UserKey(row.User)
	}
	j.duplicateUsers(users)
	j.duplicateBlobs(users)
	return j.findings
}

func (j *judge) find(code string, line int, column, user, value, message string) {
	j.findings = append(j.findings, wave.NewFinding(code, line, column, user, value, message))
}

func (j *judge) values(row wave.Row) {
	for _, c := range [...]struct{ column, value string }{{wave.ColumnUser, row.User}, {wave.ColumnBlob, row.Blob}, {wave.ColumnPolicy, row.Policy}} {
		if c.value == "" && slices.Contains(j.file.Canonical, c.column) && !j.told.Cell(row.Index, c.column) {
			j.find("csv.value-missing", row.Line, c.column, row.User, "", fmt.Sprintf("the cell %q is empty", c.column))
		}
	}
	bad := func(column, value string, fault func(string) (why, write string)) {
		if value == "" || j.told.Cell(row.Index, column) {
			return
		}
		if why, write := fault(value); why != "" {
			j.bad(row, column, value, why)
			if write != "" {
				j.findings[len(j.findings)-1].Hint = "write " + write
			}
		}
	}
	bad(wave.ColumnUser, row.User, person.UserFault)
	j.address(row, wave.ColumnBlob, row.Blob)
	j.address(row, wave.ColumnGuestState, row.GuestStateBlob)
	bad(wave.ColumnNotify, row.Notify, person.MailFault)
	if row.Blob != "" && row.GuestStateBlob != "" && wave.BlobKey(row.Blob) == wave.BlobKey(row.GuestStateBlob) {
		j.find("guest.same-as-disk", row.Line, wave.ColumnGuestState, row.User, row.GuestStateBlob, "the guest state is the same blob as the disk")
	}
}

// address judges a cell that should name a blob.
func (j *judge) address(row wave.Row, column, cell string) {
	if cell == "" {
		return
	}
	if is, ok := address.Pasted(cell); ok {
		if is.Secret {
			cell = ""
		}
		f := wave.NewFinding(is.Code, row.Line, column, row.User, cell, is.Why)
		f.Hint = wave.RedactSAS(is.Hint)
		j.findings = append(j.findings, f)
	} else if why := address.Check(cell); why != "" {
		j.bad(row, column, cell, why)
	}
}

func (j *judge) bad(row wave.Row, column, value, why string) {
	j.findings = append(j.findings, unmeant(row, column, value, why))
}

// unmeant is a value that cannot be meant, with the remedy for its column alone.
func unmeant(row wave.Row, column, value, why string) wave.Finding {
	f := wave.NewFinding("csv.value-bad", row.Line, column, row.User, value, why)
	switch column {
	case wave.ColumnUser:
		f.Hint = "write the user principal name (name@domain) or the object id, as Entra ID > Users shows them"
	case wave.ColumnBlob, wave.ColumnGuestState:
		f.Hint = "write container/path.vhd for the configured storage account, or the blob's URL from the Azure portal"
	case wave.ColumnPriority:
		f.Hint = "write a whole number, higher first, or leave the cell empty"
	case wave.ColumnNotify:
		f.Hint = "write one mail address, or leave the cell empty"
	}
	return f
}

// Priority reads the cell of that name; it is 0 when that is empty or no integer, which is then a finding.
func Priority(row wave.Row, cell string) (n int, bad []wave.Finding) {
	if cell == "" {
		return 0, nil
	}
	p, err := strconv.ParseInt(cell, 10, 32)
	if err != nil {
		return 0, []wave.Finding{unmeant(row, wave.ColumnPriority, cell, "the priority is not a whole number")}
	}
	return int(p), nil
}
