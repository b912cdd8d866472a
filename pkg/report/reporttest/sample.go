package reporttest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/summary"
	"wave365/pkg/summary/wording"
	"wave365/pkg/wave"
)

// Start is when the sample run began.
func Start() time.Time { return time.Date(2026, 3, 6, 18, 30, 0, 0, time.UTC) }

// Sample is a finished run: 24 rows, both triggers, every outcome, an interruption with a resume, throttling, and one
// row that needed a second attempt.
func Sample() summary.Record { return evening(people(), Start().Add(12*time.Hour)) }

// Running is the sample run as it was 75 minutes after its start.
func Running() summary.Record { return evening(people(), Start().Add(75*time.Minute)) }

// Large is a finished run of n rows whose outcomes are distributed like those of Sample.
func Large(n int) summary.Record {
	base := people()
	all := make([]person, n)
	for i := range all {
		all[i] = base[i%len(base)]
		if i >= len(base) {
			all[i].name = fmt.Sprintf("%s %d", all[i].name, i)
			all[i].upn = fmt.Sprintf("u%05d.%s", i, all[i].upn)
		}
	}
	return evening(all, Start().Add(2000*time.Hour))
}

func evening(all []person, limit time.Time) summary.Record {
	start := Start()
	a := summary.Record{
		Run: migration.Run{
			ID: "20260306-183000-k7f3", Wave: "friday", WavePath: "waves/friday.csv",
			WaveHash: "9f2c41b07d6e8a53c1f4e2907b6d35a8e0c94f17d2b86a35f1e7c0d94b28a613",
			Columns:  []string{"User", "Blob", "Policy", "Licence", "Department", "Notes", "x_ticket"},
			Tenant:   "6babcaad-604b-40ac-a9d7-9fd97c0b779f", TenantName: "Contoso", Cloud: "global",
			GraphRoot: "https://graph.microsoft.com", BlobRoot: "https://contosowave.blob.core.windows.net",
			Slots: 6, ReportDir: "reports", Operator: "megan@contoso.example", Version: "v0.1.0",
			State: migration.RunFinished, CreatedAt: start,
			Settings: migration.Settings{
				Trigger: migration.TriggerLicense, ImportSource: "sas", SkipInvalid: true, StopBy: start.Add(5 * time.Hour),
			},
		},
		Zone: time.FixedZone("CET", 3600), ExitCode: 3,
		Forecast: summary.Forecast{From: start.Add(145 * time.Minute), To: start.Add(205 * time.Minute)},
		Shell:    wording.Shell{Run: "20260306-183000-k7f3"},
	}
	slots := make([]time.Time, 6*(1+len(all)/200))
	for i := range slots {
		slots[i] = start.Add(time.Duration(20+4*i) * time.Second)
	}
	note := func(at time.Time, why migration.Reason, text string) {
		if !at.After(limit) {
			a.Events = append(a.Events, migration.Event{Run: a.Run.ID, Row: migration.WaveRow, At: at, Reason: why, Note: text})
		}
	}
	note(start, migration.RunStarted, "20 of 24 rows are clean; 4 rows are skipped")
	note(start.Add(15*time.Second), migration.RunPrepared, "user setting “wave365 snapshot” assigned to 3 groups")
	note(start.Add(38*time.Minute), migration.RunThrottled, "graph asked for 90 s: 429 on cloudPCs")
	note(start.Add(86*time.Minute), migration.RunDrained, "Ctrl-C: no new steps; 9 rows go on in the service")
	note(start.Add(108*time.Minute), migration.RunResumed, "same operator, same host")
	note(start.Add(131*time.Minute), migration.RunThrottled, "graph asked for 30 s: 429 on $batch")
	a.Intents = append(a.Intents, migration.Intent{
		Run: a.Run.ID, Row: migration.WaveRow, Effect: migration.EffectSettingAssign, Subject: "wave365 snapshot",
		ClientRequestID: id(0xc11e, 4000, 0), At: start.Add(8 * time.Second),
		Outcome: &migration.Outcome{Status: migration.OutcomeDone, RequestID: id(0x5e7, 4000, 0), At: start.Add(9 * time.Second)},
	})
	var last time.Time
	for i, p := range all {
		w := &walk{acc: &a, row: rowOf(a.Run.ID, i, p), at: start, limit: limit}
		journey(w, p, slots)
		a.Rows = append(a.Rows, w.row)
		if w.row.FinishedAt.After(last) {
			last = w.row.FinishedAt
		}
	}
	finish(&a, last, limit, note)
	return a
}

// finish ends the run, or leaves it open if rows are open, and sorts the history as the ledger does.
func finish(a *summary.Record, last, limit time.Time, note func(time.Time, migration.Reason, string)) {
	a.At = limit
	if migration.Count(a.Rows).Open() == 0 {
		note(last, migration.RunEnded, "")
		a.Run.FinishedAt, a.At = last, last
	} else {
		a.Run.State, a.Run.FinishedAt, a.ExitCode = migration.RunActive, time.Time{}, 9
	}
	slices.SortStableFunc(a.Events, func(x, y migration.Event) int { return x.At.Compare(y.At) })
	for i := range a.Events {
		a.Events[i].ID = int64(i + 1)
	}
	for i := range a.Intents {
		a.Intents[i].ID = int64(i + 1)
	}
	a.Findings = findings(a.Rows)
}

func rowOf(run string, i int, p person) migration.Row {
	blob := fmt.Sprintf("exports/%s-os.vhd", strings.ToLower(strings.Split(p.upn, "@")[0]))
	gib := int64(p.disk) << 30
	t := migration.Target{
		Line: i + 2, User: p.upn, UserID: id(0xa5e, i, 0), UPN: strings.ToLower(p.upn), DisplayName: p.name,
		Disk: migration.Source{
			URL:       "https://contosowave.blob.core.windows.net/" + blob,
			Container: "exports", Name: strings.TrimPrefix(blob, "exports/"),
			ETag: fmt.Sprintf("0x8DD%011X", i*7919+104729), Length: gib + 512, Virtual: gib,
		},
		PolicyID: id(0x901, len(p.policy), 0), PolicyName: p.policy, GroupID: id(0x9409, len(p.policy), 0),
		GroupName: "CPC " + p.department, PlanName: "Cloud PC Enterprise", PlanGiB: 128, Carried: migration.Carried{Department: p.department},
		Trigger: migration.TriggerMembership,
	}
	if p.license != "" {
		t.Trigger, t.SKUName, t.SKUID = migration.TriggerLicense, p.license, id(0x54, len(p.license), 1)
	}
	if p.license == sku256 || p.department == "Engineering" {
		t.PlanGiB = 256
	}
	notes := ""
	switch i % 24 {
	case 2:
		notes = "CAD workstation, guest state present"
		t.GuestState = &migration.Source{URL: t.Disk.URL + ".vmgs", Container: "exports", Name: t.Disk.Name + ".vmgs", Length: 4 << 20}
	case 9:
		notes = "on leave until Monday"
	}
	t.Notes = notes
	return migration.Row{
		Run: run, Index: i, Version: 1, Target: t, State: migration.Pending, Step: migration.StepCheck,
		Reason: migration.ReasonCreated, Attempt: 1, UpdatedAt: Start(),
		Input: []string{p.upn, blob, p.policy, p.license, p.department, notes, fmt.Sprintf("CHG%07d", 30211+i)},
	}
}

func findings(rows []migration.Row) []wave.Finding {
	var out []wave.Finding
	for _, r := range rows {
		if r.State == migration.Skipped {
			p := r.Problem
			column, value := "blob", r.Target.Disk.Name
			if strings.HasPrefix(p.Code, "user.") {
				column, value = "user", r.Target.User
			}
			out = append(out, wave.Finding{
				Severity: wave.Error, Code: p.Code, Line: r.Target.Line, Column: column, User: r.Target.User,
				Value: value, Message: p.Message, Hint: p.Hint,
			})
		}
	}
	if len(rows) > 3 {
		out = append(out,
			wave.Finding{
				Severity: wave.Warning, Code: "network.stale", Column: "policy", Value: policySales,
				Message: "the network connection “weu-sales” was last checked 9 days ago",
				Hint:    "run its checks in the Intune admin center before the evening",
			},
			wave.Finding{
				Severity: wave.Warning, Code: "vhd.not-gpt", Line: 3, Column: "blob", User: rows[1].Target.User,
				Value: rows[1].Target.Disk.Name, Message: "the disk has no GPT; the service wants generation 2 disks",
				Hint: "look at how the VM was made; convert it with MBR2GPT before the export",
			})
	}
	return out
}
