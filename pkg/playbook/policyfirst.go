package playbook

import (
	"strings"
	"sync"

	"wave365/pkg/migration"
)

// codePolicyFirst is the code of imports that the service takes only once the policy reaches the user.
const codePolicyFirst = "import.policy-first"

// policyFirst finds out, with one row, whether the service takes an import for a user whom no policy reaches yet: that is so
// for every row whose membership comes last, or for none. Safe for concurrent use.
type policyFirst struct {
	mu     sync.Mutex
	asking bool
	taken  bool
	// refused is what the row that was sent first failed for; nil: it was not refused.
	refused *migration.Problem
}

// finding decides about the sending of a row's import, whose membership comes last: send it, wait for the row that is sent
// first, or fail as that one did.
func (p *policyFirst) finding(r migration.Row, send func() (migration.Result, error)) func() (migration.Result, error) {
	return func() (res migration.Result, err error) {
		wait, refused := p.enter()
		switch {
		case refused != nil:
			return notSent(r, *refused), nil
		case wait:
			return migration.Wait(r.Facts, half, "another row finds out whether the service takes imports before the membership"), nil
		}
		defer func() { p.answered(res) }()
		return send()
	}
}

// enter admits one row, and makes the others wait for it, or fail with what it was refused for. A row that is to send
// calls answered afterwards.
func (p *policyFirst) enter() (wait bool, refused *migration.Problem) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.taken:
		return false, nil
	case p.refused != nil:
		return false, p.refused
	case p.asking:
		return true, nil
	}
	p.asking = true
	return false, nil
}

// answered records the result of a row that was told to send.
func (p *policyFirst) answered(res migration.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asking = false
	switch {
	case res.Kind == migration.ResultDone:
		p.taken = true
	case res.Kind == migration.ResultFail && res.Problem.Code == codePolicyFirst:
		p.refused = res.Problem
	}
}

// known takes over that an import was taken before the membership.
func (p *policyFirst) known() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken = true
}

// wantsPolicy reports whether the service refused an import because no policy reaches the user.
func wantsPolicy(p migration.Problem) bool {
	return strings.EqualFold(p.ServiceCode, "MissingProvisionPolicy")
}

// notSent is the failure of a row that was not sent because another one was refused for a reason that applies to all of
// them.
func notSent(r migration.Row, first migration.Problem) migration.Result {
	p := migration.Problem{
		Code: codePolicyFirst, Message: "not sent: the service refused the first import whose membership comes last, because no policy reaches the user before it (MissingProvisionPolicy)",
		Hint: first.Hint, Commands: first.Commands,
	}
	return migration.Failure(r.Facts, p)
}
