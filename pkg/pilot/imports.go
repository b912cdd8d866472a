package pilot

import (
	"fmt"
	"strings"

	"wave365/pkg/pilot/recording"
)

func accepted(c recording.Import) bool { return c.OK() }

func aboutImports() []question {
	return []question{
		{"import-status", "With which status is an import accepted?", "an import that is accepted", "", func(rec *recording.Recording) finding {
			seen := rec.ImportsThat(accepted)
			return finding{recording.Statuses(seen), nil, seen}
		}},
		{"snapshot-id", "Does the import's answer carry the snapshot's id?", "an import that is accepted", "snapshot_id", askSnapshotID},
		{"storage-field", "Is the blob named by fileName or by blobName in storage mode?", "an import with --import-source account", "storage_field", askStorageField},
		{"second-import", "How is a second import for the same user refused?", "two imports for one user without a purge between them", "second_import", func(rec *recording.Recording) finding {
			seen := rec.ImportsThat(func(c recording.Import) bool { return c.Second && c.Status >= 400 && c.Status < 500 && c.Status != 429 })
			if len(seen) == 0 {
				return finding{}
			}
			return finding{recording.Codes(seen), seen[0].Status, seen}
		}},
		{"no-policy-import", "Is an import taken for a user whom no policy reaches yet?", "an import of a row whose membership comes last", "no_policy_import", askNoPolicy},
		{"bad-disk", "Is a file that is not a fixed VHD refused at once, or does its import fail?", "an import of a bad disk", "bad_disk", func(rec *recording.Recording) finding {
			seen := rec.ImportsThat(func(c recording.Import) bool { return strings.EqualFold(c.Code(), "InvalidVHD") })
			if len(seen) == 0 {
				return finding{}
			}
			return finding{"refused at once: " + recording.Codes(seen), "refuse", seen}
		}},
		{"refusals", "With which codes are imports refused?", "an import that is refused", "", func(rec *recording.Recording) finding {
			seen := rec.ImportsThat(func(c recording.Import) bool { return c.Status >= 400 })
			return finding{recording.Codes(seen), nil, seen}
		}},
		{"daily-limit", "How many imports does a day take?", "a day with more imports than the limit", "daily_imports", askDailyLimit},
		{"daily-retry-after", "Does the refusal over the daily limit name a pause?", "an import that is refused with 429", "daily_retry_after", func(rec *recording.Recording) finding {
			seen := rec.ImportsThat(func(c recording.Import) bool { return c.Status == 429 })
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

func askSnapshotID(rec *recording.Recording) finding {
	byName := map[string][]recording.Exchange{}
	for _, c := range rec.Imports {
		if c.OK() {
			byName[c.IDName] = append(byName[c.IDName], c.Exchange)
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

func askStorageField(rec *recording.Recording) finding {
	takes := map[string]bool{}
	var seen []recording.Exchange
	for _, c := range rec.Imports {
		if c.Field == "" || !c.OK() && c.Status != 400 {
			continue
		}
		takes[c.Field] = takes[c.Field] || c.OK()
		seen = append(seen, c.Exchange)
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

func askNoPolicy(rec *recording.Recording) finding {
	refused := rec.ImportsThat(func(c recording.Import) bool { return strings.EqualFold(c.Code(), "MissingProvisionPolicy") })
	if len(refused) > 0 {
		return finding{"no: " + recording.Codes(refused), "refuse", refused}
	}
	taken := rec.ImportsThat(func(c recording.Import) bool { return c.OK() && (c.PolicyName != nil && *c.PolicyName == "") })
	if len(taken) > 0 {
		return finding{"yes, its policyName is empty", "accept", taken}
	}
	return finding{}
}

// askDailyLimit counts, per UTC day, the requests until the first refusal.
func askDailyLimit(rec *recording.Recording) finding {
	sent := map[string]int{}
	for _, c := range rec.Imports {
		day := c.At.UTC().Format("2006-01-02")
		if c.Status == 429 {
			return finding{fmt.Sprintf("%d requests had been sent on %s (UTC) when one was refused", sent[day], day), max(1, sent[day]), []recording.Exchange{c.Exchange}}
		}
		sent[day]++
	}
	return finding{}
}
