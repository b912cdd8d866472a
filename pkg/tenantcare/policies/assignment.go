package policies

import "wave365/pkg/tenantcare"

// Assignment is how the assignment of a policy changes: its groups stay unless remove names them.
type Assignment struct {
	// Want is the whole set to be written. Add and Remove are what changes; Stay are assigned, and not in the file.
	Want, Add, Remove, Stay []string
}

// Changed reports whether anything is to be written.
func (g Assignment) Changed() bool { return len(g.Add)+len(g.Remove) > 0 }

// mergeGroups is the union of what is assigned and what the file wants, less remove; all are ids. A group that file and
// remove both name is wanted by the file: it stays.
func mergeGroups(have, file, remove []string) Assignment {
	var g Assignment
	for _, id := range have {
		switch {
		case tenantcare.Has(remove, id) && !tenantcare.Has(file, id):
			g.Remove = append(g.Remove, id)
			continue
		case !tenantcare.Has(file, id):
			g.Stay = append(g.Stay, id)
		}
		g.Want = append(g.Want, id)
	}
	for _, id := range file {
		if !tenantcare.Has(g.Want, id) {
			g.Add, g.Want = append(g.Add, id), append(g.Want, id)
		}
	}
	return g
}
