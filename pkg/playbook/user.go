package playbook

import (
	"cmp"
	"slices"
	"strings"

	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/preflight/rules"
)

// codeNoUser is the code of a user who is not in the tenant.
const codeNoUser = "user.not-found"

// accountDrift reports that the account of a row's user is gone or disabled since validation; nil: it is unchanged.
func accountDrift(r migration.Row, s surroundings) *migration.Problem {
	answer := s.user
	if answer.Err == nil && s.licenses.Err != nil {
		answer.Err = s.licenses.Err // gone between the two reads
	}
	if broken := rules.User(r.Target.User, answer); broken != nil {
		fix := "restore the account in Entra ID"
		if broken.Code == "user.disabled" {
			fix = "enable it in Entra ID"
		}
		return &migration.Problem{Code: broken.Code, Message: broken.Message + " since validation", Hint: fix + ", then retry", Commands: retry()}
	}
	return nil
}

// userGone reports that a row's user is not in the tenant any more; nil: they are.
func userGone(r migration.Row, s surroundings) *migration.Problem {
	if p := accountDrift(r, s); p != nil && p.Code == codeNoUser {
		return p
	}
	return nil
}

// userDrift reports how a row's user differs from what validation saw: the account exists, is enabled and, where an import
// would be sent, has the same name, and the license that must be there before the cut-over still is. nil: as validated.
func userDrift(r migration.Row, s surroundings, sends bool) *migration.Problem {
	if p := accountDrift(r, s); p != nil {
		return p
	}
	t := r.Target
	if u := s.user.User; sends && t.UPN != "" && !strings.EqualFold(u.UPN, t.UPN) {
		return &migration.Problem{
			Code: "check.moved", Message: t.UPN + " is called " + u.UPN + " since validation, and Cloud PCs are found by that name",
			Hint: "write the new name into the wave file, validate again and run the row in a new wave",
		}
	}
	if (t.Trigger == migration.TriggerMembership || t.Trigger == migration.TriggerRelicense && r.Step == migration.StepCheck) && t.PlanID != "" && !holdsPlan(s.licenses.Licenses, t.PlanID) {
		return licenseMissing(r)
	}
	return nil
}

func licenseMissing(r migration.Row) *migration.Problem {
	return &migration.Problem{
		Code: "license.missing", Message: r.Target.User + " does not hold " + cmp.Or(r.Target.PlanName, r.Target.SKUName) + " any more, or not in a usable state",
		Hint: "assign the license again, then retry", Commands: retry(),
	}
}

func holdsPlan(held []graph.License, planID string) bool {
	return slices.ContainsFunc(held, func(l graph.License) bool {
		return slices.ContainsFunc(l.Plans, func(p graph.LicensePlan) bool {
			return strings.EqualFold(p.Status, "Success") && strings.EqualFold(p.ID, planID)
		})
	})
}
