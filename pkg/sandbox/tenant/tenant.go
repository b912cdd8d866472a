package tenant

import (
	"cmp"
	"container/heap"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"wave365/pkg/sandbox/scenario"
)

// Tenant is safe for concurrent use. Every method that takes now first lets happen what was due by then; a now before
// an earlier one acts as that earlier one.
type Tenant struct {
	mu    sync.Mutex
	space uuid.UUID
	org   Organization
	seed  int64
	rules rules
	disks Disks
	start time.Time

	now    time.Time
	seq    int64
	events events

	directory
	service
	created map[string]int   // how many things of a kind and name were made, for ids
	story   []scenario.Event // what others do, in the order in which it became known
	log
}

// log is what was written down and sent.
type log struct {
	audit []AuditEvent
	mails []Mail
}

// directory is the people, their groups and what they hold.
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
	conns    []*connection
	images   []*deviceImage
	gallery  []GalleryImage
	sources  map[string]string // managed images in Azure by ARM id, with the error that one made of it ends in
	imports  map[string]*snapshot
	daily    map[string]int // accepted imports by UTC day
	pcs      []*cloudPC     // by seq
	pcID     map[string]*cloudPC
}

// Organization is the tenant itself.
type Organization struct{ ID, Name, Domain string }

// New builds the tenant of a scenario; seed 0 means the scenario's, and 1 when it has none. A name that the scenario
// uses but does not define is a fault Invalid. A nil disks refuses every import.
func New(s *scenario.Scenario, seed int64, start time.Time, disks Disks) (*Tenant, error) {
	r, err := readRules(s.Knobs)
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

// Organization is who this tenant is.
func (t *Tenant) Organization() Organization { return t.org }

// enter locks and lets happen what is due by now. The caller unlocks.
func (t *Tenant) enter(now time.Time) {
	t.mu.Lock()
	now = now.UTC()
	for len(t.events) > 0 && !t.events[0].At.After(now) {
		e := t.popEvent()
		if e.At.After(t.now) {
			t.now = e.At
		}
		t.happen(e)
	}
	if now.After(t.now) {
		t.now = now
	}
}

// Pass lets happen what is due by now.
func (t *Tenant) Pass(now time.Time) {
	t.enter(now)
	t.mu.Unlock()
}

func (t *Tenant) popEvent() event { return heap.Pop(&t.events).(event) }

func (t *Tenant) next() int64 { t.seq++; return t.seq }

// event is something that becomes due. N is the attempt it belongs to, so that one that was overtaken does nothing.
type event struct {
	At   time.Time
	Seq  int64
	Kind string
	Key  string
	N    int
}

const (
	evaluateUser  = "evaluate"
	importEnds    = "import ends"
	importExpires = "import expires"
	buildEnds     = "build ends"
	graceEnds     = "grace ends"
	pcGone        = "gone"
	imageReady    = "image ready"
	others        = "others"
)

func (t *Tenant) at(when time.Time, kind, key string, n int) {
	heap.Push(&t.events, event{At: when, Seq: t.next(), Kind: kind, Key: key, N: n})
}

func (t *Tenant) happen(e event) {
	switch e.Kind {
	case imageReady:
		t.imageEnds(e.Key)
		return
	case others:
		t.othersDo(t.story[e.N], t.byID[e.Key])
		return
	}
	u := t.byID[e.Key]
	if u == nil {
		return
	}
	switch e.Kind {
	case evaluateUser:
		t.evaluate(u)
	case importEnds:
		t.importEnds(u, e.N)
	case importExpires:
		if s := u.imp; s != nil && s.N == e.N && s.Status == ImportSucceeded && s.Usage == NotUsed {
			s.Usage = Expired
			t.touch(u)
		}
	default:
		for _, pc := range u.pcs {
			if pc.N == e.N {
				t.pcEvent(pc, e)
				break
			}
		}
	}
}

// touch marks a user as changed since the start.
func (t *Tenant) touch(u *user) { t.touched[u] = struct{}{} }

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	if c := e[i].At.Compare(e[j].At); c != 0 {
		return c < 0
	}
	return e[i].Seq < e[j].Seq
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	old := *e
	x := old[len(old)-1]
	*e = old[:len(old)-1]
	return x
}

// page gives up to n views of the things after seq, and whether there are more. list is ordered by seq.
func page[T, V any](list []T, after int64, n int, seq func(T) int64, view func(T) (V, bool)) (out []V, more bool) {
	i, _ := slices.BinarySearchFunc(list, after+1, func(x T, s int64) int { return cmp.Compare(seq(x), s) })
	for ; i < len(list); i++ {
		v, ok := view(list[i])
		if !ok {
			continue
		}
		if len(out) == n {
			return out, true
		}
		out = append(out, v)
	}
	return out, false
}
