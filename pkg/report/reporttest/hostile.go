package reporttest

import (
	"strings"

	"wave365/pkg/migration"
	"wave365/pkg/summary"
	"wave365/pkg/wave"
)

// Nasty returns texts that try to break out of where they are put: markup, quotes, formulas, text direction, emoji,
// control characters, and length.
func Nasty() []string {
	return []string{
		`<script>alert("1")</script>`,
		`"><img src=x onerror=alert(2)>`,
		`</style><style>*{display:none}</style>`,
		`=HYPERLINK("http://evil.example";"click")`,
		"+cmd|' /C calc'!A0", "-2+3", "@SUM(1+9)", "\t=1+1", "\r=1+1",
		"\u202Egpj.exe\u202C", "\u2067שלום\u2069 عالم \u200f!", "👩\u200d💻🏴\U000e0067\U000e0062\U000e007f ﷽",
		"a,b;c\"d'e\nnew line\r\nand another", "\x00\x07\x1b[31mred", "{{.Run}} ${x} `tick` %s",
		strings.Repeat("very long ", 1000), strings.Repeat("ﷺ", 10000), "javascript:alert(3)", "' OR 1=1 --",
		"http://x.example/?sv=2024&sig=abc", "]]>", "<!--", "\xff\xfe broken",
	}
}

// Hostile is the sample run with nasty texts in every place that a file, a tenant or a service fills.
func Hostile() summary.Record {
	a := Sample()
	texts := Nasty()
	n := 0
	next := func() string {
		n++
		return texts[n%len(texts)]
	}
	for i := range a.Rows {
		r := &a.Rows[i]
		r.Target.User, r.Target.DisplayName, r.Target.Department = next(), next(), next()
		r.Target.PolicyName, r.Target.Notes, r.Target.Disk.Name, r.Target.GroupName = next(), next(), next(), next()
		r.Facts.CloudPCName, r.Facts.Warning, r.Facts.Proof, r.Facts.SnapshotID = next(), next(), next(), next()
		r.Note = next()
		if r.Problem != nil {
			p := *r.Problem
			p.Message, p.Hint, p.Code, p.ServiceCode, p.RequestID = next(), next(), next(), next(), next()
			r.Problem = &p
		}
		input := make([]string, len(r.Input))
		for j := range input {
			input[j] = next()
		}
		r.Input = input
	}
	for i := range a.Events {
		a.Events[i].Note = next()
	}
	for i := range a.Intents {
		o := *a.Intents[i].Outcome
		o.Detail, o.RemoteID, o.RequestID = next(), next(), next()
		a.Intents[i].Outcome, a.Intents[i].Subject, a.Intents[i].ClientRequestID = &o, next(), next()
	}
	for i := range a.Findings {
		a.Findings[i].Value, a.Findings[i].Message, a.Findings[i].Hint, a.Findings[i].User = next(), next(), next(), next()
		a.Findings[i].Code = next()
	}
	a.Findings = append(a.Findings, wave.Finding{Severity: wave.Info, Code: next(), Column: next(), Message: next()})
	a.Run.TenantName, a.Run.Operator, a.Run.WavePath = next(), next(), next()
	a.Run.Settings = migration.Settings{StorageAccountID: next(), ImportSource: next(), Trigger: migration.Trigger(next()),
		Notify: migration.Notify{On: true, Via: next(), From: next(), SMTP: next(), Language: next(), Templates: next(), Operator: next()}}
	a.Events = append(a.Events, migration.Event{Run: a.Run.ID, Row: migration.WaveRow, At: a.At, Reason: migration.RunThrottled, Note: next()})
	return a
}
