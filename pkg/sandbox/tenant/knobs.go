package tenant

import (
	"time"

	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant/rules"
)

// SetKnobs lets other rules be in force from now on. What is on its way goes on by the rules under which it began, but for
// imports, which expire as the rules now say. A duration that cannot be read is a fault Invalid, and nothing changes.
func (t *Tenant) SetKnobs(now time.Time, k scenario.Knobs) error {
	r, err := rules.Read(k)
	if err != nil {
		return err
	}
	defer t.enter(now)()
	before := t.rules.ImportLives
	t.rules = r
	if r.ImportLives == before {
		return nil
	}
	for _, s := range t.importsInOrder() {
		if s.Status == ImportSucceeded && s.Usage == NotUsed {
			t.expires(s)
		}
	}
	return nil
}
