package preflight

import (
	"fmt"
	"strings"
	"sync"

	"wave365/pkg/cloud/bound"
	"wave365/pkg/cloud/contact"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
)

// hopeless is how many objects in a row must fail in the same way, with none read, before the rest is skipped.
const hopeless = 20

// tally distinguishes one unreadable object among readable ones from a service that reads none: the first is a finding of
// its row, the second ends the check and is reported once. Safe for concurrent use.
type tally struct {
	// code is that of the finding, such as "user.unreadable"; things is the plural noun for the objects.
	code, things string
	// total is how many there are to read.
	total int

	mu      sync.Mutex
	read    int
	failed  int
	first   *fault.Fault
	various bool
	// silent: one call got no answer.
	silent bool
	whole  error
}

// add counts the answer for one object. The error ends the check: it concerns more than this one object. An answer that
// the object does not exist is an answer.
func (t *tally) add(err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch f := fault.As(err); {
	case t.whole != nil:
	case err == nil || fault.Is(err, fault.NotFound):
		t.read++
	case f == nil || wide(f):
		t.whole = err
	default:
		t.failed++
		if t.first == nil {
			t.first = f
		}
		t.various = t.various || !alike(t.first, f)
		// One object alone proves nothing about the others, unless nothing may be read.
		if t.read == 0 && !t.various && (t.failed >= 2 || denied(f)) && t.failed >= min(hopeless, t.total) {
			t.whole = t.none()
		}
	}
	return t.whole
}

// none is the one error for the case that nothing could be read.
func (t *tally) none() error {
	count := fmt.Sprintf("all %d", t.failed)
	if t.failed < t.total {
		count = fmt.Sprintf("the first %d of %d", t.failed, t.total)
	}
	if t.first.Code == graph.CodeSignIn || t.first.Code == graph.CodeConditionalAccess {
		return t.first
	}
	f := *t.first
	f.Err = t.first
	if f.Code != contact.CodeUnreachable {
		f.Code = t.code
	}
	f.Msg = "cannot read " + count + " " + t.things + ", all for the same reason: " + f.Msg
	if f.Kind == fault.Invalid || f.Kind == fault.NotFound {
		f.Kind = fault.Unavailable // the command line is not at fault
	}
	if f.Hint == "" {
		f.Hint = "this is not a problem of single rows: check the service and the network, then validate again"
	}
	return &f
}

// alike reports whether two failures are of one kind.
func alike(a, b *fault.Fault) bool {
	if a.Kind != b.Kind || a.Code != b.Code || (a.Remote == nil) != (b.Remote == nil) {
		return false
	}
	return a.Remote == nil || a.Remote.Status == b.Remote.Status && strings.EqualFold(a.Remote.Code, b.Remote.Code)
}

// wide reports failures that are about us, and never about the one object that was read. A refused sign-in is not among
// them: it may be the answer for one object only, and when sign-in itself is at fault it is the first answer.
func wide(f *fault.Fault) bool {
	switch {
	case f.Kind == fault.Interrupted || f.Kind == fault.Internal || f.Kind == fault.Denied && f.Remote == nil:
		return true
	case f.Code == contact.CodeUnreachable, f.Code == bound.CodeTooLarge:
		return false // of a host or an answer, of which there are others
	}
	return strings.HasPrefix(f.Code, "cloud.")
}

// why is what a service answered about an object that could not be read.
func why(err error) string {
	f := fault.As(err)
	if f == nil || f.Remote == nil || f.Remote.Status == 0 || strings.Contains(err.Error(), fmt.Sprint(f.Remote.Status)) {
		return err.Error()
	}
	return fmt.Sprintf("%s, status %d", err, f.Remote.Status)
}

// unreadable adds the finding for a row of which something could not be read, with the remedy of the failure.
func (c *check) unreadable(code string, r *row, column, value string, err error) {
	c.flag(code, r, column, value, why(err))
	if h := fault.HintOf(err); h != "" {
		c.remedy(h)
	}
}
