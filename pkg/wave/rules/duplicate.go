package rules

import (
	"fmt"
	"strconv"
	"strings"

	"wave365/pkg/wave"
)

// namedLines is how many other lines a message names at most.
const namedLines = 10

// duplicateUsers names every row of a user who has several.
func (j *judge) duplicateUsers(keys []string) {
	byUser := make(map[string][]int, len(keys))
	for i, key := range keys {
		if key != "" {
			byUser[key] = append(byUser[key], i)
		}
	}
	for i, row := range j.file.Rows {
		if same := byUser[keys[i]]; len(same) > 1 {
			j.find("user.duplicate", row.Line, wave.ColumnUser, row.User, row.User,
				"the user is also on "+j.others(same, i)+"; a user takes one snapshot")
		}
	}
}

// blobUse is a row that names a blob, and in which column.
type blobUse struct {
	row               int
	column, blob, key string
}

// blobRows are the rows that name one blob; shared: not all of them are one user's.
type blobRows struct {
	rows   []int
	shared bool
}

// duplicateBlobs names every row whose disk or guest state is also another user's. Two rows of one user are named by
// duplicateUsers already.
func (j *judge) duplicateBlobs(users []string) {
	uses := make([]blobUse, 0, len(users))
	byBlob := make(map[string]*blobRows, len(users))
	note := func(u blobUse) {
		b := byBlob[u.key]
		if b == nil {
			b = &blobRows{}
			byBlob[u.key] = b
		}
		b.rows = append(b.rows, u.row)
		b.shared = b.shared || users[u.row] != users[b.rows[0]]
		uses = append(uses, u)
	}
	for i, row := range j.file.Rows {
		disk, state := wave.BlobKey(row.Blob), wave.BlobKey(row.GuestStateBlob)
		if disk != "" {
			note(blobUse{i, wave.ColumnBlob, row.Blob, disk})
		}
		if state != "" && state != disk {
			note(blobUse{i, wave.ColumnGuestState, row.GuestStateBlob, state})
		}
	}
	for _, u := range uses {
		if b := byBlob[u.key]; b.shared {
			row := j.file.Rows[u.row]
			j.find("blob.duplicate", row.Line, u.column, row.User, u.blob, "the blob is also on "+j.others(b.rows, u.row)+", for another user")
		}
	}
}

// others names the lines of rows but one.
func (j *judge) others(rows []int, but int) string {
	var lines []string
	for _, i := range rows {
		if i != but {
			if len(lines) == namedLines {
				return "lines " + strings.Join(lines, ", ") + fmt.Sprintf(" and %d more", len(rows)-1-namedLines)
			}
			lines = append(lines, strconv.Itoa(j.file.Rows[i].Line))
		}
	}
	if len(lines) == 1 {
		return "line " + lines[0]
	}
	last := len(lines) - 1
	return "lines " + strings.Join(lines[:last], ", ") + " and " + lines[last]
}
