package pilot

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault/clocks"
	"wave365/pkg/pilot/recording"
)

var guid = regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func aboutResults() []question {
	return []question{
		{"retrieve-route", "Which route reads an import's record?", "an import that is watched", "retrieve_route", askRoute},
		{"retrieve-shape", "Is the record an object or a collection?", "an import that is watched", "retrieve_shape", func(rec *recording.Recording) finding {
			for _, shape := range []string{"collection", "object"} {
				if seen := rec.ResultsThat(func(r recording.Result) bool { return r.OK() && r.Shape == shape }); len(seen) > 0 {
					return finding{map[string]string{"object": "an object", "collection": "a collection"}[shape], shape, seen}
				}
			}
			return finding{}
		}},
		{"assigned-user", "Is assignedUserPrincipalName an object id or a UPN?", "an import that is watched", "assigned_user", askAssignedUser},
		{"list-imports", "Is there a call that lists imports?", "a validation", "list_imports", func(rec *recording.Recording) finding {
			seen := rec.Calls("GET", "/snapshots/listsnapshotimportresults")
			switch {
			case len(seen) == 0:
				return finding{}
			case slices.ContainsFunc(seen, recording.Exchange.OK):
				return finding{"yes", true, seen}
			}
			return finding{"no: " + recording.Codes(seen), false, seen}
		}},
		{"record-after", "What becomes of the record after provisioning?", "a row that is watched to its end", "keep_import_record", askRecordAfter},
		{"expired", "When does an unused import expire?", "an import that is left unused until it expires", "import_expires", func(rec *recording.Recording) finding {
			for _, r := range rec.Results() {
				if r.ImportStatus != "expired" && r.Usage != "expired" {
					continue
				}
				for _, c := range rec.Imports {
					if strings.EqualFold(c.ID, r.ID) {
						age := r.At.Sub(c.At).Round(time.Minute)
						return finding{"after " + clocks.Long(age) + " at most", age.String(), []recording.Exchange{c.Exchange, r.Exchange}}
					}
				}
			}
			return finding{}
		}},
		{"import-time", "How long does an import take?", "an import that is watched to its end", "import_base", askImportTime},
		{"failed-detail", "What does a failed import say?", "an import that fails", "", func(rec *recording.Recording) finding {
			var texts []string
			seen := rec.ResultsThat(func(r recording.Result) bool {
				if r.ImportStatus == "failed" && r.Detail != "" && !slices.Contains(texts, r.Detail) {
					texts = append(texts, r.Detail)
				}
				return r.ImportStatus == "failed"
			})
			return finding{strings.Join(texts, "; "), nil, seen}
		}},
	}
}

func askRoute(rec *recording.Recording) finding {
	works := map[string]bool{}
	var seen []recording.Exchange
	for _, r := range rec.Results() {
		if r.OK() && !works[r.Call] {
			works[r.Call] = true
			seen = append(seen, r.Exchange)
		}
	}
	switch {
	case works["singular"] && works["plural"]:
		return finding{"both", "both", seen}
	case works["plural"]:
		return finding{"retrieveSnapshotImportResults", "plural", seen}
	case works["singular"]:
		return finding{"retrieveSnapshotImportResult", "singular", seen}
	}
	return finding{}
}

func askAssignedUser(rec *recording.Recording) finding {
	kinds := map[string][]recording.Exchange{}
	for _, r := range rec.Results() {
		if !r.OK() || r.ImportStatus == "" {
			continue
		}
		kind := "empty"
		switch {
		case r.User == nil || *r.User == "":
		case guid.MatchString(*r.User):
			kind = "id"
		default:
			kind = "upn"
		}
		kinds[kind] = append(kinds[kind], r.Exchange)
	}
	for _, kind := range []string{"upn", "empty", "id"} {
		if seen := kinds[kind]; len(seen) > 0 {
			return finding{map[string]string{"upn": "a UPN", "empty": "it is empty", "id": "an object id"}[kind], kind, seen}
		}
	}
	return finding{}
}

// askRecordAfter looks for a record that was read as in use, and what happened to it later. That it still exists counts
// only some time after it was first in use.
func askRecordAfter(rec *recording.Recording) finding {
	inUse, read := map[string]recording.Result{}, map[string]bool{}
	var kept finding
	for _, r := range rec.Results() {
		first, used := inUse[r.ID]
		switch {
		case r.Status == 404 && read[r.ID]:
			after := "it is removed; it had not been seen in use"
			if used {
				after = "it is removed, at most " + clocks.Long(r.At.Sub(first.At)) + " after it was first seen in use"
			}
			return finding{after, false, []recording.Exchange{r.Exchange}}
		case r.OK() && r.Usage == "inuse" && !used:
			inUse[r.ID] = r
		case r.OK() && r.Usage == "inuse" && r.At.Sub(first.At) > time.Hour:
			kept = finding{"it stays, in use, for " + clocks.Long(r.At.Sub(first.At)) + " at least", true, []recording.Exchange{first.Exchange, r.Exchange}}
		}
		read[r.ID] = read[r.ID] || r.OK()
	}
	return kept
}

// askImportTime measures from the import's acceptance to the first reading with status succeeded.
func askImportTime(rec *recording.Recording) finding {
	done := map[string]bool{}
	var took []time.Duration
	var seen []recording.Exchange
	for _, r := range rec.Results() {
		if r.ImportStatus != "succeeded" || done[r.ID] {
			continue
		}
		done[r.ID] = true
		for _, c := range rec.Imports {
			if strings.EqualFold(c.ID, r.ID) {
				took = append(took, r.At.Sub(c.At))
				seen = append(seen, r.Exchange)
			}
		}
	}
	return spread(took, seen, "import")
}

// spread returns the range of these times, with the median as the knob's value.
func spread(took []time.Duration, seen []recording.Exchange, what string) finding {
	if len(took) == 0 {
		return finding{}
	}
	slices.Sort(took)
	mid := took[len(took)/2].Round(time.Minute)
	text := fmt.Sprintf("%d %ss took %s to %s, half of them %s or less (as far as the polling tells)", len(took), what, clocks.Long(took[0]), clocks.Long(took[len(took)-1]), clocks.Long(mid))
	return finding{text, max(mid, time.Minute).String(), seen}
}
