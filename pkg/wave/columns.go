package wave

import (
	"slices"
	"strings"
	"unicode"

	"wave365/pkg/wave/sheet"
	"wave365/pkg/wave/sheet/celltext"
)

// The canonical column names.
const (
	ColumnUser       = "user"
	ColumnBlob       = "blob"
	ColumnPolicy     = "policy"
	ColumnGuestState = "guest_state_blob"
	ColumnLicense    = "license"
	ColumnGroup      = "group"
	ColumnPriority   = "priority"
	ColumnDepartment = "department"
	ColumnNotify     = "notify"
	ColumnNotes      = "notes"
)

// Column is a column of the wave file.
type Column struct {
	Name string
	// Also are other spellings of its header.
	Also     []string
	Required bool
	// About describes its content.
	About string
}

// Schema is the wave file's columns in the order of the template. The result is the caller's own.
func Schema() []Column {
	return []Column{
		{Name: ColumnUser, Also: []string{"upn", "userPrincipalName", "assignedUser"}, Required: true, About: "UPN or Entra object id"},
		{Name: ColumnBlob, Also: []string{"blobPath", "vhd", "snapshot"}, Required: true, About: "the disk: container/path.vhd in the configured account, a blob URL, or a SAS URL"},
		{Name: ColumnPolicy, Also: []string{"targetPolicy", "provisioningPolicy"}, Required: true, About: "provisioning policy, by name or id"},
		{Name: ColumnGuestState, Also: []string{"vmgs"}, About: "the second file of a Trusted Launch VM"},
		{Name: ColumnLicense, Also: []string{"sku", "licence"}, About: "the license to assign as the last step, by part number or id; empty: the user holds one already"},
		{Name: ColumnGroup, About: "only when the policy is assigned to several groups"},
		{Name: ColumnPriority, About: "a whole number; higher first"},
		{Name: ColumnDepartment, About: "carried into the reports"},
		{Name: ColumnNotify, About: "the address that messages to the user go to; empty: the UPN"},
		{Name: ColumnNotes, About: "carried into the reports"},
	}
}

// Canonical is the name by which a header cell is known; "" for none.
func Canonical(header string) string {
	folded := foldHeader(header)
	for _, c := range Schema() {
		if foldHeader(c.Name) == folded {
			return c.Name
		}
		for _, a := range c.Also {
			if strings.EqualFold(a, folded) {
				return c.Name
			}
		}
	}
	return ""
}

// FreeText reports whether a column is only carried along: its content is free text.
func FreeText(column string) bool { return column == "" || column == ColumnNotes }

// foldHeader drops what header names may differ in: case, blanks, "_", "-" and quotes round them.
func foldHeader(s string) string {
	s = celltext.Unquote(s)
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || celltext.IsBlank(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// NearestColumn is the known spelling closest to a header; "" when none is close enough to have been meant.
func NearestColumn(header string) string {
	folded := []rune(foldHeader(header))
	best, name := 1<<30, ""
	for _, c := range Schema() {
		for _, spelling := range append([]string{c.Name}, c.Also...) {
			known := []rune(foldHeader(spelling))
			d := distance(folded, known)
			if len(folded) > 2 && strings.HasPrefix(string(known), string(folded)) {
				d = 1 // an abbreviation
			}
			if d < best {
				best, name = d, spelling
			}
		}
	}
	if best > max(1, len(name)/3) {
		return ""
	}
	return name
}

// distance counts the insertions, deletions, replacements and swaps of neighbours between a and b.
func distance(a, b []rune) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, last[j+1]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// Nearest is the one of known that a name was probably meant to be, compared as headers are: without case, blanks, "_" and
// "-". "" when none is much like it.
func Nearest(name string, known []string) string {
	folded := []rune(foldHeader(name))
	near, best := "", max(1, len(folded)/3)+1
	for _, k := range known {
		if d := distance(folded, []rune(foldHeader(k))); d < best {
			best, near = d, k
		}
	}
	return near
}

// NearestUser is the beginning of a hint for an unknown user name, "did you mean ada@contoso.com? ": the one of users that
// was probably meant, compared by the part before the @. "" when none is similar.
func NearestUser(name string, users []string) string {
	before := func(user string) string { before, _, _ := strings.Cut(user, "@"); return before }
	names := make([]string, len(users))
	for i, user := range users {
		names[i] = before(user)
	}
	near := Nearest(before(name), names)
	if near == "" {
		return ""
	}
	return "did you mean " + users[slices.Index(names, near)] + "? "
}

// Template is an empty wave: the columns (none given: all that are known) and no row, so that nothing in it can be imported by
// mistake. comma separates them: the semicolon for spreadsheets set to German, French, Polish and others, which do not split at
// commas.
func Template(comma rune, columns ...string) []byte {
	if len(columns) == 0 {
		for _, c := range Schema() {
			columns = append(columns, c.Name)
		}
	}
	return sheet.Write(comma, [][]string{columns})
}
