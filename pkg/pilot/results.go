package pilot

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

var guid = regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// result is one reading of an import's record.
type result struct {
	exchange
	id, route, shape          string
	user                      *string
	status, usage, additional string
}

var retrieve = regexp.MustCompile(`/retrievesnapshotimportresults?\(snapshotid='([^']+)'\)`)

// results are the readings of imports' records, in order.
func (rec *Recording) results() (out []result) {
	for _, e := range rec.graph {
		m := retrieve.FindStringSubmatch(strings.ReplaceAll(e.path, "%27", "'"))
		if m == nil {
			continue
		}
		r := result{exchange: e, id: m[1], route: "singular", shape: "object"}
		if strings.Contains(e.path, "importresults(") {
			r.route = "plural"
		}
		var body struct {
			Value *[]json.RawMessage `json:"value"`
		}
		raw := e.Reply
		if json.Unmarshal(raw, &body) == nil && body.Value != nil {
			r.shape = "collection"
			if len(*body.Value) > 0 {
				raw = (*body.Value)[0]
			}
		}
		var one struct {
			User       *string `json:"assignedUserPrincipalName"`
			Status     string  `json:"importStatus"`
			Usage      string  `json:"usageStatus"`
			Additional string  `json:"additionalDetail"`
		}
		_ = json.Unmarshal(raw, &one)
		r.user, r.status, r.usage, r.additional = one.User, strings.ToLower(one.Status), strings.ToLower(one.Usage), one.Additional
		out = append(out, r)
	}
	return out
}

func (rec *Recording) resultsThat(pick func(result) bool) (seen []exchange) {
	for _, r := range rec.results() {
		if pick(r) {
			seen = append(seen, r.exchange)
		}
	}
	return seen
}

func aboutResults() []question {
	return []question{
		{"retrieve-route", "Which route reads an import's record?", "an import that is watched", "retrieve_route", askRoute},
		{"retrieve-shape", "Is the record an object or a collection?", "an import that is watched", "retrieve_shape", func(rec *Recording) finding {
			for _, shape := range []string{"collection", "object"} {
				if seen := rec.resultsThat(func(r result) bool { return r.ok() && r.shape == shape }); len(seen) > 0 {
					return finding{map[string]string{"object": "an object", "collection": "a collection"}[shape], shape, seen}
				}
			}
			return finding{}
		}},
		{"assigned-user", "Is assignedUserPrincipalName an object id or a UPN?", "an import that is watched", "assigned_user", askAssignedUser},
		{"list-imports", "Is there a call that lists imports?", "a validation", "list_imports", func(rec *Recording) finding {
			seen := rec.calls("GET", "/snapshots/listsnapshotimportresults")
			switch {
			case len(seen) == 0:
				return finding{}
			case slices.ContainsFunc(seen, exchange.ok):
				return finding{"yes", true, seen}
			}
			return finding{"no: " + codes(seen), false, seen}
		}},
		{"record-after", "What becomes of the record after provisioning?", "a row that is watched to its end", "keep_import_record", askRecordAfter},
		{"expired", "When does an unused import expire?", "an import that is left unused until it expires", "import_expires", func(rec *Recording) finding {
			for _, r := range rec.results() {
				if r.status != "expired" && r.usage != "expired" {
					continue
				}
				for _, c := range rec.imports {
					if strings.EqualFold(c.id, r.id) {
						age := r.At.Sub(c.At).Round(time.Minute)
						return finding{"after " + age.String() + " at most", age.String(), []exchange{c.exchange, r.exchange}}
					}
				}
			}
			return finding{}
		}},
		{"import-time", "How long does an import take?", "an import that is watched to its end", "import_base", askImportTime},
		{"failed-detail", "What does a failed import say?", "an import that fails", "", func(rec *Recording) finding {
			var texts []string
			seen := rec.resultsThat(func(r result) bool {
				if r.status == "failed" && r.additional != "" && !slices.Contains(texts, r.additional) {
					texts = append(texts, r.additional)
				}
				return r.status == "failed"
			})
			return finding{strings.Join(texts, "; "), nil, seen}
		}},
	}
}

// calls are the exchanges with this method whose path ends so, in lower case.
func (rec *Recording) calls(method, suffix string) (seen []exchange) {
	for _, e := range rec.graph {
		if (method == "" || e.Method == method) && strings.HasSuffix(e.path, suffix) {
			seen = append(seen, e)
		}
	}
	return seen
}

func askRoute(rec *Recording) finding {
	works := map[string]bool{}
	var seen []exchange
	for _, r := range rec.results() {
		if r.ok() && !works[r.route] {
			works[r.route] = true
			seen = append(seen, r.exchange)
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

func askAssignedUser(rec *Recording) finding {
	kinds := map[string][]exchange{}
	for _, r := range rec.results() {
		if !r.ok() || r.status == "" {
			continue
		}
		kind := "empty"
		switch {
		case r.user == nil || *r.user == "":
		case guid.MatchString(*r.user):
			kind = "id"
		default:
			kind = "upn"
		}
		kinds[kind] = append(kinds[kind], r.exchange)
	}
	for _, kind := range []string{"upn", "empty", "id"} {
		if seen := kinds[kind]; len(seen) > 0 {
			return finding{map[string]string{"upn": "a UPN", "empty": "it is empty", "id": "an object id"}[kind], kind, seen}
		}
	}
	return finding{}
}

// askRecordAfter looks for a record that was read as in use, and what came of it. That it is still there counts only a
// while after it was first in use.
func askRecordAfter(rec *Recording) finding {
	inUse, read := map[string]result{}, map[string]bool{}
	var kept finding
	for _, r := range rec.results() {
		first, used := inUse[r.id]
		switch {
		case r.Status == 404 && read[r.id]:
			after := "it is removed; it had not been seen in use"
			if used {
				after = "it is removed, at most " + r.At.Sub(first.At).Round(time.Second).String() + " after it was first seen in use"
			}
			return finding{after, false, []exchange{r.exchange}}
		case r.ok() && r.usage == "inuse" && !used:
			inUse[r.id] = r
		case r.ok() && r.usage == "inuse" && r.At.Sub(first.At) > time.Hour:
			kept = finding{"it stays, in use, for " + r.At.Sub(first.At).Round(time.Minute).String() + " at least", true, []exchange{first.exchange, r.exchange}}
		}
		read[r.id] = read[r.id] || r.ok()
	}
	return kept
}

// askImportTime measures from the import's acceptance to the first reading that says succeeded.
func askImportTime(rec *Recording) finding {
	done := map[string]bool{}
	var took []time.Duration
	var seen []exchange
	for _, r := range rec.results() {
		if r.status != "succeeded" || done[r.id] {
			continue
		}
		done[r.id] = true
		for _, c := range rec.imports {
			if strings.EqualFold(c.id, r.id) {
				took = append(took, r.At.Sub(c.At))
				seen = append(seen, r.exchange)
			}
		}
	}
	return spread(took, seen, "import")
}

// spread says from when to when things took, with the middle as the knob's value.
func spread(took []time.Duration, seen []exchange, what string) finding {
	if len(took) == 0 {
		return finding{}
	}
	slices.Sort(took)
	mid := took[len(took)/2].Round(time.Minute)
	text := fmt.Sprintf("%d %ss took %s to %s, half of them %s or less (as far as the polling tells)", len(took), what, took[0].Round(time.Second), took[len(took)-1].Round(time.Second), mid)
	return finding{text, max(mid, time.Minute).String(), seen}
}
