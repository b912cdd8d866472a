package simtest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"

	"wave365/pkg/migration"
	"wave365/pkg/sandbox/reqlog"
)

// relicense makes every tenth evening one of --trigger relicense: all hold their license directly, and it is taken away for the
// import and given back as the cut-over. Nobody meddles then, and half of the services insist on the policy before the import.
func (s *story) relicense(r *rand.Rand) {
	if r.IntN(10) > 0 || s.forgets() || len(s.cares) > 0 || s.late > 0 {
		return
	}
	s.others = nil
	for i := range s.people {
		s.people[i].trigger = migration.TriggerRelicense
		s.scenario.Users[i].Licenses = []string{s.scenario.Licenses[0].SKU}
	}
	s.scenario.Knobs.NoPolicyImport = pick(r, "", "refuse")
}

// trigger is what all rows of the evening are told to be cut over by; "": as they say.
func (s *story) trigger() migration.Trigger {
	if len(s.people) > 0 && s.people[0].trigger == migration.TriggerRelicense {
		return migration.TriggerRelicense
	}
	return ""
}

// links follows what is done to one user, and tells a cut-over from a license that is given back because nothing was imported.
type links struct {
	trigger migration.Trigger
	left    bool // the user was taken out of the group for that
	away    bool // the license was taken away
}

// cutOver takes up one effect and reports whether it is the cut-over.
func (l *links) cutOver(e reqlog.Entry) bool {
	switch e.Effect {
	case "group member removed":
		l.left = true
	case "group member remove refused":
		l.left = l.left || e.Status == http.StatusNotFound // never was in it
	case "group member added":
		l.left = false
		return l.trigger == migration.TriggerMembership
	case "license removed":
		l.away = true
	case "license assigned":
		l.away = false
		return l.trigger == migration.TriggerLicense || l.trigger == migration.TriggerRelicense && !l.left
	}
	return false
}

// checkReleased wants that nobody who failed before a usable import is left without the license that was taken away for it.
func checkReleased(r migration.Row, intents []migration.Intent, log []reqlog.Entry) error {
	if r.Target.Trigger != migration.TriggerRelicense || r.State != migration.Failed || unsettled(intents) || r.Step.Imported() && r.Step != migration.StepImportWait {
		return nil
	}
	l := links{trigger: r.Target.Trigger}
	for _, e := range log {
		if strings.EqualFold(e.User, r.Target.UserID) {
			l.cutOver(e)
		}
	}
	if l.away && r.Problem.Code != "license.not-given-back" && r.Problem.Code != "user.not-found" {
		return fmt.Errorf("it failed with %s, and the license that was taken away is not given back", r.Problem.Code)
	}
	return nil
}
