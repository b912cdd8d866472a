package wave

import (
	"fmt"
	"strconv"

	"wave365/pkg/wave/address"
	"wave365/pkg/wave/person"
)

// check finds what is wrong with the values, row by row and between rows.
func (r *reading) check() {
	if len(r.file.Rows) == 0 {
		if len(r.present) > 0 {
			r.find("csv.empty", 0, "", "", "", "the wave has a header but no rows")
		}
		return
	}
	users := make([]string, len(r.file.Rows))
	for i, row := range r.file.Rows {
		if !r.unread[i] {
			r.values(row)
		}
		users[i] = UserKey(row.User)
	}
	r.duplicateUsers(users)
	r.duplicateBlobs(users)
}

func (r *reading) values(row Row) {
	for _, c := range [...]struct{ column, value string }{{colUser, row.User}, {colBlob, row.Blob}, {colPolicy, row.Policy}} {
		if c.value == "" && r.present[c.column] && !r.lost[cellAt{row.Index, c.column}] {
			r.find("csv.value-missing", row.Line, c.column, row.User, "", fmt.Sprintf("the cell %q is empty", c.column))
		}
	}
	bad := func(column, value string, fault func(string) (why, write string)) {
		if value == "" || r.lost[cellAt{row.Index, column}] {
			return
		}
		if why, write := fault(value); why != "" {
			r.bad(row, column, value, why)
			if write != "" {
				r.findings[len(r.findings)-1].Hint = "write " + write
			}
		}
	}
	bad(colUser, row.User, person.UserFault)
	r.address(row, colBlob, row.Blob)
	r.address(row, colGuestState, row.GuestStateBlob)
	bad(colNotify, row.Notify, person.MailFault)
	if row.Blob != "" && row.GuestStateBlob != "" && BlobKey(row.Blob) == BlobKey(row.GuestStateBlob) {
		r.find("guest.same-as-disk", row.Line, colGuestState, row.User, row.GuestStateBlob, "the guest state is the same blob as the disk")
	}
}

// address judges a cell that should name a blob.
func (r *reading) address(row Row, column, cell string) {
	if cell == "" {
		return
	}
	if is, ok := address.Pasted(cell); ok {
		if is.Secret {
			cell = ""
		}
		f := NewFinding(is.Code, row.Line, column, row.User, cell, is.Why)
		f.Hint = RedactSAS(is.Hint)
		r.findings = append(r.findings, f)
	} else if why := address.Check(cell); why != "" {
		r.bad(row, column, cell, why)
	}
}

// bad is a value that cannot be meant, with the remedy for its column alone.
func (r *reading) bad(row Row, column, value, why string) {
	f := NewFinding("csv.value-bad", row.Line, column, row.User, value, why)
	switch column {
	case colUser:
		f.Hint = "write the user principal name (name@domain) or the object id, as Entra ID > Users shows them"
	case colBlob, colGuestState:
		f.Hint = "write container/path.vhd for the configured storage account, or the blob's URL from the Azure portal"
	case colPriority:
		f.Hint = "write a whole number, higher first, or leave the cell empty"
	case colNotify:
		f.Hint = "write one mail address, or leave the cell empty"
	}
	r.findings = append(r.findings, f)
}

// priority reads the cell; it is 0 when that is empty or no integer, which is then a finding.
func (r *reading) priority(row Row, cell string) int {
	if cell == "" || r.unread[row.Index] || r.lost[cellAt{row.Index, colPriority}] {
		return 0
	}
	n, err := strconv.ParseInt(cell, 10, 32)
	if err != nil {
		r.bad(row, colPriority, cell, "the priority is not a whole number")
		return 0
	}
	return int(n)
}
