package notify

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/migration"
	"wave365/pkg/notify/template"
	"wave365/pkg/summary/wording"
)

//go:embed templates
var builtIn embed.FS

// Languages returns the built-in sets of templates.
func Languages() []string { return []string{"en", "de"} }

// Set is one set of templates: for each event a text whose first line is the subject, and one page into which its
// paragraphs are put for the HTML form. An event may have an HTML form of its own.
type Set struct {
	text map[Event]*template.Template
	html map[Event]*template.Template
	page *template.Template
}

// fields returns what templates may use, with empty values. All of it is for people; none contains a secret.
func fields() template.Values {
	return template.Values{
		// Name is the person's display name, else the user name; for the operator it is the operator's name.
		"Name": "", "User": "", "Department": "", "Policy": "", "CloudPC": "",
		// Reason is why a migration failed or was postponed, or the run halted; Next is the command to type, for the
		// operator only.
		"Reason": "", "Next": "",
		// At is when it happened, in the operator's time zone. Rehearsal: no user was migrated.
		"Wave": "", "Run": "", "Tenant": "", "At": "", "Rehearsal": false,
		// These count people, for the operator only.
		"Total": 0, "Done": 0, "Failed": 0, "Open": 0,
	}
}

// page returns what page.html may use: a message as text, and its fields.
func page(e Event, subject string, paragraphs []string, data template.Values) template.Values {
	return template.Values{"Event": string(e), "Subject": subject, "Paragraphs": paragraphs, "Data": data}
}

// Templates reads a set: a built-in language, or a folder, in which events that have no file use the language. The folder
// contains EVENT.txt, EVENT.html and page.html. The fault is Invalid and names file and line; a set that was read can
// write every message.
func Templates(language string, folder fs.FS) (*Set, error) {
	own, err := fs.Sub(builtIn, "templates/"+language)
	if err != nil {
		return nil, err
	}
	if _, err := fs.Stat(own, "page.html"); err != nil {
		return nil, fault.New(fault.Invalid, "notify.language", "there is no set of templates in "+language, "use "+strings.Join(Languages(), " or ")+", or a folder of your own")
	}
	if err := unknown(folder); err != nil {
		return nil, err
	}
	s, r := &Set{text: map[Event]*template.Template{}, html: map[Event]*template.Template{}}, reader{folder, own}
	for _, e := range Events() {
		if s.text[e], err = r.read(string(e)+".txt", template.Text, fields()); err != nil {
			return nil, err
		}
		if s.html[e], err = r.read(string(e)+".html", template.HTML, fields()); err != nil {
			return nil, err
		}
	}
	s.page, err = r.read("page.html", template.HTML, page("", "", nil, fields()))
	return s, err
}

// unknown refuses a folder with a text or page that belongs to no message: most likely its name is misspelled, and people would
// get the built-in text.
func unknown(folder fs.FS) error {
	if folder == nil {
		return nil
	}
	known := []string{"page.html"}
	for _, e := range Events() {
		known = append(known, string(e)+".txt", string(e)+".html")
	}
	found, err := fs.ReadDir(folder, ".")
	if err != nil {
		return fault.Wrap(fault.Invalid, "notify.template", "the folder of the templates cannot be read: "+err.Error(), "check the folder of the templates", err)
	}
	for _, f := range found {
		lower := strings.ToLower(f.Name())
		if ext := path.Ext(lower); f.IsDir() || ext != ".txt" && ext != ".html" || slices.Contains(known, f.Name()) {
			continue
		}
		if _, err := fs.Stat(folder, lower); err == nil && slices.Contains(known, lower) {
			continue // a file system on which they are one name
		}
		return fault.New(fault.Invalid, "notify.template", "no message is written from the template "+f.Name(),
			"rename it to one of "+strings.Join(known, ", ")+", or move it out of the folder")
	}
	return nil
}

// reader reads files from the first folder that has them; a nil folder has none.
type reader []fs.FS

// read reads one template; nil when no folder has it.
func (r reader) read(name string, form template.Form, shape template.Values) (*template.Template, error) {
	for _, from := range r {
		if from == nil {
			continue
		}
		data, err := fs.ReadFile(from, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "notify.template", "the template "+name+" cannot be read: "+err.Error(), "check the folder of the templates", err)
		}
		text, line := decode(data)
		if line > 0 {
			return nil, fault.New(fault.Invalid, "notify.template", fmt.Sprintf("the template %s:%d: it is not UTF-8", name, line), "save it with the encoding UTF-8")
		}
		if form == template.Text && !strings.HasPrefix(text, "Subject: ") {
			return nil, fault.New(fault.Invalid, "notify.template", "the template "+name+":1: its first line is not a \"Subject: …\" line", "begin it with the subject of the mail, as in \"Subject: Your Cloud PC is ready\"")
		}
		t, err := template.Parse(name, text, form, shape)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "notify.template", "the template "+err.Error(), "correct the line; a template may hold "+template.Supported, err)
		}
		return t, nil
	}
	return nil, nil
}

// decode returns a template in any of the forms that editors and shells save: UTF-8 or, with its byte order mark, UTF-16. A line
// above 0 is the first that is neither.
func decode(data []byte) (text string, line int) {
	text, _, _ = transform.String(unicode.BOMOverride(transform.Nop), string(data)) // its decoders produce U+FFFD, and never fail
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if i := strings.IndexFunc(text, func(r rune) bool { return r == utf8.RuneError || r == 0 }); i >= 0 {
		return "", 1 + strings.Count(text[:i], "\n")
	}
	return text, 0
}

// rendered is a message's text in its forms.
type rendered struct{ subject, text, html string }

func (s *Set) render(e Event, data template.Values) rendered {
	head, body, _ := strings.Cut(s.text[e].Execute(data), "\n")
	out := rendered{subject: strings.Join(strings.Fields(strings.TrimPrefix(head, "Subject: ")), " "), text: strings.TrimSpace(collapse(body)) + "\n"}
	if own := s.html[e]; own != nil {
		out.html = own.Execute(data)
		return out
	}
	out.html = s.page.Execute(page(e, out.subject, strings.Split(strings.TrimSpace(out.text), "\n\n"), data))
	return out
}

// collapse replaces several empty lines with one: conditions in a template leave some.
func collapse(s string) string {
	for strings.Contains(s, "\n\n\n") {
		s = strings.ReplaceAll(s, "\n\n\n", "\n\n")
	}
	return s
}

// about returns the fields about a run.
func about(run migration.Run, at time.Time) template.Values {
	d := fields()
	d["Wave"], d["Run"], d["Tenant"], d["Rehearsal"], d["At"] = run.Wave, run.ID, run.TenantName, run.Sandbox != "", clocks.Moment(at)
	return d
}

// ForRow returns the message about a row. Its address may be empty; then it cannot be sent by mail.
func (s *Set) ForRow(run migration.Run, r migration.Row, e Event, at time.Time) Message {
	t, d := r.Target, about(run, at)
	user, policy := wording.OneLine(t.User), wording.OneLine(t.PolicyName)
	d["Name"], d["User"], d["Policy"] = wording.OneLine(cmp.Or(t.DisplayName, t.User)), user, policy
	d["Department"], d["CloudPC"] = wording.OneLine(t.Department), wording.OneLine(r.Facts.CloudPCName)
	if r.Problem != nil && (e == Failed || e == Postponed) {
		d["Reason"] = wording.OneLine(r.Problem.Message)
	}
	out := s.render(e, d)
	return Message{Event: e, Row: r.Index, Line: t.Line, Attempt: r.Attempt, UserID: t.UserID, User: t.User, To: Address(r), Subject: out.subject, Text: out.text, HTML: out.html,
		Facts: []Fact{{"User", user}, {"Policy", policy}, {"Wave", run.Wave}, {"Run", run.ID}}}
}

// ForOperator returns the message about the run as a whole. stage distinguishes one such message from the next: how many
// processes drove the run before this one.
func (s *Set) ForOperator(run migration.Run, c migration.Counts, e Event, reason, next string, stage int, to string, at time.Time) Message {
	d, done, failed := about(run, at), c.Succeeded+c.Warned, c.Failed+c.Held
	d["Name"], d["Reason"], d["Next"] = run.Operator, wording.OneLine(reason), next
	d["Total"], d["Done"], d["Failed"], d["Open"] = c.Total, done, failed, c.Open()
	out := s.render(e, d)
	return Message{Event: e, Row: migration.WaveRow, Attempt: stage, To: to, Subject: out.subject, Text: out.text, HTML: out.html,
		Facts: []Fact{{"Wave", run.Wave}, {"Run", run.ID}, {"Succeeded", fmt.Sprintf("%d of %d", done, c.Total)}, {"Failed or held", strconv.Itoa(failed)}}}
}
