package tenant

import (
	"time"

	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant/rules"
)

// SetKnobs changes the rules from now on. Operations in progress continue by the rules under which they began, except for
// imports, which expire by the new ones. A duration that cannot be parsed is a fault of kind Invalid, and nothing changes.
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
