package reading_test

import (
	"strconv"

	"wave365/pkg/wave"
	"wave365/pkg/wave/sheet"
)

// write gives the rows as a wave file that every spreadsheet reads: UTF-8 with byte order mark, comma, CR LF, cells that
// would run neutralised. [reading.Read] gives the same rows back, on other lines and without signatures, which are not written.
// A row without Cells is written from its fields.
func write(f *wave.File, rows []wave.Row) []byte {
	records := make([][]string, 0, len(rows)+1)
	records = append(records, f.Columns)
	for _, r := range rows {
		records = append(records, cellsOf(f, r))
	}
	return sheet.Write(',', records)
}

// cellsOf gives one cell per column, without signatures.
func cellsOf(f *wave.File, r wave.Row) []string {
	out := make([]string, len(f.Columns))
	if r.Cells != nil {
		copy(out, r.Cells)
	} else {
		for i, name := range f.Canonical {
			out[i] = cellOf(r, name)
		}
	}
	for i := range out {
		out[i] = wave.RedactSAS(out[i])
	}
	return out
}

func cellOf(r wave.Row, name string) string {
	switch name {
	case wave.ColumnUser:
		return r.User
	case wave.ColumnBlob:
		return r.Blob
	case wave.ColumnPolicy:
		return r.Policy
	case wave.ColumnGuestState:
		return r.GuestStateBlob
	case wave.ColumnLicense:
		return r.License
	case wave.ColumnGroup:
		return r.Group
	case wave.ColumnPriority:
		if r.Priority == 0 {
			return ""
		}
		return strconv.Itoa(r.Priority)
	case wave.ColumnDepartment:
		return r.Department
	case wave.ColumnNotify:
		return r.Notify
	case wave.ColumnNotes:
		return r.Notes
	}
	return ""
}
