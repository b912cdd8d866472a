package simtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
)

func lower(s string) string { return strings.ToLower(s) }

// dump is what the tenant holds that a command after the evening might touch.
type dump struct {
	Tenant struct {
		Users    []json.RawMessage
		Settings []struct {
			ID          string
			Props       map[string]any
			Assignments []struct{ GroupID string }
		}
		Imports  []struct{ ID, UserID, Status, Usage string }
		CloudPCs []struct{ ID, UserID, Status, PolicyID string }
		Groups   []struct{ ID string }
		Policies []json.RawMessage
	}
}

// lookout watches over what a command may touch.
type lookout struct {
	care   care
	rows   []migration.Row
	row    int // of an undo
	before dump
	log    int64 // the last request before it
	// others are the people, by id in lower case, to whom somebody else does something meanwhile, or did, or whose row was undone.
	others  map[string]bool
	known   map[string]bool // imports of this ledger, by id in lower case
	started time.Time
}

func (w *world) lookBefore(c care, rows []migration.Row, touched map[string]bool) (*lookout, error) {
	l := &lookout{care: c, rows: rows, row: c.n % len(rows), others: map[string]bool{}, known: map[string]bool{}, started: time.Now()}
	for id := range touched {
		l.others[id] = true
	}
	if c.what == careUndo {
		touched[lower(rows[l.row].Target.UserID)] = true
	}
	log, err := w.requests()
	if err != nil {
		return nil, err
	}
	if len(log) > 0 {
		l.log = log[len(log)-1].N
	}
	writes, err := w.store.(tenantcare.Journal).Writes(context.Background(), migration.WriteFilter{})
	if err != nil {
		return nil, err
	}
	for _, x := range writes {
		if x.Effect == migration.EffectImport && x.Outcome != nil {
			l.known[lower(x.Outcome.RemoteID)] = true
		}
	}
	for _, r := range rows {
		l.known[lower(r.Facts.SnapshotID)] = true
	}
	return l, w.admin(http.MethodGet, "/sandbox/state", "", &l.before)
}

// check wants that nothing was touched but what the command names, and that nothing was left undecided.
func (l *lookout) check(w *world) error {
	log, err := w.requests()
	if err != nil {
		return err
	}
	log = slices.DeleteFunc(log, func(e reqEntry) bool { return e.N <= l.log || e.ClientRequestID == somebody })
	var after dump
	if err := w.admin(http.MethodGet, "/sandbox/state", "", &after); err != nil {
		return err
	}
	open, err := w.store.(tenantcare.Journal).Writes(context.Background(), migration.WriteFilter{Undecided: true})
	if err != nil {
		return err
	}
	var broken []error
	for _, o := range open {
		if o.Command != migration.CommandRun {
			broken = append(broken, fmt.Errorf("%s of %s by %s is undecided, and nothing is left to do", o.Effect, o.Target, o.Command))
		}
	}
	for _, e := range log {
		if why := l.forbidden(e); why != "" {
			broken = append(broken, fmt.Errorf("%s %s at %s (%s, user %s): %s", e.Method, e.Path, stamp(e.Time), e.Effect, e.User, why))
		}
	}
	return errors.Join(append(broken, l.settings(after), l.people(after), l.cloudPCs(after), l.groups(after))...)
}

// forbidden says why a request of the command should not have been; "" when it may.
func (l *lookout) forbidden(e reqEntry) string {
	undone := l.care.what == careUndo && lower(e.User) == lower(l.rows[l.row].Target.UserID)
	if e.Method == http.MethodDelete && strings.HasPrefix(e.Path, "/devstoreaccount1/") && e.Status < 300 {
		return l.blob(e)
	}
	if e.Effect == "" || strings.HasSuffix(e.Effect, " refused") {
		return "" // it changed nothing
	}
	switch e.Effect {
	case "user setting changed":
		if l.care.what == careClose {
			return l.notFinal()
		}
	case "import purged":
		if e.User == "" && (l.care.what == careUndo || l.care.what == carePurge || l.care.purge) {
			return "" // a repeated call, after an answer was lost: it was gone already
		}
		if l.care.what == carePurge || l.care.what == careClose && l.care.purge || undone {
			return l.used(e)
		}
	case "license removed", "group member removed":
		if undone {
			return ""
		}
	}
	return "the command has nothing to do with it"
}

func (l *lookout) notFinal() string {
	for _, r := range l.rows {
		if !r.State.Final() || r.State == migration.Held {
			return "row " + fmt.Sprint(r.Index) + " is " + string(r.State)
		}
	}
	return ""
}

// used says that an import was not to be purged.
func (l *lookout) used(e reqEntry) string {
	for _, i := range l.before.Tenant.Imports {
		if lower(i.UserID) != lower(e.User) || l.others[lower(e.User)] {
			continue
		}
		switch {
		case !l.known[lower(i.ID)]:
			return "import " + i.ID + " is not in this ledger"
		case strings.EqualFold(i.Usage, graph.UsageInUse):
			return "import " + i.ID + " is in use"
		case i.Status != graph.ImportSucceeded && i.Status != graph.ImportFailed:
			return "import " + i.ID + " was " + i.Status
		}
	}
	return ""
}

// blob says that a blob was not to be deleted.
func (l *lookout) blob(e reqEntry) string {
	if l.care.what != careClose || !l.care.staging {
		return "nobody asked for it"
	}
	for _, r := range l.rows {
		if !strings.HasSuffix(e.Path, "/"+r.Target.Disk.Container+"/"+r.Target.Disk.Name) {
			continue
		}
		if r.State != migration.Succeeded {
			return "its row is " + string(r.State)
		}
		has := slices.ContainsFunc(l.before.Tenant.CloudPCs, func(pc struct{ ID, UserID, Status, PolicyID string }) bool {
			return lower(pc.UserID) == lower(r.Target.UserID) && strings.HasPrefix(pc.Status, "provisioned")
		})
		if !has && !l.others[lower(r.Target.UserID)] {
			return "its Cloud PC is not there"
		}
		return ""
	}
	return "it is no disk of the wave"
}

// settings wants each as it was, but for the source of those that reach the run's groups, and after close none of those
// building from snapshots.
func (l *lookout) settings(after dump) error {
	mine := map[string]bool{}
	for _, r := range l.rows {
		mine[lower(r.Target.GroupID)] = r.State != migration.Skipped
	}
	var broken []error
	if len(after.Tenant.Settings) != len(l.before.Tenant.Settings) {
		return fmt.Errorf("there were %d user settings and are %d", len(l.before.Tenant.Settings), len(after.Tenant.Settings))
	}
	for i, was := range l.before.Tenant.Settings {
		is := after.Tenant.Settings[i]
		reaches, all := false, true
		for _, a := range was.Assignments {
			reaches, all = reaches || mine[lower(a.GroupID)], all && mine[lower(a.GroupID)]
		}
		from, to := was.Props["provisioningSourceType"], is.Props["provisioningSourceType"]
		a, b := rest(was), rest(is)
		switch {
		case !bytes.Equal(a, b):
			broken = append(broken, fmt.Errorf("user setting %s was %s and is %s", was.ID, a, b))
		case from != to && (to != graph.SourceImage || !reaches || l.care.what != careClose):
			broken = append(broken, fmt.Errorf("user setting %s built from %v and builds from %v", was.ID, from, to))
		case l.care.what == careClose && to == graph.SourceSnapshot && reaches && all && l.notFinal() == "":
			broken = append(broken, fmt.Errorf("user setting %s still builds from %v", was.ID, to))
		}
	}
	return errors.Join(broken...)
}

// rest is a setting as text, but for its source and for what is null: that is the same as nothing.
func rest(setting any) []byte {
	text, _ := json.Marshal(setting)
	var v map[string]any
	_ = json.Unmarshal(text, &v)
	props, _ := v["Props"].(map[string]any)
	delete(props, "provisioningSourceType")
	withoutNull(v)
	text, _ = json.Marshal(v)
	return text
}

func withoutNull(m map[string]any) {
	for k, v := range m {
		if below, ok := v.(map[string]any); ok {
			withoutNull(below)
		}
		if v == nil {
			delete(m, k)
		}
	}
}

// people wants the licenses and groups of everybody as they were, but of those whom the command, or somebody else, was about.
func (l *lookout) people(after dump) error {
	read := func(d dump) map[string]string {
		out := map[string]string{}
		for _, text := range d.Tenant.Users {
			var u struct {
				ID       string
				Licenses []struct{ SKUID, ByGroup string }
				Groups   []string
			}
			if json.Unmarshal(text, &u) == nil {
				out[lower(u.ID)] = fmt.Sprint(u.Licenses, u.Groups)
			}
		}
		return out
	}
	is := read(after)
	var broken []error
	for id, was := range read(l.before) {
		if l.others[id] || l.care.what == careUndo && id == lower(l.rows[l.row].Target.UserID) {
			continue
		}
		if is[id] != was {
			broken = append(broken, fmt.Errorf("user %s had %s and has %s", id, was, is[id]))
		}
	}
	return errors.Join(broken...)
}

// cloudPCs wants those that were done to be as they were, but for people whom somebody, the command or the evening, took the link
// from.
func (l *lookout) cloudPCs(after dump) error {
	var broken []error
	for _, was := range l.before.Tenant.CloudPCs {
		id := lower(was.UserID)
		succeeded := slices.ContainsFunc(l.rows, func(r migration.Row) bool { return lower(r.Target.UserID) == id && r.State == migration.Succeeded })
		if !succeeded || !strings.HasPrefix(was.Status, "provisioned") || l.others[id] || l.care.what == careUndo && id == lower(l.rows[l.row].Target.UserID) {
			continue
		}
		status := "gone"
		for _, is := range after.Tenant.CloudPCs {
			if is.ID == was.ID {
				status = is.Status
			}
		}
		if status != was.Status {
			broken = append(broken, fmt.Errorf("Cloud PC %s of %s was %s and is %s", was.ID, was.UserID, was.Status, status))
		}
	}
	return errors.Join(broken...)
}

func (l *lookout) groups(after dump) error {
	if len(after.Tenant.Groups) != len(l.before.Tenant.Groups) || len(after.Tenant.Policies) != len(l.before.Tenant.Policies) {
		return errors.New("groups or policies came or went")
	}
	for i, was := range l.before.Tenant.Policies {
		if !bytes.Equal(was, after.Tenant.Policies[i]) {
			return fmt.Errorf("a policy was %s and is %s", was, after.Tenant.Policies[i])
		}
	}
	return nil
}
