package simtest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/scenario"
)

// lapse is a role that ends in mid run, as Privileged Identity Management has it, and is activated again later: between the two,
// since the story began, every call to Graph is refused. Zero: there is none.
type lapse struct{ from, until time.Duration }

// lapses draws a lapse in every eighth story, of those after which nobody cares for the tenant: that has no resume to wait for.
func (s *story) lapses(r *rand.Rand) {
	if r.IntN(8) > 0 || len(s.cares) > 0 {
		return
	}
	s.lapse.from = time.Duration(r.Int64N(int64(2 * time.Hour)))
	s.lapse.until = s.lapse.from + time.Duration(3+r.IntN(300))*time.Minute
	rule := scenario.Fault{Kind: "status", Status: http.StatusForbidden, Code: "Forbidden", Service: "graph", From: s.lapse.from.String(), Until: s.lapse.until.String()}
	s.faults = append([]scenario.Fault{rule}, s.faults...)
}

// noticeWithin is how long a process may go on without a right: rows look at what is theirs at most so seldom.
const noticeWithin = time.Hour

// stopped says whether a process ended as it should that ended with err: for a lapse, in good time. Where the rows stand is
// looked at in the end, when each has come to what it would have come to without.
func (l lapse) stopped(err error, story, process time.Time) error {
	if l.until == 0 || fault.CodeOf(err) != "permission.lapsed" {
		return err
	}
	from := later(story.Add(l.from), process)
	if now := time.Now(); now.Before(story.Add(l.from)) || now.Sub(from) > noticeWithin {
		return fmt.Errorf("it stopped at %s, and the role lapsed at %s: %w", stamp(now), stamp(from), err)
	}
	return nil
}
