package imports

import (
	"slices"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
)

// Choice selects imports: those of a run, of a user in any run, or of both; or those with the ids.
type Choice struct {
	Run, User string
	IDs       []string
	// Foreign takes also an id that the ledger does not know.
	Foreign bool
}

// Of are the imports that are meant, of those that the ledger knows of; see [Of]. Faults: Conflict ("purge.refused") for an id
// that is of no row and not Foreign; those of [tenantcare.RowsOf].
func (c Choice) Of(rows []migration.Row, effects []migration.Write) ([]Candidate, error) {
	if len(c.IDs) > 0 {
		return c.named(Of(rows, effects))
	}
	if c.User != "" {
		var err error
		if rows, err = tenantcare.RowsOf(rows, c.User); err != nil {
			return nil, err
		}
	}
	var mine []migration.Row
	for _, r := range rows {
		if c.Run == "" || r.Run == c.Run {
			mine = append(mine, r)
		}
	}
	return Of(mine, effects), nil
}

func (c Choice) named(known []Candidate) ([]Candidate, error) {
	var out []Candidate
	for _, id := range c.IDs {
		one := Candidate{ID: id}
		for _, k := range known {
			if strings.EqualFold(k.ID, id) {
				one = k
			}
		}
		if one.Row == nil && !c.Foreign {
			return nil, fault.New(fault.Conflict, "purge.refused", "import "+id+" is not in this ledger", "somebody else may need it, so nothing was purged; to purge it anyway, give --foreign")
		}
		out = append(out, one)
	}
	return out, nil
}

// RunOf is the run to whose tenant one goes for the imports that are meant, the latest of several; "" when no row has them.
func (c Choice) RunOf(rows []migration.Row, effects []migration.Write) (string, error) {
	if c.Run != "" {
		return c.Run, nil
	}
	if c.User != "" {
		mine, err := tenantcare.RowsOf(rows, c.User)
		if err != nil {
			return "", err
		}
		return mine[len(mine)-1].Run, nil
	}
	at := ""
	for _, k := range Of(rows, effects) {
		if slices.ContainsFunc(c.IDs, func(id string) bool { return strings.EqualFold(id, k.ID) }) {
			at = k.Row.Run
		}
	}
	return at, nil
}

// Runs are those that imports were made for, each once.
func Runs(all []Candidate) []string {
	var out []string
	for _, c := range all {
		if c.Row != nil && !slices.Contains(out, c.Row.Run) {
			out = append(out, c.Row.Run)
		}
	}
	return out
}
