package pilot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"wave365/pkg/fault/clocks"
	"wave365/pkg/pilot/recording"
)

func aboutService() []question {
	return []question{
		{"retry-after", "Does a 429 bring Retry-After, and in which form?", "an evening with throttling", "no_retry_after", askRetryAfter},
		{"limits", "Which limits does the service name when it throttles?", "an evening with throttling", "", askLimits},
		{"audit", "Are imports in the audit log under the request's id?", "a look at the audit log after an import (prove, close or reconcile make one)", "unaudited_imports", askAudit},
		{"purge-unknown", "How is the purge of an id that is gone answered?", "a purge of an id that is gone", "purge_unknown", func(rec *recording.Recording) finding {
			for _, e := range rec.Calls("POST", "/purgeimportedsnapshot") {
				if e.Status == 404 {
					return finding{"404 " + e.Code(), 404, []recording.Exchange{e}}
				}
			}
			return finding{}
		}},
		{"purge-busy", "How is the purge of an import in use or in progress refused?", "a purge of such an import", "purge_busy", func(rec *recording.Recording) finding {
			for _, e := range rec.Calls("POST", "/purgeimportedsnapshot") {
				if e.Status == 400 || e.Status == 409 {
					return finding{recording.Codes([]recording.Exchange{e}), e.Status, []recording.Exchange{e}}
				}
			}
			return finding{}
		}},
		{"setting-patch", "What does changing a user setting return?", "a close, which changes the settings of its wave", "patch_status", func(rec *recording.Recording) finding {
			var seen []recording.Exchange
			for _, e := range rec.Graph {
				if e.Method == "PATCH" && strings.Contains(e.Route, "/usersettings/") && e.OK() {
					seen = append(seen, e)
				}
			}
			if len(seen) == 0 {
				return finding{}
			}
			return finding{recording.Statuses(seen), seen[0].Status, seen}
		}},
		{"setting-partial", "Is a change of a user setting with some of its fields refused?", "such a change, which this tool does not send", "partial_patch", func(rec *recording.Recording) finding {
			for _, e := range rec.Graph {
				if e.Method == "PATCH" && strings.EqualFold(e.Code(), "requiredFieldsNotProvided") {
					return finding{"yes: " + recording.Codes([]recording.Exchange{e}), "refuse", []recording.Exchange{e}}
				}
			}
			return finding{}
		}},
		{"enums", "Are members of enums beyond the sentinel sent?", "a Cloud PC in such a state", "keep_unknown_enums", askEnums},
		{"page-size", "How many elements does a page have?", "a list of more than one page", "page_size", askPageSize},
		{"provision-time", "How long does provisioning take?", "a Cloud PC that is watched to its end", "", func(rec *recording.Recording) finding {
			took, seen := rec.Provisioned()
			f := spread(took, seen, "Cloud PC")
			f.value = nil
			return f
		}},
		{"provision-shortest", "How long does provisioning take at the least?", "a Cloud PC that is watched to its end", "provision_min", func(rec *recording.Recording) finding {
			took, seen := rec.Provisioned()
			return extreme(took, seen, slices.Min[[]time.Duration])
		}},
		{"provision-longest", "How long does provisioning take at the most?", "a Cloud PC that is watched to its end", "provision_max", func(rec *recording.Recording) finding {
			took, seen := rec.Provisioned()
			return extreme(took, seen, slices.Max[[]time.Duration])
		}},
		{"member-lag", "How long until a new member is seen?", "a membership that is written and read back", "membership_lag", askMemberLag},
	}
}

func askRetryAfter(rec *recording.Recording) finding {
	var with, without []recording.Exchange
	for _, e := range rec.Graph {
		switch {
		case e.Status != 429 || strings.HasSuffix(e.Route, "/importsnapshot"):
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
	text := "yes: " + recording.Counted(with, func(e recording.Exchange) string { return e.Answered["retry-after"] })
	if len(without) > 0 {
		text += fmt.Sprintf("; %d times not", len(without))
	}
	return finding{text, false, with}
}

// seconds returns the pause of a Retry-After as a duration's text; nil: it is not a valid one.
func seconds(v string, e recording.Exchange) any {
	if s, err := strconv.ParseFloat(v, 64); err == nil {
		return time.Duration(s * float64(time.Second)).String()
	}
	if t, err := time.Parse(time.RFC1123, v); err == nil {
		return t.Sub(e.At).Round(time.Second).String()
	}
	return nil
}

// askAudit looks for the request ids of accepted imports in what was read of the audit log after them.
func askAudit(rec *recording.Recording) finding {
	sent := map[string]recording.Exchange{}
	var looked []recording.Exchange
	for _, e := range rec.Graph {
		if strings.HasSuffix(e.Route, "/importsnapshot") && e.OK() {
			sent[strings.ToLower(e.Asked["client-request-id"])] = e
			continue
		}
		if !strings.HasSuffix(e.Route, "/auditevents") || !e.OK() || len(sent) == 0 {
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
				return finding{"yes, " + clocks.Long(e.At.Sub(im.At)) + " after the import at the latest", false, []recording.Exchange{im, e}}
			}
		}
	}
	if len(looked) == 0 {
		return finding{}
	}
	return finding{fmt.Sprintf("no: %d readings of the log after imports had none of their ids", len(looked)), true, looked}
}

func askEnums(rec *recording.Recording) finding {
	var hidden []recording.Exchange
	for _, e := range rec.Graph {
		if !strings.Contains(e.Route, "/virtualendpoint/") || !strings.Contains(string(e.Reply), `"unknownFutureValue"`) {
			continue
		}
		if strings.Contains(e.Asked["prefer"], "include-unknown-enum-members") {
			return finding{"they are hidden although Prefer asks for them", nil, []recording.Exchange{e}}
		}
		hidden = append(hidden, e)
	}
	if len(hidden) == 0 {
		return finding{}
	}
	return finding{"they are hidden without Prefer", false, hidden}
}

func askPageSize(rec *recording.Recording) finding {
	size := 0
	var seen []recording.Exchange
	for _, e := range rec.Graph {
		var body struct {
			Next  string            `json:"@odata.nextLink"`
			Value []json.RawMessage `json:"value"`
		}
		if strings.Contains(e.Route, "/virtualendpoint/") && json.Unmarshal(e.Reply, &body) == nil && body.Next != "" {
			size = max(size, len(body.Value))
			seen = append(seen, e)
		}
	}
	if size == 0 {
		return finding{}
	}
	return finding{fmt.Sprintf("up to %d", size), size, seen}
}

// extreme returns the shortest or the longest of these times.
func extreme(took []time.Duration, seen []recording.Exchange, of func([]time.Duration) time.Duration) finding {
	if len(took) == 0 {
		return finding{}
	}
	v := max(of(took).Round(time.Minute), time.Minute)
	return finding{clocks.Long(v), v.String(), seen}
}

// askMemberLag measures from adding a member to the first reading that includes it.
func askMemberLag(rec *recording.Recording) finding {
	type write struct {
		group, User string
		at          recording.Exchange
	}
	var open []write
	var worst time.Duration
	var seen []recording.Exchange
	for _, e := range rec.Graph {
		group, rest, _ := strings.Cut(strings.TrimPrefix(e.Route[strings.LastIndex(e.Route, "/groups/")+1:], "groups/"), "/")
		switch {
		case !strings.Contains(e.Route, "/groups/") || !e.OK():
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
				if w.group != group || w.User == "" || !strings.Contains(low, w.User) {
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
	return finding{"at most " + clocks.Long(worst) + ", as far as the reading tells", worst.String(), seen}
}

func askLimits(rec *recording.Recording) finding {
	var seen []recording.Exchange
	for _, e := range rec.Graph {
		if e.Answered["x-ms-throttle-scope"]+e.Answered["x-ms-throttle-information"] != "" {
			seen = append(seen, e)
		}
	}
	return finding{recording.Counted(seen, func(e recording.Exchange) string {
		return strings.TrimSpace(e.Answered["x-ms-throttle-information"] + " " + e.Answered["x-ms-throttle-scope"])
	}), nil, seen}
}
