package wave

import (
	"fmt"
	"strconv"
	"strings"
)

// namedLines is how many other lines a message names at most.
const namedLines = 10

// duplicateUsers names every row of a user who has several.
func (r *reading) duplicateUsers(keys []string) {
	byUser := make(map[string][]int, len(keys))
	for i, key := range keys {
		if key != "" {
			byUser[key] = append(byUser[key], i)
		}
	}
	for i, row := range r.file.Rows {
		if same := byUser[keys[i]]; len(same) > 1 {
			r.find("user.duplicate", row.Line, colUser, row.User, row.User,
				"the user is also on "+r.others(same, i)+"; a user takes one snapshot")
		}
	}
}

// blobUse is a row that names a blob, and in which column.
type blobUse struct {
	row          int
	column, blob string
	key          string
}

// duplicateBlobs names every row whose disk or guest state is also another user's. Two rows of one user are named by
// duplicateUsers already.
func (r *reading) duplicateBlobs(users []string) {
	uses := make([]blobUse, 0, len(users))
	rowsOf := make(map[string][]int, len(users))
	for i, row := range r.file.Rows {
		disk := blobUse{i, colBlob, row.Blob, BlobKey(row.Blob)}
		state := blobUse{i, colGuestState, row.GuestStateBlob, BlobKey(row.GuestStateBlob)}
		if disk.key != "" {
			uses, rowsOf[disk.key] = append(uses, disk), append(rowsOf[disk.key], i)
		}
		if state.key != "" && state.key != disk.key {
			uses, rowsOf[state.key] = append(uses, state), append(rowsOf[state.key], i)
		}
	}
	for _, u := range uses {
		rows := rowsOf[u.key]
		if len(rows) > 1 && severalUsers(rows, users) {
			row := r.file.Rows[u.row]
			r.find("blob.duplicate", row.Line, u.column, row.User, u.blob,
				"the blob is also on "+r.others(rows, u.row)+", for another user")
		}
	}
}

func severalUsers(rows []int, users []string) bool {
	for _, i := range rows {
		if users[i] != users[rows[0]] {
			return true
		}
	}
	return false
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
	if len(lines) == 1 {
		return "line " + lines[0]
	}
	last := len(lines) - 1
	return "lines " + strings.Join(lines[:last], ", ") + " and " + lines[last]
}
