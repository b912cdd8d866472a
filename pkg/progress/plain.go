package progress

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"wave365/pkg/migration"
)

// plain writes one line per change of step or state, for logs and pipes.
type plain struct {
	lines
}

func newPlain(w io.Writer, now func() time.Time) *plain {
	return &plain{lines{board: board{now: now}, w: w}}
}

func (p *plain) Start(run migration.Run, rows []migration.Row) {
	p.begin(run, rows, func() string {
		tenant := run.TenantName
		if tenant == "" {
			tenant = run.Tenant
		}
		c := migration.Count(rows)
		return p.stamp(p.now(), fmt.Sprintf("run %s: wave %s, %d rows, %d done, tenant %s (%s), %d slots",
			clean(run.ID), clean(run.Wave), c.Total, c.Done(), clean(tenant), clean(run.Cloud), run.Slots))
	})
}

func (p *plain) Row(r migration.Row) {
	p.mutate(func() (string, bool) {
		c, ok := p.update(r)
		if !ok || !c.moved && !c.tried {
			return "", false
		}
		at := r.UpdatedAt
		if at.IsZero() {
			at = p.now()
		}
		word := string(r.State)
		if r.State.Final() {
			word, _ = endWord(r)
		}
		text := []string{name(r.Target.User, r.Target.UPN), string(r.Step), word}
		if r.State.Final() {
			text = append(text, fmt.Sprintf("(%d/%d)", c.counts.Done(), c.counts.Total))
			if c.took > 0 {
				text = append(text, "after "+short(c.took))
			}
		}
		if r.Tries > 0 && r.State == migration.Waiting {
			text = append(text, fmt.Sprintf("before try %d", r.Tries+1))
		}
		if !r.NotBefore.IsZero() && r.State == migration.Waiting {
			text = append(text, "until "+r.NotBefore.UTC().Format(time.RFC3339))
		}
		s := strings.Join(text, " ")
		if why := endWhy(r); why != "" {
			s += ": " + why
		}
		return p.stamp(at, s), true
	})
}

func (p *plain) Polled(poll Poll) { p.polled(poll) }

func (p *plain) Status(text string) {
	p.mutate(func() (string, bool) {
		if !p.setStatus(text) {
			return "", false
		}
		if text == "" {
			return p.stamp(p.now(), "status: clear"), true
		}
		return p.stamp(p.now(), "status: "+clean(text)), true
	})
}

func (p *plain) Done() {
	p.finish(func(c migration.Counts) string {
		var parts []string
		for _, s := range p.countSpans()[1:] {
			if s := strings.TrimSpace(s.text); s != "" {
				parts = append(parts, s)
			}
		}
		return p.stamp(p.now(), fmt.Sprintf("%d of %d rows done: %s", c.Done(), c.Total, strings.Join(parts, ", ")))
	})
}

func (p *plain) stamp(at time.Time, text string) string {
	return at.UTC().Format(time.RFC3339) + " " + text + "\n"
}

// lines is a board whose changes leave in order, one line each.
type lines struct {
	board
	w io.Writer

	// order keeps lines in the order of the changes they tell of.
	order sync.Mutex
	out   *outbox
}

func (l *lines) begin(run migration.Run, rows []migration.Row, text func() string) {
	l.order.Lock()
	defer l.order.Unlock()
	if l.start(run, rows) {
		l.out = newOutbox(l.w)
		l.out.put(text())
	}
}

func (l *lines) mutate(change func() (string, bool)) {
	l.order.Lock()
	defer l.order.Unlock()
	if text, ok := change(); ok {
		l.out.put(text)
	}
}

func (l *lines) finish(text func(migration.Counts) string) {
	l.order.Lock()
	defer l.order.Unlock()
	if c, ok := l.end(); ok {
		l.out.put(text(c))
		l.out.close()
	}
}
