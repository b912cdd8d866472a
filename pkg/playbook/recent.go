package playbook

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// recent is what this process has seen of the tenant a short while ago, so that it need not look again. All of it may be
// forgotten at any time. Safe for concurrent use.
type recent struct {
	// By row index: fresh is when its import was read as ended, and nothing was in the cut-over's way; imports is when nothing of
	// the tenant was found in its import's way; disks is when its disks were found unchanged.
	fresh, imports, disks sightings
	links                 sync.Map // row index → link, when nothing was found in the cut-over's way
	deleted               groupsGone
	unlisted              atomic.Bool // the service has no call that lists imports
}

// sightings holds when something was seen, by row index. The zero value is empty.
type sightings struct{ m sync.Map }

func (s *sightings) note(row int, at time.Time) { s.m.Store(row, at) }

// at is when it was seen of the row last; zero: never.
func (s *sightings) at(row int) time.Time {
	at, _ := s.m.Load(row)
	t, _ := at.(time.Time)
	return t
}

// take is at, and forgets the row: such a sighting is good for one use.
func (s *sightings) take(row int) time.Time {
	at, _ := s.m.LoadAndDelete(row)
	t, _ := at.(time.Time)
	return t
}

// groupsGone holds when a group, by id in any case, was last found not to exist. The zero value is empty.
type groupsGone struct{ m sync.Map }

func (g *groupsGone) note(id string, at time.Time) { g.m.Store(strings.ToLower(id), at) }

func (g *groupsGone) there(id string) { g.m.Delete(strings.ToLower(id)) }

// suspect marks the group to be looked up, unless it is known to be gone already.
func (g *groupsGone) suspect(id string) { g.m.LoadOrStore(strings.ToLower(id), time.Time{}) }

// since is when the group did not exist; gone is false when it did, or was not looked up.
func (g *groupsGone) since(id string) (at time.Time, gone bool) {
	v, gone := g.m.Load(strings.ToLower(id))
	if gone {
		at = v.(time.Time)
	}
	return at, gone
}
