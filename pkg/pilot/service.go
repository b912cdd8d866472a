package pilot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

func aboutService() []question {
	return []question{
		{"retry-after", "Does a 429 bring Retry-After, and in which form?", "an evening with throttling", "no_retry_after", askRetryAfter},
		{"limits", "Which limits does the service name when it throttles?", "an evening with throttling", "", askLimits},
		{"audit", "Are imports in the audit log under the request's id?", "a look at the audit log after an import (prove, close or reconcile make one)", "unaudited_imports", askAudit},
		{"purge-unknown", "How is the purge of an id that is gone answered?", "a purge of an id that is gone", "purge_unknown", func(rec *Recording) finding {
			for _, e := range rec.calls("POST", "/purgeimportedsnapshot") {
				if e.Status == 404 {
					return finding{"404 " + e.code(), 404, []exchange{e}}
				}
			}
			return finding{}
		}},
		{"purge-busy", "How is the purge of an import in use or in progress refused?", "a purge of such an import", "purge_busy", func(rec *Recording) finding {
			for _, e := range rec.calls("POST", "/purgeimportedsnapshot") {
				if e.Status == 400 || e.Status == 409 {
					return finding{codes([]exchange{e}), e.Status, []exchange{e}}
				}
			}
			return finding{}
		}},
		{"setting-patch", "What does a change of a user setting answer?", "a close, which changes the settings of its wave", "patch_status", func(rec *Recording) finding {
			var seen []exchange
			for _, e := range rec.graph {
				if e.Method == "PATCH" && strings.Contains(e.path, "/usersettings/") && e.ok() {
					seen = append(seen, e)
				}
			}
			if len(seen) == 0 {
				return finding{}
			}
			return finding{statuses(seen), seen[0].Status, seen}
		}},
		{"setting-partial", "Is a change of a user setting with some of its fields refused?", "such a change, which this tool does not send", "partial_patch", func(rec *Recording) finding {
			for _, e := range rec.graph {
				if e.Method == "PATCH" && strings.EqualFold(e.code(), "requiredFieldsNotProvided") {
					return finding{"yes: " + codes([]exchange{e}), "refuse", []exchange{e}}
				}
			}
			return finding{}
		}},
		{"enums", "Are members of enums beyond the sentinel sent?", "a Cloud PC in such a state", "keep_unknown_enums", askEnums},
		{"page-size", "How many elements has a page?", "a list of more than one page", "page_size", askPageSize},
		{"provision-time", "How long does provisioning take?", "a Cloud PC that is watched to its end", "", func(rec *Recording) finding {
			took, seen := rec.provisioned()
			f := spread(took, seen, "Cloud PC")
			f.value = nil
			return f
		}},
		{"provision-shortest", "How long does provisioning take at the least?", "a Cloud PC that is watched to its end", "provision_min", func(rec *Recording) finding {
			took, seen := rec.provisioned()
			return extreme(took, seen, slices.Min[[]time.Duration])
		}},
		{"provision-longest", "How long does provisioning take at the most?", "a Cloud PC that is watched to its end", "provision_max", func(rec *Recording) finding {
			took, seen := rec.provisioned()
			return extreme(took, seen, slices.Max[[]time.Duration])
		}},
		{"member-lag", "How long until a new member is seen?", "a membership that is written and read back", "membership_lag", askMemberLag},
	}
}

func askRetryAfter(rec *Recording) finding {
	var with, without []exchange
	for _, e := range rec.graph {
		switch {
		case e.Status != 429 || strings.HasSuffix(e.path, "/importsnapshot"):
		case e.Answered["retry-after"] != "":
			with = append(with, e)
		default:
			without = append(without, e)
		}
	}
	switch {
	case len(with)+len(without) == 0:
		return finding{}
	case len(with) == 0:
		return finding{"no, not once", true, without}
	}
	text := "yes: " + counted(with, func(e exchange) string { return e.Answered["retry-after"] })
	if len(without) > 0 {
		text += fmt.Sprintf("; %d times not", len(without))
	}
	return finding{text, false, with}
}

// seconds gives the pause of a Retry-After as a duration's text; nil: it is none.
func seconds(v string, e exchange) any {
	if s, err := strconv.ParseFloat(v, 64); err == nil {
		return time.Duration(s * float64(time.Second)).String()
	}
	if t, err := time.Parse(time.RFC1123, v); err == nil {
		return t.Sub(e.At).Round(time.Second).String()
	}
	return nil
}

// askAudit looks for the request ids of accepted imports in what was read of the audit log after them.
func askAudit(rec *Recording) finding {
	sent := map[string]exchange{}
	var looked []exchange
	for _, e := range rec.graph {
		if strings.HasSuffix(e.path, "/importsnapshot") && e.ok() {
			sent[strings.ToLower(e.Asked["client-request-id"])] = e
			continue
		}
		if !strings.HasSuffix(e.path, "/auditevents") || !e.ok() || len(sent) == 0 {
			continue
		}
		looked = append(looked, e)
		var body struct {
			Value []struct {
				Correlation string `json:"correlationId"`
			} `json:"value"`
		}
		_ = json.Unmarshal(e.Reply, &body)
		for _, v := range body.Value {
			if im, ok := sent[strings.ToLower(v.Correlation)]; ok {
				return finding{"yes, " + e.At.Sub(im.At).Round(time.Second).String() + " after the import at the latest", false, []exchange{im, e}}
			}
		}
	}
	if len(looked) == 0 {
		return finding{}
	}
	return finding{fmt.Sprintf("no: %d readings of the log after imports had none of their ids", len(looked)), true, looked}
}

func askEnums(rec *Recording) finding {
	var hidden []exchange
	for _, e := range rec.graph {
		if !strings.Contains(e.path, "/virtualendpoint/") || !strings.Contains(string(e.Reply), `"unknownFutureValue"`) {
			continue
		}
		if strings.Contains(e.Asked["prefer"], "include-unknown-enum-members") {
			return finding{"they are hidden although Prefer asks for them", nil, []exchange{e}}
		}
		hidden = append(hidden, e)
	}
	if len(hidden) == 0 {
		return finding{}
	}
	return finding{"they are hidden without Prefer", false, hidden}
}

func askPageSize(rec *Recording) finding {
	size := 0
	var seen []exchange
	for _, e := range rec.graph {
		var body struct {
			Next  string            `json:"@odata.nextLink"`
			Value []json.RawMessage `json:"value"`
		}
		if strings.Contains(e.path, "/virtualendpoint/") && json.Unmarshal(e.Reply, &body) == nil && body.Next != "" {
			size = max(size, len(body.Value))
			seen = append(seen, e)
		}
	}
	if size == 0 {
		return finding{}
	}
	return finding{fmt.Sprintf("up to %d", size), size, seen}
}

// extreme is the shortest or the longest of what things took.
func extreme(took []time.Duration, seen []exchange, of func([]time.Duration) time.Duration) finding {
	if len(took) == 0 {
		return finding{}
	}
	v := max(of(took).Round(time.Minute), time.Minute).String()
	return finding{v, v, seen}
}

// provisioned measures each Cloud PC from the first list that has it under way to the first that has it provisioned.
func (rec *Recording) provisioned() (took []time.Duration, seen []exchange) {
	begun, done := map[string]time.Time{}, map[string]bool{}
	for _, e := range rec.graph {
		if !strings.HasSuffix(e.path, "/cloudpcs") || !e.ok() {
			continue
		}
		var body struct {
			Value []struct{ ID, Status string } `json:"value"`
		}
		_ = json.Unmarshal(e.Reply, &body)
		for _, pc := range body.Value {
			switch strings.ToLower(pc.Status) {
			case "provisioning", "preparing":
				if begun[pc.ID].IsZero() {
					begun[pc.ID] = e.At
				}
			case "provisioned", "provisionedwithwarnings":
				if at := begun[pc.ID]; !at.IsZero() && !done[pc.ID] {
					done[pc.ID] = true
					took = append(took, e.At.Sub(at))
					seen = append(seen, e)
				}
			}
		}
	}
	return took, seen
}

// askMemberLag measures from the writing of a membership to the first reading that has it.
func askMemberLag(rec *Recording) finding {
	type write struct {
		group, user string
		at          exchange
	}
	var open []write
	var worst time.Duration
	var seen []exchange
	for _, e := range rec.graph {
		group, rest, _ := strings.Cut(strings.TrimPrefix(e.path[strings.LastIndex(e.path, "/groups/")+1:], "groups/"), "/")
		switch {
		case !strings.Contains(e.path, "/groups/") || !e.ok():
		case e.Method == "POST" && rest == "members/$ref", e.Method == "PATCH" && rest == "":
			var body struct {
				ID  string   `json:"@odata.id"`
				All []string `json:"members@odata.bind"`
			}
			_ = json.Unmarshal(e.Body, &body)
			for _, ref := range append(body.All, body.ID) {
				open = append(open, write{group, strings.ToLower(ref[strings.LastIndexByte(ref, '/')+1:]), e})
			}
		case e.Method == "GET" && rest == "members":
			low := strings.ToLower(string(e.Reply))
			open = slices.DeleteFunc(open, func(w write) bool {
				if w.group != group || w.user == "" || !strings.Contains(low, w.user) {
					return false
				}
				worst = max(worst, e.At.Sub(w.at.At))
				seen = append(seen, e)
				return true
			})
		}
	}
	if len(seen) == 0 {
		return finding{}
	}
	worst = worst.Round(time.Second)
	return finding{"at most " + worst.String() + ", as far as the reading tells", worst.String(), seen}
}

func askLimits(rec *Recording) finding {
	var seen []exchange
	for _, e := range rec.graph {
		if e.Answered["x-ms-throttle-scope"]+e.Answered["x-ms-throttle-information"] != "" {
			seen = append(seen, e)
		}
	}
	return finding{counted(seen, func(e exchange) string {
		return strings.TrimSpace(e.Answered["x-ms-throttle-information"] + " " + e.Answered["x-ms-throttle-scope"])
	}), nil, seen}
}
