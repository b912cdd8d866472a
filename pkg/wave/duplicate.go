package wave

import (
	"fmt"
	"strconv"
	"strings"
)

// namedLines is how many other lines a message names at most.
const namedLines = 10

// duplicateUsers names every row of a user who has several.
func (r *reading) duplicateUsers() {
	byUser := map[string][]int{}
	for i, row := range r.file.Rows {
		if row.User != "" {
			key := UserKey(row.User)
			byUser[key] = append(byUser[key], i)
		}
	}
	for i, row := range r.file.Rows {
		if same := byUser[UserKey(row.User)]; row.User != "" && len(same) > 1 {
			r.find("user.duplicate", row.Line, colUser, row.User, row.User,
				"the user is also on "+r.others(same, i)+"; a user takes one snapshot")
		}
	}
}

// blobUse is a row that names a blob, and in which column.
type blobUse struct {
	row    int
	column string
}

// duplicateBlobs names every row whose disk or guest state is also another user's. Two rows of one user are named by
// duplicateUsers already.
func (r *reading) duplicateBlobs() {
	uses := map[string][]blobUse{}
	users := map[string]map[string]bool{}
	note := func(i int, column, blob string) {
		if blob == "" {
			return
		}
		key := BlobKey(blob)
		uses[key] = append(uses[key], blobUse{i, column})
	}
	for i, row := range r.file.Rows {
		note(i, colBlob, row.Blob)
		note(i, colGuestState, row.GuestStateBlob)
	}
	for key, all := range uses {
		if len(all) < 2 {
			continue
		}
		users[key] = map[string]bool{}
		for _, u := range all {
			users[key][UserKey(r.file.Rows[u.row].User)] = true
		}
	}
	report := func(i int, column, blob string) {
		key := BlobKey(blob)
		if blob == "" || len(users[key]) < 2 {
			return
		}
		var rows []int
		for _, u := range uses[key] {
			if len(rows) == 0 || rows[len(rows)-1] != u.row {
				rows = append(rows, u.row)
			}
		}
		r.find("blob.duplicate", r.file.Rows[i].Line, column, r.file.Rows[i].User, blob,
			"the blob is also on "+r.others(rows, i)+", for another user")
	}
	for i, row := range r.file.Rows {
		report(i, colBlob, row.Blob)
		if row.GuestStateBlob != "" && (row.Blob == "" || BlobKey(row.GuestStateBlob) != BlobKey(row.Blob)) {
			report(i, colGuestState, row.GuestStateBlob)
		}
	}
}

// others names the lines of rows but one.
func (r *reading) others(rows []int, but int) string {
	var lines []string
	for _, i := range rows {
		if i != but {
			if len(lines) == namedLines {
				return "lines " + strings.Join(lines, ", ") + fmt.Sprintf(" and %d more", len(rows)-1-namedLines)
			}
			lines = append(lines, strconv.Itoa(r.file.Rows[i].Line))
		}
	}
	switch n := len(lines); n {
	case 1:
		return "line " + lines[0]
	default:
		return "lines " + strings.Join(lines[:n-1], ", ") + " and " + lines[n-1]
	}
}
