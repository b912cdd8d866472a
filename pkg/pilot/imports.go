package pilot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// importCall is one importSnapshot.
type importCall struct {
	exchange
	user string
	// id is the snapshot's id in the answer, and under which name; field is the name that storage mode gave the blob.
	id, idName, field string
	policyName        *string
	// second: the user's earlier import in this recording was accepted and not purged since.
	second bool
}

// index finds the imports and whose they are.
func (rec *Recording) index() {
	live := map[string]string{} // user → snapshot
	for _, e := range rec.graph {
		switch {
		case strings.HasSuffix(e.path, "/purgeimportedsnapshot") && e.ok():
			var body struct {
				IDs []string `json:"snapshotIds"`
			}
			_ = json.Unmarshal(e.Body, &body)
			for user, id := range live {
				if slices.Contains(body.IDs, id) {
					delete(live, user)
				}
			}
		case strings.HasSuffix(e.path, "/importsnapshot") && e.Method == "POST":
			c := readImport(e)
			_, c.second = live[c.user]
			if e.ok() && c.user != "" {
				live[c.user] = c.id
			}
			rec.imports = append(rec.imports, c)
		}
	}
}

func readImport(e exchange) importCall {
	c := importCall{exchange: e}
	var body struct {
		User  string `json:"assignedUserId"`
		Files []struct {
			Info map[string]any `json:"storageBlobInfo"`
		} `json:"sourceFiles"`
	}
	_ = json.Unmarshal(e.Body, &body)
	c.user = strings.ToLower(body.User)
	for _, f := range body.Files {
		for _, name := range []string{"fileName", "blobName"} {
			if _, ok := f.Info[name]; ok {
				c.field = name
			}
		}
	}
	var reply map[string]json.RawMessage
	if !e.ok() || json.Unmarshal(e.Reply, &reply) != nil {
		return c
	}
	for _, name := range []string{"snapshotId", "id"} {
		var id string
		if json.Unmarshal(reply[name], &id) == nil && id != "" && c.id == "" {
			c.id, c.idName = id, name
		}
	}
	var policy string
	if json.Unmarshal(reply["policyName"], &policy) == nil {
		c.policyName = &policy
	}
	return c
}

// of picks imports.
func (rec *Recording) of(pick func(importCall) bool) (found []exchange) {
	for _, c := range rec.imports {
		if pick(c) {
			found = append(found, c.exchange)
		}
	}
	return found
}

func accepted(c importCall) bool { return c.ok() }

func aboutImports() []question {
	return []question{
		{"import-status", "With which status is an import accepted?", "an import that is accepted", "", func(rec *Recording) finding {
			seen := rec.of(accepted)
			return finding{statuses(seen), nil, seen}
		}},
		{"snapshot-id", "Does the import's answer carry the snapshot's id?", "an import that is accepted", "snapshot_id", askSnapshotID},
		{"storage-field", "Is the blob named by fileName or by blobName in storage mode?", "an import with --import-source account", "storage_field", askStorageField},
		{"second-import", "How is a second import for the same user refused?", "two imports for one user without a purge between them", "second_import", func(rec *Recording) finding {
			seen := rec.of(func(c importCall) bool { return c.second && c.Status >= 400 && c.Status < 500 && c.Status != 429 })
			if len(seen) == 0 {
				return finding{}
			}
			return finding{codes(seen), seen[0].Status, seen}
		}},
		{"no-policy-import", "Is an import taken for a user whom no policy reaches yet?", "an import of a row whose membership comes last", "no_policy_import", askNoPolicy},
		{"bad-disk", "Is a file that is no fixed VHD refused at once, or does its import fail?", "an import of a bad disk", "bad_disk", func(rec *Recording) finding {
			seen := rec.of(func(c importCall) bool { return strings.EqualFold(c.code(), "InvalidVHD") })
			if len(seen) == 0 {
				return finding{}
			}
			return finding{"refused at once: " + codes(seen), "refuse", seen}
		}},
		{"refusals", "With which codes are imports refused?", "an import that is refused", "", func(rec *Recording) finding {
			seen := rec.of(func(c importCall) bool { return c.Status >= 400 })
			return finding{codes(seen), nil, seen}
		}},
		{"daily-limit", "How many imports does a day take?", "a day with more imports than the limit", "daily_imports", askDailyLimit},
		{"daily-retry-after", "Does the refusal over the daily limit name a pause?", "an import that is refused with 429", "daily_retry_after", func(rec *Recording) finding {
			seen := rec.of(func(c importCall) bool { return c.Status == 429 })
			for _, e := range seen {
				if v := e.Answered["retry-after"]; v != "" {
					return finding{"yes: Retry-After: " + v, seconds(v, e), seen}
				}
			}
			if len(seen) == 0 {
				return finding{}
			}
			return finding{"no", nil, seen}
		}},
	}
}

func askSnapshotID(rec *Recording) finding {
	byName := map[string][]exchange{}
	for _, c := range rec.imports {
		if c.ok() {
			byName[c.idName] = append(byName[c.idName], c.exchange)
		}
	}
	for _, v := range []struct{ name, text, knob string }{
		{"", "no: nothing can be polled by it", "omitted"}, {"id", "yes, as id", "id"}, {"snapshotId", "yes, as snapshotId", "present"},
	} {
		if seen := byName[v.name]; len(seen) > 0 {
			return finding{v.text, v.knob, seen}
		}
	}
	return finding{}
}

func askStorageField(rec *Recording) finding {
	takes := map[string]bool{}
	var seen []exchange
	for _, c := range rec.imports {
		if c.field == "" || !c.ok() && c.Status != 400 {
			continue
		}
		takes[c.field] = takes[c.field] || c.ok()
		seen = append(seen, c.exchange)
	}
	switch {
	case takes["fileName"] && takes["blobName"]:
		return finding{"both are taken", "both", seen}
	case takes["fileName"]:
		return finding{"fileName is taken", "fileName", seen}
	case takes["blobName"]:
		return finding{"blobName is taken, fileName is not", "blobName", seen}
	}
	return finding{}
}

func askNoPolicy(rec *Recording) finding {
	refused := rec.of(func(c importCall) bool { return strings.EqualFold(c.code(), "MissingProvisionPolicy") })
	if len(refused) > 0 {
		return finding{"no: " + codes(refused), "refuse", refused}
	}
	taken := rec.of(func(c importCall) bool { return c.ok() && (c.policyName != nil && *c.policyName == "") })
	if len(taken) > 0 {
		return finding{"yes, its policyName is empty", "accept", taken}
	}
	return finding{}
}

// askDailyLimit counts by UTC days the requests until the first that was refused.
func askDailyLimit(rec *Recording) finding {
	sent := map[string]int{}
	for _, c := range rec.imports {
		day := c.At.UTC().Format("2006-01-02")
		if c.Status == 429 {
			return finding{fmt.Sprintf("%d requests had been sent on %s (UTC) when one was refused", sent[day], day), max(1, sent[day]), []exchange{c.exchange}}
		}
		sent[day]++
	}
	return finding{}
}

// statuses lists the statuses with their numbers.
func statuses(seen []exchange) string {
	return counted(seen, func(e exchange) string { return fmt.Sprint(e.Status) })
}

// codes lists statuses and codes with their numbers.
func codes(seen []exchange) string {
	return counted(seen, func(e exchange) string { return strings.TrimSpace(fmt.Sprint(e.Status) + " " + e.code()) })
}

func counted(seen []exchange, name func(exchange) string) string {
	n := map[string]int{}
	var order []string
	for _, e := range seen {
		if n[name(e)] == 0 {
			order = append(order, name(e))
		}
		n[name(e)]++
	}
	for i, v := range order {
		order[i] = fmt.Sprintf("%s (%d times)", v, n[v])
		if n[v] == 1 {
			order[i] = v + " (once)"
		}
	}
	return strings.Join(order, ", ")
}
