// Package plan is what a run would change, change by change, as a value: made from what validation read, shown before
// the question, sealed into a file, and compared with the tenant when the run begins. It makes no calls.
package plan

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"wave365/pkg/estimate"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/preflight"
)

// schema names the form of a sealed plan.
const schema = "wave365/plan/v1"

// Plan is what a run would do. It is data: the JSON form is that of a sealed plan and of `plan --json`.
type Plan struct {
	Schema string    `json:"schema"`
	At     time.Time `json:"at"`
	// Wave is the wave's name, WavePath the file it was read from, WaveHash the hash of its content.
	Wave     string `json:"wave"`
	WavePath string `json:"wave_path"`
	WaveHash string `json:"wave_hash"`
	// Tenant is the tenant's id.
	Tenant     string `json:"tenant"`
	TenantName string `json:"tenant_name"`
	Rehearsal  bool   `json:"rehearsal"`
	// Slots and Settings are how the run would go about it, settings by the names of their flags.
	Slots    int               `json:"slots"`
	Settings map[string]string `json:"settings,omitempty"`

	Changes Changes `json:"changes"`
	// Expected is the range of the end in minutes from the start, from sizes, slots and policies.
	Expected Expected `json:"expected_minutes"`
	// Rows are the rows that would run, Skipped how many would not, Done how many are migrated already.
	Rows    []Row `json:"rows"`
	Skipped int   `json:"skipped"`
	Done    int   `json:"done"`
}

// Changes are what the run would change in the tenant, each kind sorted by name.
type Changes struct {
	Settings []Setting `json:"user_settings"`
	Groups   []Group   `json:"groups"`
	Licenses []License `json:"licenses"`
	Imports  Imports   `json:"imports"`
	// CreateGroup is the template for the names of groups created for policies that have none; "": none is created.
	CreateGroup string `json:"create_group,omitempty"`
}

// Setting is a user setting that reaches target groups. ID is empty for the one that would be created.
type Setting struct {
	ID     string   `json:"id,omitempty"`
	Name   string   `json:"name"`
	Groups []string `json:"groups"`
	// Create: it is created and assigned to the groups; otherwise it reaches them already and is left as it is.
	Create bool `json:"create"`
}

// Group is a group that users join, before their import or as their cut-over.
type Group struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Before []string `json:"join_before_import,omitempty"`
	AtEnd  []string `json:"join_at_cutover,omitempty"`
	// Create: the run creates the group, and Assign is the policy assigned to it, which has none. Its ID is empty until it
	// exists.
	Create bool   `json:"create,omitempty"`
	Assign string `json:"assign_policy,omitempty"`
	// Outsiders are members who are not in the wave: policy and snapshot setting reach them too.
	Outsiders []string `json:"outsiders,omitempty"`
}

// License is a product of which users take a seat: given by the run, or with a membership of the group that brings it.
type License struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Give is how many the run assigns, Free how many there are before it.
	Give int `json:"give"`
	Free int `json:"free"`
	// Relicensed are the users who lose it before their import and get it back as their cut-over.
	Relicensed []string `json:"taken_and_given_back,omitempty"`
}

// left returns how many seats are free afterwards, never below 0.
func (l License) left() int { return max(0, l.Free-l.Give) }

// Imports are the disks to import.
type Imports struct {
	Count int   `json:"count"`
	Bytes int64 `json:"bytes"`
	// DayLimit is how many imports the service is documented to accept in a day.
	DayLimit int `json:"day_limit"`
}

// Expected is from when to when the run would end, in minutes after its start.
type Expected struct{ From, Likely, To int }

// Row is what validation found of a row that would run; it is compared when the run begins.
type Row struct {
	Line   int    `json:"line"`
	User   string `json:"user"`
	UserID string `json:"user_id"`
	Blob   string `json:"blob"`
	ETag   string `json:"etag,omitempty"`
	Policy string `json:"policy_id"`
	// Group is the id of the group; empty: it is made first, by the name NewGroup.
	Group    string            `json:"group_id"`
	NewGroup string            `json:"new_group,omitempty"`
	License  string            `json:"sku_id,omitempty"`
	Trigger  migration.Trigger `json:"trigger"`
	// Plan is the service plan whose disk the snapshot must fit.
	Plan string `json:"plan_id,omitempty"`
}

// Make returns the plan of a drafted run: its rows in the wave's order, and what validation read about them.
// settingName is the name of the user setting that is created where none reaches a group.
func Make(r migration.Run, rows []migration.Row, res preflight.Result, settingName string) Plan {
	p := Plan{
		Schema: schema, At: r.CreatedAt, Wave: r.Wave, WavePath: r.WavePath, WaveHash: r.WaveHash, Tenant: r.Tenant, TenantName: r.TenantName,
		Rehearsal: r.Sandbox != "", Slots: r.Slots, Settings: map[string]string{}, Rows: []Row{},
	}
	changes := r.Settings
	changes.Notify = migration.Notify{} // who is notified changes nothing in the tenant
	for _, s := range changes.List() {
		p.Settings[s.Name] = s.Value
	}
	for i, row := range rows {
		if row.State == migration.Skipped {
			p.Skipped++
			continue
		}
		if row.State.Final() {
			p.Done++
			continue
		}
		t := row.Target
		p.Rows = append(p.Rows, Row{Line: t.Line, User: cmp.Or(t.UPN, t.User), UserID: t.UserID, Blob: p.blob(t.Disk), ETag: t.Disk.ETag,
			Policy: t.PolicyID, Group: t.GroupID, NewGroup: newGroup(t), License: t.SKUID, Trigger: t.Trigger, Plan: t.PlanID})
		p.Changes.Imports.Count++
		p.Changes.Imports.Bytes += max(t.Disk.Virtual, 0)
		p.change(i, t, res.PlanFacts)
	}
	p.Changes.Imports.DayLimit = estimate.DailyImports
	p.settings(res.PlanFacts.Settings, settingName)
	slices.SortFunc(p.Changes.Groups, func(a, b Group) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	slices.SortFunc(p.Changes.Licenses, func(a, b License) int { return cmp.Compare(a.Name, b.Name) })
	left := estimate.RestOf(r, rows).TimeLeft(r.CreatedAt)
	p.Expected = Expected{int(left.From.Minutes()), int(left.Likely.Minutes()), int(left.To.Minutes())}
	return p
}

// newGroup returns the name of the row's group if it has to be created.
func newGroup(t migration.Target) string {
	if t.GroupID != "" {
		return ""
	}
	return t.GroupName
}

// change adds what one row changes.
func (p *Plan) change(i int, t migration.Target, facts preflight.PlanFacts) {
	user := cmp.Or(t.UPN, t.User)
	g := p.group(t, facts)
	switch {
	case at(facts.Member, i):
	case t.Trigger == migration.TriggerMembership:
		g.AtEnd = append(g.AtEnd, user)
	default:
		g.Before = append(g.Before, user)
	}
	id := at(facts.Takes, i)
	if t.Trigger == migration.TriggerRelicense {
		id = t.SKUID
	}
	if id == "" {
		return
	}
	k := slices.IndexFunc(p.Changes.Licenses, func(l License) bool { return strings.EqualFold(l.ID, id) })
	if k < 0 {
		sku := facts.Licenses[id]
		p.Changes.Licenses = append(p.Changes.Licenses, License{ID: id, Name: cmp.Or(sku.PartNumber, t.SKUName, id), Free: sku.Free()})
		k = len(p.Changes.Licenses) - 1
	}
	if t.Trigger == migration.TriggerRelicense {
		p.Changes.Licenses[k].Relicensed = append(p.Changes.Licenses[k].Relicensed, user)
		return
	}
	p.Changes.Licenses[k].Give++
}

// Creates records that the group of that name is created and gets a policy; one that exists only gets the policy.
func (p *Plan) Creates(group, policy string) {
	for i, g := range p.Changes.Groups {
		if g.Name == group {
			p.Changes.Groups[i].Create, p.Changes.Groups[i].Assign = g.ID == "", policy
		}
	}
}

// blob returns the address of the disk. A rehearsal's storage is on another port each time, so its host is left out.
func (p *Plan) blob(d migration.Source) string {
	if u, err := url.Parse(d.URL); err == nil && p.Rehearsal {
		return u.Path
	}
	return d.URL
}

func (p *Plan) group(t migration.Target, facts preflight.PlanFacts) *Group {
	k := slices.IndexFunc(p.Changes.Groups, func(g Group) bool {
		return strings.EqualFold(g.ID, t.GroupID) && (g.ID != "" || g.Name == t.GroupName) // a group to be created has no id yet
	})
	if k < 0 {
		p.Changes.Groups = append(p.Changes.Groups, Group{ID: t.GroupID, Name: cmp.Or(t.GroupName, t.GroupID), Outsiders: facts.Outsiders[strings.ToLower(t.GroupID)]})
		k = len(p.Changes.Groups) - 1
	}
	return &p.Changes.Groups[k]
}

// settings determines which user setting reaches which group, and which one is to be created for those that none
// reaches.
func (p *Plan) settings(reaching map[string][]graph.UserSetting, name string) {
	by := map[string]*Setting{}
	for _, g := range p.Changes.Groups {
		s := Setting{Name: name, Create: true}
		if r := reaching[strings.ToLower(g.ID)]; len(r) > 0 {
			s = Setting{ID: r[0].ID, Name: r[0].DisplayName}
		}
		if by[s.ID] == nil {
			by[s.ID] = &s
		}
		by[s.ID].Groups = append(by[s.ID].Groups, g.Name)
	}
	for _, id := range slices.Sorted(maps.Keys(by)) {
		slices.Sort(by[id].Groups)
		p.Changes.Settings = append(p.Changes.Settings, *by[id])
	}
}

func at[T any](list []T, i int) T {
	if i < len(list) {
		return list[i]
	}
	var zero T
	return zero
}
