package tenant

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant/rules"
	"wave365/pkg/sandbox/tenant/source"
)

// Tenant is safe for concurrent use. Every method that takes now first carries out what was due by then; a now before
// an earlier one acts as that earlier one.
type Tenant struct {
	mu    sync.Mutex
	space uuid.UUID
	org   Organization
	seed  int64
	rules rules.Rules
	disks source.Disks
	start time.Time

	now    time.Time
	seq    int64
	events []event // by the time when they are due

	directory
	service
	created map[string]int // how many objects of a kind and name were created, for ids
	log
}

// log is what was logged and sent.
type log struct {
	audit []AuditEvent
	mails []Mail
}

// directory is the users, their groups and their licenses.
type directory struct {
	users    []*user // by seq
	byID     map[string]*user
	byUPN    map[string]*user
	groups   []*group
	groupID  map[string]*group
	products []*product // owned, in the scenario's order
	skuID    map[string]*product
	touched  map[*user]struct{} // changed since the start
}

// service is what Windows 365 keeps.
type service struct {
	policies []*policy
	settings []*setting
	conns    []*Connection
	images   []*DeviceImage
	gallery  []GalleryImage
	sources  map[string]string // managed images in Azure by ARM id, with the error of a custom image made from one
	imports  map[string]*snapshot
	daily    map[string]int // accepted imports by UTC day
	pcs      []*cloudPC     // by seq
	pcID     map[string]*cloudPC
}

// Organization is the tenant itself.
type Organization struct{ ID, Name, Domain string }

// New builds the tenant of a scenario; seed 0 means the scenario's, and 1 when it has none. A name that the scenario
// uses but does not define is a fault Invalid. A nil disks refuses every import.
func New(s *scenario.Scenario, seed int64, start time.Time, disks source.Disks) (*Tenant, error) {
	r, err := rules.Read(s.Knobs)
	if err != nil {
		return nil, err
	}
	if seed == 0 {
		seed = cmp.Or(s.Seed, 1)
	}
	space, err := uuid.Parse(s.Tenant.ID)
	if err != nil {
		space = uuid.NewSHA1(uuid.NameSpaceDNS, []byte(s.Tenant.ID+s.Tenant.Domain+s.Tenant.Name))
	}
	start = start.UTC().Truncate(time.Millisecond)
	t := &Tenant{
		space: space, seed: seed, rules: r, disks: disks, start: start, now: start,
		org:     Organization{ID: space.String(), Name: s.Tenant.Name, Domain: s.Tenant.Domain},
		created: map[string]int{},
		directory: directory{byID: make(map[string]*user, len(s.Users)), byUPN: make(map[string]*user, len(s.Users)),
			groupID: map[string]*group{}, skuID: map[string]*product{}, touched: map[*user]struct{}{}},
		service: service{sources: map[string]string{}, imports: map[string]*snapshot{}, daily: map[string]int{}, pcID: map[string]*cloudPC{}},
	}
	if err := t.build(s); err != nil {
		return nil, err
	}
	return t, nil
}

// Organization returns the tenant's id, name and domain.
func (t *Tenant) Organization() Organization { return t.org }

// enter locks the tenant and carries out what is due by now. The caller unlocks it with the result.
func (t *Tenant) enter(now time.Time) (unlock func()) {
	t.mu.Lock()
	now = now.UTC()
	for t.due(now) {
		e := t.nextEvent()
		if e.at.After(t.now) {
			t.now = e.at
		}
		e.happen()
	}
	if now.After(t.now) {
		t.now = now
	}
	return t.mu.Unlock
}

// Pass carries out what is due by now.
func (t *Tenant) Pass(now time.Time) { t.enter(now)() }

func (t *Tenant) next() int64 { t.seq++; return t.seq }

// event is something that becomes due. It first checks whether it still applies: it may have been overtaken.
type event struct {
	at     time.Time
	seq    int64
	happen func()
}

// compare orders events by time; of those at one moment the one that was scheduled first comes first.
func (e event) compare(f event) int { return cmp.Or(e.at.Compare(f.at), cmp.Compare(e.seq, f.seq)) }

// at schedules happen for a time.
func (t *Tenant) at(when time.Time, happen func()) {
	e := event{when, t.next(), happen}
	i, _ := slices.BinarySearchFunc(t.events, e, event.compare)
	t.events = slices.Insert(t.events, i, e)
}

// due reports whether something is due by then.
func (t *Tenant) due(by time.Time) bool { return len(t.events) > 0 && !t.events[0].at.After(by) }

// nextEvent removes and returns the event that is due first.
func (t *Tenant) nextEvent() event {
	e := t.events[0]
	t.events = t.events[1:]
	return e
}

// touch marks a user as changed since the start.
func (t *Tenant) touch(u *user) { t.touched[u] = struct{}{} }

// Entry is what every object in a list has: its position in the stable order, and an id.
type Entry struct {
	Seq int64
	ID  string
}

// Place returns its position in the order.
func (e Entry) Place() int64 { return e.Seq }

// place is an object with a position in the order of its list.
type place interface{ Place() int64 }

// page returns up to n views of the visible objects after seq, and whether there are more. list is ordered.
func page[T place, V any](list []T, after int64, n int, seen func(T) bool, view func(T) V) (out []V, more bool) {
	i, _ := slices.BinarySearchFunc(list, after+1, func(x T, s int64) int { return cmp.Compare(x.Place(), s) })
	for ; i < len(list); i++ {
		if !seen(list[i]) {
			continue
		}
		if len(out) == n {
			return out, true
		}
		out = append(out, view(list[i]))
	}
	return out, false
}

// read returns a page of all the objects of a list.
func read[T place, V any](t *Tenant, now time.Time, list *[]T, after int64, n int, view func(T) V) ([]V, bool) {
	defer t.enter(now)()
	return page(*list, after, n, func(T) bool { return true }, view)
}

// look returns the view of one object, or the error with which it is not found.
func look[T, V any](t *Tenant, now time.Time, key string, find func(key string) (T, error), view func(T) V) (v V, err error) {
	defer t.enter(now)()
	x, err := find(key)
	if err == nil {
		v = view(x)
	}
	return v, err
}

// without returns a list without one of its elements.
func without[T comparable](list []T, x T) []T {
	return slices.DeleteFunc(list, func(y T) bool { return y == x })
}
