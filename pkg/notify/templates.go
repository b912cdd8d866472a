package notify

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"strings"
	texttemplate "text/template"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/migration"
	"wave365/pkg/summary/wording"
)

//go:embed templates
var builtIn embed.FS

// Languages are the sets of templates that are built in.
func Languages() []string { return []string{"en", "de"} }

// Set is one set of templates: for each event a text whose first line is the subject, and one page into which its
// paragraphs are put for the HTML form. An event may bring an HTML form of its own.
type Set struct {
	text map[Event]*texttemplate.Template
	html map[Event]*htmltemplate.Template
	page *htmltemplate.Template
}

// Data is what templates may use. All fields are texts for people; none holds a secret.
type Data struct {
	// Name is the person's display name, else the user name.
	Name, User, Department string
	Policy, CloudPC        string
	// Reason says why a move failed, was postponed, or the run halts; Next what to type, for the operator only.
	Reason, Next string
	Wave, Run    string
	Tenant       string
	// At is when it happened, in the operator's zone.
	At string
	// Rehearsal: nobody was moved.
	Rehearsal bool
	// Total, Done, Failed and Open count people, for the operator only.
	Total, Done, Failed, Open int
}

// Templates reads a set: a language that is built in, or a folder of one's own, in which the events that have no file are
// taken from the language. The folder holds EVENT.txt, EVENT.html and page.html. The fault is Invalid and names the file.
func Templates(language string, folder fs.FS) (*Set, error) {
	own, err := fs.Sub(builtIn, "templates/"+language)
	if err != nil {
		return nil, err
	}
	if _, err := fs.Stat(own, "page.html"); err != nil {
		return nil, fault.New(fault.Invalid, "notify.language", "there is no set of templates in "+language, "use "+strings.Join(Languages(), " or ")+", or a folder of your own")
	}
	s := &Set{text: map[Event]*texttemplate.Template{}, html: map[Event]*htmltemplate.Template{}}
	read := func(name string) (string, bool, error) {
		for _, from := range []fs.FS{folder, own} {
			if from == nil {
				continue
			}
			data, err := fs.ReadFile(from, name)
			if err == nil {
				return strings.ReplaceAll(string(data), "\r\n", "\n"), true, nil
			}
			if !errors.Is(err, fs.ErrNotExist) {
				return "", false, fault.Wrap(fault.Invalid, "notify.template", "the template "+name+" cannot be read: "+err.Error(), "check the folder of the templates", err)
			}
		}
		return "", false, nil
	}
	bad := func(name string, err error) error {
		return fault.Wrap(fault.Invalid, "notify.template", "the template "+name+": "+err.Error(), "templates are Go's: {{.Name}}, {{if .Reason}}…{{end}}", err)
	}
	for _, e := range Events() {
		name := string(e) + ".txt"
		text, ok, err := read(name)
		if err != nil || !ok {
			return nil, err
		}
		if !strings.HasPrefix(text, "Subject: ") {
			return nil, bad(name, errors.New("its first line is no \"Subject: …\" line"))
		}
		if s.text[e], err = texttemplate.New(name).Option("missingkey=error").Parse(text); err != nil {
			return nil, bad(name, err)
		}
		name = string(e) + ".html"
		if text, ok, err = read(name); err != nil {
			return nil, err
		} else if ok {
			if s.html[e], err = htmltemplate.New(name).Parse(text); err != nil {
				return nil, bad(name, err)
			}
		}
	}
	text, _, err := read("page.html")
	if err != nil {
		return nil, err
	}
	if s.page, err = htmltemplate.New("page.html").Parse(text); err != nil {
		return nil, bad("page.html", err)
	}
	return s, s.try()
}

// try renders every template once, so that a mistake shows before the first message and not in the middle of a wave.
func (s *Set) try() error {
	for _, e := range Events() {
		if _, err := s.render(e, Data{Name: "N", User: "u", Reason: "r"}); err != nil {
			return err
		}
	}
	return nil
}

// rendered is a message's text in its forms.
type rendered struct{ subject, text, html string }

func (s *Set) render(e Event, d Data) (rendered, error) {
	bad := func(err error) error {
		return fault.Wrap(fault.Invalid, "notify.template", fmt.Sprintf("the template of %s: %s", e, err), "templates may use the fields that the README lists", err)
	}
	var b bytes.Buffer
	if err := s.text[e].Execute(&b, d); err != nil {
		return rendered{}, bad(err)
	}
	head, body, _ := strings.Cut(b.String(), "\n")
	out := rendered{subject: strings.Join(strings.Fields(strings.TrimPrefix(head, "Subject: ")), " "), text: strings.TrimSpace(collapse(body)) + "\n"}
	b.Reset()
	var err error
	if own := s.html[e]; own != nil {
		err = own.Execute(&b, d)
	} else {
		err = s.page.Execute(&b, page{Subject: out.subject, Paragraphs: strings.Split(strings.TrimSpace(out.text), "\n\n"), Data: d, Event: e})
	}
	if err != nil {
		return rendered{}, bad(err)
	}
	out.html = b.String()
	return out, nil
}

// page is what page.html may use.
type page struct {
	Subject    string
	Paragraphs []string
	Event      Event
	Data       Data
}

// collapse makes of several empty lines one: conditions in a template leave some.
func collapse(s string) string {
	for strings.Contains(s, "\n\n\n") {
		s = strings.ReplaceAll(s, "\n\n\n", "\n\n")
	}
	return s
}

// ForRow writes the message about a row. The address may be empty; then it cannot be sent by mail.
func (s *Set) ForRow(run migration.Run, r migration.Row, e Event, at time.Time) (Message, error) {
	t := r.Target
	d := Data{Name: t.DisplayName, User: t.User, Department: t.Department, Policy: t.PolicyName, CloudPC: r.Facts.CloudPCName,
		Wave: run.Wave, Run: run.ID, Tenant: run.TenantName, Rehearsal: run.Sandbox != "", At: clocks.Moment(at)}
	if d.Name == "" {
		d.Name = t.User
	}
	if r.Problem != nil && (e == Failed || e == Postponed) {
		d.Reason = wording.OneLine(r.Problem.Message)
	}
	for _, f := range []*string{&d.Name, &d.User, &d.Department, &d.Policy, &d.CloudPC} {
		*f = wording.OneLine(*f)
	}
	out, err := s.render(e, d)
	return Message{Event: e, Row: r.Index, Attempt: r.Attempt, UserID: t.UserID, User: t.User, To: Address(r), Subject: out.subject, Text: out.text, HTML: out.html,
		Facts: []Fact{{"User", d.User}, {"Policy", d.Policy}, {"Wave", d.Wave}, {"Run", d.Run}}}, err
}

// ForOperator writes the message about the run as a whole. stage tells one such message from the next: how many processes
// drove the run before this one.
func (s *Set) ForOperator(run migration.Run, c migration.Counts, e Event, reason, next string, stage int, to string, at time.Time) (Message, error) {
	d := Data{Name: run.Operator, Wave: run.Wave, Run: run.ID, Tenant: run.TenantName, Rehearsal: run.Sandbox != "", At: clocks.Moment(at),
		Reason: wording.OneLine(reason), Next: next, Total: c.Total, Done: c.Succeeded + c.Warned, Failed: c.Failed + c.Held, Open: c.Open()}
	out, err := s.render(e, d)
	return Message{Event: e, Row: migration.WaveRow, Attempt: stage, To: to, Subject: out.subject, Text: out.text, HTML: out.html,
		Facts: []Fact{{"Wave", d.Wave}, {"Run", d.Run}, {"Succeeded", fmt.Sprintf("%d of %d", d.Done, d.Total)}, {"Failed or held", fmt.Sprint(d.Failed)}}}, err
}
