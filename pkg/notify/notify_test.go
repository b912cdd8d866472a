package notify_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"
	"unicode/utf16"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/notify"
	"wave365/pkg/sandbox/sandboxtest"
)

var evening = time.Date(2026, 11, 20, 21, 30, 0, 0, time.UTC)

func row(s migration.State) migration.Row {
	return migration.Row{Index: 3, Attempt: 1, State: s, Target: migration.Target{User: "anna@contoso.example", UPN: "anna@contoso.example", DisplayName: `Anna <b>"Berg"</b>`, PolicyName: "P"},
		Facts: migration.Facts{CloudPCName: "CPC-anna"}}
}

func TestEventOf(t *testing.T) {
	t.Parallel()
	begun := row(migration.Waiting)
	begun.StartedAt = evening
	for want, r := range map[notify.Event]migration.Row{
		notify.Scheduled: row(migration.Pending), notify.Started: begun, notify.Ready: row(migration.Succeeded),
		notify.Failed: row(migration.Failed), notify.Postponed: row(migration.Deferred), "": row(migration.Skipped),
	} {
		if got := notify.EventOf(r); got != want {
			t.Errorf("%s: %q, want %q", r.State, got, want)
		}
	}
	if got := notify.EventOf(row(migration.Held)); got != "" {
		t.Errorf("held: %q", got)
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for want, tg := range map[string]migration.Target{
		"n@x.example": {Carried: migration.Carried{Notify: " n@x.example "}, UPN: "u@x.example"}, "u@x.example": {Carried: migration.Carried{Notify: "nobody"}, UPN: "u@x.example"},
		"": {User: "11111111-2222-3333-4444-555555555555"}, "v@x.example": {Carried: migration.Carried{Notify: "a@x.example\nBcc: b@x.example"}, User: "v@x.example"},
	} {
		if got := notify.Address(migration.Row{Target: tg}); got != want {
			t.Errorf("%+v: %q, want %q", tg, got, want)
		}
	}
}

// TestTemplates: every event in every language has a subject, a text and a page, and a name cannot become markup or a
// second header.
func TestTemplates(t *testing.T) {
	t.Parallel()
	for _, language := range notify.Languages() {
		set, err := notify.Templates(language, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range notify.UserEvents() {
			m := set.ForRow(migration.Run{ID: "r1", Wave: "friday", TenantName: "Contoso\r\nBcc: x"}, row(migration.Succeeded), e, evening)
			if m.Subject == "" || strings.ContainsAny(m.Subject, "\r\n") || strings.Contains(m.HTML, "<b>") || !strings.Contains(m.HTML, "prefers-color-scheme: dark") ||
				!strings.Contains(m.Text, `Anna <b>"Berg"</b>`) || strings.Contains(m.Text, "{{") || strings.Contains(m.HTML, "http-equiv") {
				t.Errorf("%s %s: %+v", language, e, m)
			}
		}
		m := set.ForOperator(migration.Run{ID: "r1", Wave: "friday", Sandbox: "x"}, migration.Counts{Total: 5, Succeeded: 3, Warned: 1, Held: 1}, notify.Ended, "why", "wave365 close r1", 1, "op@x.example", evening)
		if !strings.Contains(m.Subject, "4") || !strings.Contains(m.Text, "wave365 close r1") {
			t.Errorf("%s: %+v", language, m)
		}
	}
	if _, err := notify.Templates("xx", nil); fault.CodeOf(err) != "notify.language" {
		t.Errorf("%v", err)
	}
}

func TestOwnTemplates(t *testing.T) {
	t.Parallel()
	own := fstest.MapFS{"ready.txt": {Data: []byte("Subject: Hoi {{.Name}}\r\n\r\nAlles da.\r\n")}, "ready.html": {Data: []byte("<i>{{.Name}}</i>")}}
	set, err := notify.Templates("de", own)
	if err != nil {
		t.Fatal(err)
	}
	m := set.ForRow(migration.Run{}, row(migration.Succeeded), notify.Ready, evening)
	if m.Subject != `Hoi Anna <b>"Berg"</b>` || m.Text != "Alles da.\n" || !strings.HasPrefix(m.HTML, "<i>Anna &lt;b&gt;") {
		t.Errorf("%+v", m)
	}
	if m = set.ForRow(migration.Run{}, row(migration.Failed), notify.Failed, evening); !strings.Contains(m.Text, "Guten Tag") {
		t.Errorf("the language's own: %+v", m)
	}
	for _, bad := range []struct{ file, text, want string }{
		{"ready.txt", "hello", "ready.txt:1: its first line"}, {"ready.txt", "Subject: {{.Name\n", "ready.txt:2: unclosed action"}, {"failed.txt", "Subject: a\n\n{{if .Reason}}{{.Nobody}}{{end}}\n", "failed.txt:3:16: there is no field Nobody"},
		{"ended.html", "<p>\n<a onclick=\"{{.Name}}\">", "ended.html:2:14: "}, {"page.html", "{{.Name}}", "page.html:1:2: there is no field Name; there are Data, Event, Paragraphs, Subject"},
	} {
		if _, err := notify.Templates("en", fstest.MapFS{bad.file: {Data: []byte(bad.text)}}); fault.CodeOf(err) != "notify.template" || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%s: %v", bad.want, err)
		}
	}
}

// A template with a misspelled name is not ignored: people would get the built-in text.
func TestOwnTemplates_names(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"raedy.txt": "raedy.txt", "READY.TXT": "READY.TXT", "Page.html": "Page.html", "ready.txt": "", "page.html": "", "notes.md": "", "logo.png": ""} {
		_, err := notify.Templates("en", fstest.MapFS{name: {Data: []byte("Subject: Ready\n\nHello")}})
		if want == "" && err != nil || want != "" && (fault.CodeOf(err) != "notify.template" || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// TestOwnTemplates_encodings: Windows saves text with a byte order mark or as UTF-16; text in a code page would be garbled.
func TestOwnTemplates_encodings(t *testing.T) {
	t.Parallel()
	const text, page = "Subject: Grüezi {{.User}}\r\n\r\nAlles läuft.\r\n", "<p>Grüezi {{.User}}</p>\r\n"
	inUTF16 := func(s string, order binary.AppendByteOrder) string {
		b := order.AppendUint16(nil, 0xFEFF)
		for _, u := range utf16.Encode([]rune(s)) {
			b = order.AppendUint16(b, u)
		}
		return string(b)
	}
	for _, write := range []func(string) string{
		func(s string) string { return s }, func(s string) string { return "\ufeff" + s },
		func(s string) string { return inUTF16(s, binary.LittleEndian) }, func(s string) string { return inUTF16(s, binary.BigEndian) },
	} {
		set, err := notify.Templates("en", fstest.MapFS{"ready.txt": {Data: []byte(write(text))}, "ready.html": {Data: []byte(write(page))}})
		if err != nil {
			t.Errorf("%q: %v", write("S"), err)
			continue
		}
		m := set.ForRow(migration.Run{}, row(migration.Succeeded), notify.Ready, evening)
		if m.Subject != "Grüezi anna@contoso.example" || m.Text != "Alles läuft.\n" || m.HTML != "<p>Grüezi anna@contoso.example</p>\n" {
			t.Errorf("%q: %+v", write("S"), m)
		}
	}
	for _, bad := range []string{"Subject: a\n\nGr\xfcezi", "\ufeffSubject: a\n\nGr\xfcezi", "Subject: a\n\nG\x00r\x00"} {
		if _, err := notify.Templates("en", fstest.MapFS{"ready.txt": {Data: []byte(bad)}}); fault.CodeOf(err) != "notify.template" || !strings.Contains(err.Error(), "ready.txt:3: it is not UTF-8") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// journal refuses a key that was recorded before, as the ledger does.
type journal struct {
	writes []migration.Write
	broken bool
	lost   bool // the lock
}

func (j *journal) Holds(context.Context) error {
	if j.lost {
		return fault.New(fault.Conflict, "ledger.lock-lost", "taken away", "")
	}
	return nil
}

func (j *journal) IntendWrite(_ context.Context, w migration.Write) (migration.Write, error) {
	if j.broken {
		return w, fault.New(fault.Unavailable, "ledger.disk", "full", "")
	}
	for _, p := range j.writes {
		if p.Once == w.Once && (p.Outcome == nil || p.Outcome.Status != migration.OutcomeRefused) {
			return w, fault.New(fault.Conflict, "ledger.once", "before", "")
		}
	}
	w.ID = int64(len(j.writes))
	j.writes = append(j.writes, w)
	return w, nil
}

func (j *journal) ConcludeWrite(_ context.Context, w migration.Write, out migration.Outcome) error {
	j.writes[w.ID].Outcome = &out
	return nil
}

// channel counts its messages, and answers in turn.
type channel struct {
	sent    int
	answers []error
}

func (c *channel) Name() string { return "test" }

func (c *channel) Send(context.Context, notify.Message) error {
	c.sent++
	if len(c.answers) == 0 {
		return nil
	}
	err := c.answers[0]
	c.answers = c.answers[1:]
	return err
}

func sentIn(p notify.Post, j *journal, m notify.Message) bool {
	sent, _ := p.Sent(j.writes, m)
	return sent
}

func TestAtMostOnce(t *testing.T) {
	t.Parallel()
	refused, lost := fault.New(fault.Invalid, "x", "refused", ""), fault.New(fault.OutcomeUnknown, "x", "lost", "")
	for name, tc := range map[string]struct {
		answers []error
		want    []notify.Result
		sent    int
	}{
		"Sent":    {nil, []notify.Result{notify.Sent, notify.Before, notify.Before}, 1},
		"Refused": {[]error{refused}, []notify.Result{notify.NotSent, notify.Sent, notify.Before}, 2},
		"Lost":    {[]error{lost}, []notify.Result{notify.Unknown, notify.Before, notify.Before}, 1},
		"Late":    {[]error{context.DeadlineExceeded}, []notify.Result{notify.Unknown, notify.Before, notify.Before}, 1},
		"NoKind":  {[]error{errors.New("?")}, []notify.Result{notify.Unknown, notify.Before, notify.Before}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, j := &channel{answers: tc.answers}, &journal{}
			p := notify.Post{Journal: j, Channel: c, Run: "r", Command: "notify", Now: func() time.Time { return evening }}
			m := notify.Message{Event: notify.Ready, Row: 1, Attempt: 1}
			for i, want := range tc.want {
				if got, _, err := p.Send(t.Context(), m); got != want || err != nil {
					t.Errorf("try %d: %s, %v, want %s", i, got, err, want)
				}
			}
			if c.sent != tc.sent {
				t.Errorf("%d calls, want %d", c.sent, tc.sent)
			}
			if _, doubt := p.Sent(j.writes, m); doubt != (tc.want[0] == notify.Unknown) {
				t.Errorf("Sent: in doubt %v after %s", doubt, tc.want[0])
			}
			if !sentIn(p, j, m) || sentIn(p, j, notify.Message{Event: notify.Failed, Row: 1, Attempt: 1}) {
				t.Error("Sent does not know what went out")
			}
		})
	}
	c := &channel{}
	p := notify.Post{Journal: &journal{broken: true}, Channel: c, Now: time.Now}
	if _, _, err := p.Send(t.Context(), notify.Message{}); err == nil || c.sent != 0 {
		t.Errorf("a message went out that was not recorded: %v", err)
	}
}

// TestLockLost: a process that no longer holds the ledger sends nothing, and leaves it to the one that does.
func TestLockLost(t *testing.T) {
	t.Parallel()
	c, j := &channel{}, &journal{lost: true}
	p := notify.Post{Journal: j, Channel: c, Run: "r", Now: func() time.Time { return evening }}
	m := notify.Message{Event: notify.Ready, Row: 1, Attempt: 1}
	if got, _, err := p.Send(t.Context(), m); got != notify.NotSent || fault.CodeOf(err) != "ledger.lock-lost" || c.sent != 0 || sentIn(p, j, m) {
		t.Errorf("%s, %v, %d sent", got, err, c.sent)
	}
	j.lost = false
	if got, _, err := p.Send(t.Context(), m); got != notify.Sent || err != nil || c.sent != 1 {
		t.Errorf("after it was had again: %s, %v, %d sent", got, err, c.sent)
	}
}

// slow is a mailer with a queue of messages, during which the lock is lost.
type slow struct {
	notify.Mailer
	j *journal
}

func (s slow) SendMail(ctx context.Context, sender string, m graph.Mail) error {
	time.Sleep(3 * time.Second)
	s.j.lost = true
	return s.Mailer.SendMail(ctx, sender, m)
}

// TestLockLostInLine: a message that had to wait is not sent if the lock was lost meanwhile.
func TestLockLostInLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		on := sandboxtest.New(t, sandboxtest.Parse(t, "version: 1\nname: mail\ntenant: {id: 11111111-2222-3333-4444-555555555555, name: Contoso, domain: contoso.example}\nusers: [{upn: helpdesk}]\n"), nil)
		j := &journal{}
		p := notify.Post{Journal: j, Channel: notify.Graph{Mailer: slow{on.Graph, j}, From: "helpdesk@contoso.example"}, Run: "r", Now: time.Now}
		m := notify.Message{Event: notify.Ready, To: "anna@contoso.example", Subject: "s", Text: "t"}
		if got, failed, err := p.Send(t.Context(), m); got != notify.NotSent || fault.CodeOf(err) != "ledger.lock-lost" || sentIn(p, j, m) {
			t.Errorf("%s, %v, %v", got, failed, err)
		}
		for _, r := range on.Requests() {
			if strings.Contains(r.Path, "sendMail") {
				t.Errorf("sent without the lock: %+v", r)
			}
		}
		p.Channel = notify.Graph{Mailer: on.Graph, From: "helpdesk@contoso.example"}
		j.lost = false
		if got, failed, err := p.Send(t.Context(), m); got != notify.Sent || failed != nil || err != nil {
			t.Errorf("with the lock: %s, %v, %v", got, failed, err)
		}
	})
}

// TestSecondFailureIsReported: another attempt of a row may fail again, which is reported again; its start is reported
// once.
func TestSecondFailureIsReported(t *testing.T) {
	t.Parallel()
	c := &channel{}
	p := notify.Post{Journal: &journal{}, Channel: c, Run: "r", Now: func() time.Time { return evening }}
	for _, m := range []notify.Message{{Event: notify.Failed, Attempt: 1}, {Event: notify.Failed, Attempt: 2}, {Event: notify.Started, Attempt: 1}, {Event: notify.Started, Attempt: 2}} {
		if _, _, err := p.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if c.sent != 3 {
		t.Errorf("%d messages, want 3", c.sent)
	}
}

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := (notify.Folder{Dir: dir, Run: "w1"}).Write(notify.Message{Event: notify.Ready, Row: 0, Line: 2, User: "../ada:x@x.example", To: "a@x", Subject: "S", Text: "T\n", HTML: "<p>"}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "w1-0002-.._ada_x@x.example-ready.txt"))
	if err != nil || string(text) != "To: a@x\nSubject: S\n\nT\n" {
		t.Errorf("%q, %v", text, err)
	}
}
