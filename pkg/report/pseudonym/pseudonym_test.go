package pseudonym_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/audit"
	"wave365/pkg/migration"
	"wave365/pkg/report"
	"wave365/pkg/report/pseudonym"
	"wave365/pkg/report/reporttest"
	"wave365/pkg/summary"
)

func key() []byte { return []byte("a key") }

// evening returns the sample with an audit, and with names in unexpected places.
func evening(t *testing.T) summary.Record {
	t.Helper()
	a := reporttest.Sample()
	a.Run.WavePath, a.Run.ReportDir = "/home/megan/waves/friday.csv", "/home/megan/reports"
	a.Rows[0].Note = "ADELE VANCE (adele.vance@contoso.example) answered from dc01.corp.contoso.example, 10.4.7.12"
	a.Rows[1].Facts.Proof = "see https://intranet.contoso.example:8443/tickets?u=alex.wilber and \\Users\\alexw\\Desktop"
	a.Rows[3].Facts.Warning = "Björn asked; BJORN.ÅKESSON did not; mail to chief@other.example"
	prev := strings.Repeat("0", 64)
	for i, e := range a.Events {
		body, err := json.Marshal(map[string]any{
			"note": e.Note + " for Debra Berger", "target": a.Rows[6].Target, "input": a.Rows[6].Input, "host": "LAPTOP-4711", "n": 12345678901234567,
		})
		if err != nil {
			t.Fatal(err)
		}
		entry := audit.Entry{Seq: int64(i + 1), At: e.At, Kind: "event", Run: e.Run, Row: e.Row, Body: body, Prev: prev}
		entry.Hash = entry.Sum()
		prev = entry.Hash
		line, err := json.Marshal(entry)
		if err != nil {
			t.Fatal(err)
		}
		a.Audit = append(a.Audit, line)
	}
	return a
}

func folder(t *testing.T, a summary.Record) map[string]string {
	t.Helper()
	dir := t.TempDir()
	if err := report.Write(dir, a); err != nil {
		t.Fatal(err)
	}
	if err := report.Verify(dir); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(b)
	}
	return out
}

// TestRecord_nobodyIsNamed looks for names of people and things in every file of the folder.
func TestRecord_nobodyIsNamed(t *testing.T) {
	t.Parallel()
	a := evening(t)
	secrets := []string{
		a.Run.Tenant, a.Run.WaveHash, "contosowave", "contoso.example", "LAPTOP-4711", "10.4.7.12", "megan", "chief@", "other.example",
		"alexw", "corp.contoso", "intranet", "on leave until Monday", "CHG0030211", "CAD workstation",
	}
	for _, r := range a.Rows {
		t := r.Target
		secrets = append(secrets, t.User, t.UPN, t.UserID, t.DisplayName, t.Disk.Name, strings.Split(t.UPN, "@")[0], strings.Fields(t.DisplayName)[0],
			r.Facts.CloudPCID, r.Facts.CloudPCName)
	}
	for name, text := range folder(t, pseudonym.Record(a, key())) {
		low := strings.ToLower(text)
		for _, s := range secrets {
			if s != "" && holdsWord(low, strings.ToLower(s)) {
				t.Errorf("%s holds %q", name, s)
			}
		}
		if name == report.FilePage && !strings.Contains(text, "Copy for outside") {
			t.Error("the page does not say what it is")
		}
	}
}

// holdsWord looks for a name as a whole word: "Lee" is in "fleet".
func holdsWord(text, name string) bool {
	letter := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	for i := 0; ; {
		n := strings.Index(text[i:], name)
		if n < 0 {
			return false
		}
		i += n
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[i+len(name):])
		if !letter(before) && !letter(after) {
			return true
		}
		i += len(name)
	}
}

// TestRecord_stable: the same person has the same pseudonym everywhere, and what names nobody is kept.
func TestRecord_stable(t *testing.T) {
	t.Parallel()
	a := evening(t)
	before, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	one, two := pseudonym.Record(a, key()), pseudonym.Record(a, key())
	one.Zone, two.Zone = nil, nil
	if diff := cmp.Diff(one, two); diff != "" {
		t.Error(diff)
	}
	if after, _ := json.Marshal(a); string(after) != string(before) {
		t.Error("the account itself was changed")
	}
	other := pseudonym.Record(a, []byte("another key"))
	if one.Rows[0].Target.User == other.Rows[0].Target.User {
		t.Error("the pseudonym does not depend on the key")
	}
	r := one.Rows[0]
	user, _, _ := strings.Cut(r.Target.User, "@")
	if !strings.HasPrefix(user, "person-") || r.Target.UPN != r.Target.User || r.Input[0] != r.Target.User ||
		!strings.HasSuffix(r.Target.DisplayName, user[len("person-"):]) || !strings.Contains(r.Note, r.Target.User) {
		t.Errorf("one person has several pseudonyms: %+v", r)
	}
	if one.Rows[17].Target.UPN != one.Rows[18].Target.UPN || one.Rows[0].Target.UPN == one.Rows[1].Target.UPN {
		t.Error("the pseudonyms do not tell people apart as their addresses do")
	}
	for i := range a.Rows {
		w, g := a.Rows[i], one.Rows[i]
		if g.State != w.State || g.Target.PolicyName != w.Target.PolicyName || g.Target.Department != w.Target.Department ||
			g.Facts.SnapshotID != w.Facts.SnapshotID || !g.FinishedAt.Equal(w.FinishedAt) {
			t.Errorf("row %d lost what names nobody: %+v", i, g)
		}
	}
	if got, want := summary.Verdict(one), summary.Verdict(a); got != want {
		t.Errorf("the verdict reads %q, want %q", got, want)
	}
	if one.Rows[1].Input[1] == a.Rows[1].Input[1] || one.Rows[2].Input[5] != pseudonym.Withheld || one.Rows[1].Input[5] != "" || one.Rows[1].Input[6] != pseudonym.Withheld {
		t.Errorf("cells: %q", one.Rows[1].Input)
	}
}

func TestRecord_hostile(t *testing.T) {
	t.Parallel()
	a := reporttest.Hostile()
	a.Rows[0].Target.DisplayName, a.Rows[0].Note = "İİİ \xff Ⱥⱥ", "a İİİ \xff Ⱥⱥ z"
	got := pseudonym.Record(a, key())
	if strings.Contains(got.Rows[0].Note, "İİİ") {
		t.Errorf("the name is left in %q", got.Rows[0].Note)
	}
	folder(t, got)
}

func TestRecord_words(t *testing.T) {
	t.Parallel()
	a := summary.Record{Run: migration.Run{ID: "r", Operator: `CORP\will`, GraphRoot: "https://graph.microsoft.com", BlobRoot: "http://127.0.0.1:9"}}
	a.Rows = []migration.Row{
		{Target: migration.Target{User: "mark@x.example", UPN: "mark@x.example", DisplayName: "Mark Lee"}},
		{Index: 1, Target: migration.Target{User: "marko@x.example", UPN: "marko@x.example", DisplayName: "Marko Lichtenberg"}},
	}
	for in, want := range map[string]string{
		"":                                       "",
		"the mark of the fleet":                  "the person-1 of the fleet",
		"MARK@X.EXAMPLE, marko@x.example":        "person-1@redacted.example, person-2@redacted.example",
		"Mark and Marko":                         "person-1 and person-2",
		"Lichtenberg's notebook, a lichtenberg":  "person-2's notebook, a lichtenberg",
		"x.example":                              "host-1.redacted.example",
		"https://graph.microsoft.com/v1.0":       "https://graph.microsoft.com/v1.0",
		"https://learn.microsoft.com, see 1.2.3": "https://learn.microsoft.com, see 1.2.3",
		"will it run":                            "person-3@redacted.example it run",
	} {
		a.Rows[0].Note = in
		got := pseudonym.Record(a, key())
		tags := strings.NewReplacer(
			got.Rows[0].Target.User[len("person-"):len("person-")+8], "1", got.Rows[1].Target.User[len("person-"):len("person-")+8], "2",
			got.Run.Operator[len("person-"):len("person-")+8], "3")
		text := regexp.MustCompile(`host-[0-9a-f]{8}`).ReplaceAllString(tags.Replace(got.Rows[0].Note), "host-1")
		if diff := cmp.Diff(want, strings.Replace(text, "Person", "person", -1)); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
}

func BenchmarkRecord10000(b *testing.B) {
	a := reporttest.Large(10000)
	for b.Loop() {
		pseudonym.Record(a, key())
	}
}
