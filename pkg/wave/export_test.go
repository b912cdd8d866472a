package wave

import (
	"strconv"

	"wave365/pkg/wave/sheet"
)

// Write gives the rows as a wave file that every spreadsheet reads: UTF-8 with byte order mark, comma, CR LF, cells that
// would run neutralised. [Read] gives the same rows back, on other lines and without signatures, which are not written.
// A row without Cells is written from its fields.
func Write(f *File, rows []Row) []byte {
	records := make([][]string, 0, len(rows)+1)
	records = append(records, f.Columns)
	for _, r := range rows {
		records = append(records, f.cells(r))
	}
	return sheet.Write(',', records)
}

// cells gives one cell per column, without signatures.
func (f *File) cells(r Row) []string {
	out := make([]string, len(f.Columns))
	if r.Cells != nil {
		copy(out, r.Cells)
	} else {
		for i, name := range f.Canonical {
			out[i] = r.cell(name)
		}
	}
	for i := range out {
		out[i] = RedactSAS(out[i])
	}
	return out
}

func (r Row) cell(name string) string {
	switch name {
	case colUser:
		return r.User
	case colBlob:
		return r.Blob
	case colPolicy:
		return r.Policy
	case colGuestState:
		return r.GuestStateBlob
	case colLicense:
		return r.License
	case colGroup:
		return r.Group
	case colPriority:
		if r.Priority == 0 {
			return ""
		}
		return strconv.Itoa(r.Priority)
	case colDepartment:
		return r.Department
	case colNotify:
		return r.Notify
	case colNotes:
		return r.Notes
	}
	return ""
}
