package progress_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault/clocks"
	"wave365/pkg/migration"
	"wave365/pkg/progress"
)

var cet = time.FixedZone("CET", 3600)

// evening plays the same short story for any view.
func evening(s *story, v progress.View) {
	s.rows[3] = migration.Skip(s.rows[3], migration.Problem{Code: "vhd.dynamic", Message: "a dynamic disk"}, s.at).To()
	s.start(v, 2)
	s.importing(0)
	s.pass(time.Minute)
	v.Polled(progress.Poll{Rows: []int{0}, Next: s.at.Add(time.Minute)})
	s.apply(0, migration.Park(s.rows[0], s.rows[0].Facts, s.at.Add(time.Minute), "still importing", s.at))
	v.Row(s.rows[0])
	old := s.rows[0]
	v.Status("throttled until 18:02")
	v.Status("throttled until 18:02")
	s.pass(time.Minute)
	s.apply(0, migration.Again(s.rows[0], s.rows[0].Facts, migration.Problem{Code: "graph.busy", Message: "the service\nis \x1b[31mbusy"}, s.at.Add(time.Minute), s.at))
	v.Row(old)
	v.Status("")
	s.pass(8 * time.Minute)
	s.provisioning(0)
	s.pass(20 * time.Minute)
	s.succeed(0, "a check did not pass")
	s.claim(1)
	s.fail(1, "the policy is gone")
	s.apply(2, migration.Claim(s.rows[2], s.at))
	s.apply(2, migration.Interrupt(s.rows[2], "stopped before this step was done", s.at))
	v.Done()
}

func TestPlain(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := newStory(4)
	evening(s, progress.New(progress.Options{Out: &out, Color: true, Now: func() time.Time { return s.now().In(cet) }}))
	want := `2026-11-06T18:00:00Z run friday-1: wave friday, 4 rows, 0 done, 1 skipped, tenant Contoso (sandbox), 2 slots
2026-11-06T18:00:00Z user00@contoso.example check running
2026-11-06T18:00:00Z user00@contoso.example import running
2026-11-06T18:00:00Z user00@contoso.example import-wait waiting until 2026-11-06T18:01:00Z
2026-11-06T18:01:00Z status: throttled until 18:02
2026-11-06T18:02:00Z user00@contoso.example import-wait waiting before try 2 until 2026-11-06T18:03:00Z: graph.busy: the service is [U+001B][31mbusy
2026-11-06T18:02:00Z status: clear
2026-11-06T18:10:00Z user00@contoso.example cutover running
2026-11-06T18:10:00Z user00@contoso.example provision-wait waiting until 2026-11-06T18:11:00Z
2026-11-06T18:30:00Z user00@contoso.example prove running
2026-11-06T18:30:00Z user00@contoso.example prove warned (2/4) after 30m00s: a check did not pass
2026-11-06T18:30:00Z user01@contoso.example check running
2026-11-06T18:30:00Z user01@contoso.example check failed (3/4): import.failed: the policy is gone
2026-11-06T18:30:00Z user02@contoso.example check running
2026-11-06T18:30:00Z user02@contoso.example check pending: stopped before this step was done
2026-11-06T18:30:00Z 3 of 4 rows done: 0 succeeded, 1 warned, 1 failed, 1 queued, 1 skipped
`
	want = regexp.MustCompile(`(?m)(^|until )(\S+Z)`).ReplaceAllStringFunc(want, func(s string) string { // in the zone of the people
		lead, until := strings.CutPrefix(s, "until ")
		at, err := time.Parse(time.RFC3339, lead)
		if err != nil {
			t.Fatal(err)
		}
		if until {
			return "until " + clocks.OfDay(at.In(cet), at)
		}
		return clocks.Second(at.In(cet))
	})
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if i := strings.IndexFunc(out.String(), func(r rune) bool { return r < ' ' && r != '\n' }); i >= 0 {
		t.Errorf("control character in %q", out.String()[max(0, i-20):i+1])
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := newStory(4)
	evening(s, progress.NewJSON(&out, s.now))
	var got []map[string]any
	types := map[string]int{}
	for l := range strings.Lines(out.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(l), &m); err != nil {
			t.Fatalf("%v in %q", err, l)
		}
		kind, _ := m["message_type"].(string)
		types[kind]++
		when, _ := m["time"].(string)
		if at, err := time.Parse(time.RFC3339, when); err != nil || at.Location() != time.UTC {
			t.Errorf("time %q is not RFC 3339 in UTC", when)
		}
		got = append(got, m)
	}
	wantTypes := map[string]int{"start": 1, "row": 14, "poll": 1, "status": 2, "done": 1}
	if diff := cmp.Diff(wantTypes, types); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
	counts := func(total, queued, warned, failed, skipped float64) map[string]any {
		return map[string]any{"total": total, "queued": queued, "active": 0.0, "waiting": 0.0, "succeeded": 0.0, "warned": warned,
			"failed": failed, "held": 0.0, "deferred": 0.0, "skipped": skipped, "cancelled": 0.0}
	}
	want := map[string]map[string]any{
		"start": {"message_type": "start", "time": "2026-11-06T18:00:00Z", "schema": "wave365/progress/v1", "run": "friday-1",
			"wave": "friday", "tenant": "t-1", "cloud": "sandbox", "slots": 2.0, "counts": counts(4, 3, 0, 0, 1)},
		"poll":   {"message_type": "poll", "time": "2026-11-06T18:01:00Z", "rows": []any{0.0}, "next": "2026-11-06T18:02:00Z"},
		"status": {"message_type": "status", "time": "2026-11-06T18:02:00Z", "text": ""},
		"row": {"message_type": "row", "time": "2026-11-06T18:30:00Z", "row": 1.0, "line": 3.0, "user": "user01@contoso.example",
			"state": "failed", "step": "check", "reason": "failed", "note": "the policy is gone", "attempt": 1.0,
			"problem": map[string]any{"code": "import.failed", "message": "the policy is gone"}, "done": 3.0, "total": 4.0},
		"done": {"message_type": "done", "time": "2026-11-06T18:30:00Z", "counts": counts(4, 1, 1, 1, 1)},
	}
	last := map[string]map[string]any{}
	for _, m := range got {
		if kind := m["message_type"].(string); kind != "row" || m["state"] == "failed" {
			last[kind] = m
		}
	}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Errorf("last message of each type (-want +got):\n%s", diff)
	}
}
