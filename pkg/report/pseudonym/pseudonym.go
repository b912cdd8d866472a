package pseudonym

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"path/filepath"
	"regexp"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/summary"
	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
)

// Withheld replaces a free text.
const Withheld = "[withheld]"

// Record returns a copy of a whose people, tenant, disks, machines and hosts have pseudonyms. The same key gives the
// same person the same pseudonym in any record; without the key nobody can find out by trial whose pseudonym it is.
// Unchanged are departments, policies, groups, licenses, sizes, times, codes, and the ids of snapshots and requests,
// which the service's support asks for.
func Record(a summary.Record, key []byte) summary.Record {
	n := newNamer(a, key)
	out := a
	out.Redacted = true
	out.Run = n.run(a.Run)
	out.Rows = each(a.Rows, func(r migration.Row) migration.Row { return n.row(r) })
	out.Events = each(a.Events, n.event)
	out.Intents = each(a.Intents, n.intent)
	out.Findings = each(a.Findings, n.finding)
	out.Audit = n.chain(a.Audit)
	out.Shell.Ledger, out.Shell.Place = n.text(a.Shell.Ledger), each(a.Shell.Place, n.text)
	return out
}

func each[T any](list []T, of func(T) T) []T {
	out := make([]T, len(list))
	for i, v := range list {
		out[i] = of(v)
	}
	return out
}

// namer makes pseudonyms.
type namer struct {
	key []byte
	// terms maps what is known to be a name, in lower case, to its pseudonym; exact maps parts of names, which only
	// their case distinguishes from ordinary words.
	terms, exact map[string]string
	// lengths holds, by first word, the lengths of the terms that begin with it, the longest first.
	lengths map[string][]int
	domains []string
	inside  *regexp.Regexp
	// known reports, for each column of the wave, whether the program knows what it contains.
	known []bool
}

// tag returns eight hexadecimal digits for a text, whatever its case.
func (n *namer) tag(kind, s string) string {
	h := hmac.New(sha256.New, n.key)
	_, _ = h.Write([]byte(kind + "\x00" + strings.ToLower(s)))
	return hex.EncodeToString(h.Sum(nil))[:8]
}

func newNamer(a summary.Record, key []byte) *namer {
	n := &namer{key: key, terms: map[string]string{}, exact: map[string]string{}, known: knownColumns(a.Run.Columns)}
	for _, r := range a.Rows {
		n.learn(r)
	}
	n.term(a.Run.Tenant, n.guid("tenant", a.Run.Tenant))
	n.term(a.Run.TenantName, "Tenant "+n.tag("tenant", a.Run.Tenant))
	if a.Run.Operator != "" {
		n.term(a.Run.Operator, n.address(a.Run.Operator))
		if _, name, ok := strings.Cut(a.Run.Operator, `\`); ok {
			n.term(name, n.address(a.Run.Operator))
		}
	}
	for _, path := range []string{a.Run.WavePath, a.Run.Sandbox, a.Run.SandboxState, a.Run.ReportDir, a.Shell.Ledger} {
		if filepath.IsAbs(path) {
			n.term(path, "…/"+filepath.Base(path))
			n.term(filepath.ToSlash(path), "…/"+filepath.Base(path))
		}
	}
	n.index()
	return n
}

func (n *namer) term(name, pseudonym string) {
	if len(name) >= 3 {
		n.terms[fold(name)] = pseudonym
	}
}

// learn adds a row's names to the terms, so that they are found in free text, too.
func (n *namer) learn(r migration.Row) {
	t := r.Target
	who := cmp.Or(t.UPN, t.User)
	tag := n.tag("person", who)
	for _, name := range []string{t.User, t.UPN, t.Notify} {
		local, domain, ok := strings.Cut(name, "@")
		if !ok {
			n.term(name, "person-"+tag)
			continue
		}
		n.term(name, n.address(cmp.Or(t.UPN, name)))
		n.term(local, "person-"+tag)
		n.domains = append(n.domains, strings.ToLower(domain))
	}
	n.term(t.UserID, n.guid("person", who))
	n.term(t.DisplayName, "Person "+tag)
	for _, part := range strings.Fields(t.DisplayName) {
		if len([]rune(part)) >= 3 {
			n.exact[part] = "Person-" + tag
		}
	}
	n.term(r.Facts.CloudPCName, "CPC-"+n.tag("pc", r.Facts.CloudPCID))
	n.term(r.Facts.CloudPCID, n.guid("pc", r.Facts.CloudPCID))
	for _, s := range []*migration.Source{&t.Disk, t.GuestState} {
		if s == nil || s.Name == "" {
			continue
		}
		d := n.source(*s)
		n.term(s.URL, d.URL)
		n.term(s.Container+"/"+s.Name, d.Container+"/"+d.Name)
		n.term(s.Name, d.Name)
	}
	for _, cell := range r.Input {
		if strings.Contains(cell, "/") && strings.HasSuffix(cell, "/"+t.Disk.Name) {
			n.term(cell, n.source(t.Disk).Container+"/"+n.source(t.Disk).Name)
		}
	}
}

func (n *namer) address(s string) string {
	return "person-" + n.tag("person", s) + "@redacted.example"
}

// guid returns an id that looks like one of the service's but begins with zeros, as none of those does.
func (n *namer) guid(kind, s string) string {
	return "00000000-0000-4000-8000-0000" + n.tag(kind, s)
}

func (n *namer) source(s migration.Source) migration.Source {
	ext := strings.ToLower(filepath.Ext(s.Name))
	if len(ext) > 6 {
		ext = ""
	}
	s.Name = "disk-" + n.tag("disk", s.Container+"/"+s.Name) + ext
	if s.Container != "" {
		s.Container = "container-" + n.tag("container", s.Container)
	}
	if s.URL != "" {
		s.URL = "https://storage.redacted.example/" + s.Container + "/" + s.Name
	}
	s.ETag = ""
	return s
}

func (n *namer) run(r migration.Run) migration.Run {
	r.WavePath, r.Tenant, r.TenantName = n.text(r.WavePath), n.text(r.Tenant), n.text(r.TenantName)
	r.WaveHash = "" // it would confirm a guess of the whole file
	r.GraphRoot, r.BlobRoot = n.text(r.GraphRoot), n.text(r.BlobRoot)
	r.Sandbox, r.SandboxState, r.ReportDir = n.text(r.Sandbox), n.text(r.SandboxState), n.text(r.ReportDir)
	r.Operator = n.text(r.Operator)
	r.Settings.StorageAccountID = n.text(r.Settings.StorageAccountID)
	told := &r.Settings.Notify
	for _, s := range []*string{&told.From, &told.SMTP, &told.Templates, &told.Operator} {
		*s = n.text(*s)
	}
	return r
}

func (n *namer) row(r migration.Row) migration.Row {
	t := &r.Target
	t.User, t.UserID, t.UPN, t.DisplayName = n.text(t.User), n.text(t.UserID), n.text(t.UPN), n.text(t.DisplayName)
	t.Notify, t.Notes = n.text(t.Notify), withheld(t.Notes)
	t.PolicyName, t.GroupName, t.Department = n.text(t.PolicyName), n.text(t.GroupName), n.text(t.Department)
	t.Disk = n.source(t.Disk)
	if t.GuestState != nil {
		g := n.source(*t.GuestState)
		t.GuestState = &g
	}
	f := &r.Facts
	if f.ImportFile != "" {
		f.ImportFile = t.Disk.Name // the service's name for it is derived from it
	}
	f.CloudPCID, f.CloudPCName, f.UsedBy = n.text(f.CloudPCID), n.text(f.CloudPCName), n.text(f.UsedBy)
	f.Proof, f.Warning, f.Suspect = n.text(f.Proof), n.text(f.Warning), n.text(f.Suspect)
	r.Note, r.Problem = n.text(r.Note), n.problem(r.Problem)
	cells := make([]string, len(r.Input))
	for i, cell := range r.Input {
		cells[i] = withheld(cell)
		if i < len(n.known) && n.known[i] {
			cells[i] = n.text(cell)
		}
	}
	r.Input = cells
	return r
}

// knownColumns reports for each column whether it is one that the program replaces; others may contain anything.
func knownColumns(header []string) []bool {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(header)
	w.Flush()
	out := make([]bool, len(header))
	file, _ := reading.Read("header", b.Bytes(), wave.Options{AllowUnknownColumns: true})
	for i := range out {
		if file != nil && i < len(file.Canonical) {
			out[i] = file.Canonical[i] != "" && file.Canonical[i] != "notes"
		}
	}
	return out
}

func withheld(s string) string {
	if s == "" {
		return ""
	}
	return Withheld
}

func (n *namer) problem(p *migration.Problem) *migration.Problem {
	if p == nil {
		return nil
	}
	q := *p
	q.Commands = each(p.Commands, n.command)
	q.Message, q.Hint, q.ServiceCode = n.text(p.Message), n.text(p.Hint), n.text(p.ServiceCode)
	return &q
}

func (n *namer) event(e migration.Event) migration.Event {
	e.Note, e.Problem = n.text(e.Note), n.problem(e.Problem)
	return e
}

func (n *namer) intent(in migration.Intent) migration.Intent {
	in.Subject = n.text(in.Subject)
	if in.Outcome != nil {
		o := *in.Outcome
		o.RemoteID, o.Detail = n.text(o.RemoteID), n.text(o.Detail)
		in.Outcome = &o
	}
	return in
}

func (n *namer) finding(f wave.Finding) wave.Finding {
	f.Commands = each(f.Commands, n.command)
	f.User, f.Message, f.Hint = n.text(f.User), n.text(f.Message), n.text(f.Hint)
	f.Value = n.text(f.Value)
	if f.Column != "" && !knownColumns([]string{f.Column})[0] {
		f.Value = withheld(f.Value)
	}
	return f
}

func (n *namer) command(c fault.Command) fault.Command {
	c.Args = each(c.Args, n.text)
	return c
}
