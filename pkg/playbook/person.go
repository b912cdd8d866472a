package playbook

import (
	"context"
	"slices"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// People are the calls that read many users at once.
type People interface {
	UsersTogether(ctx context.Context, ids []string) ([]graph.UserAnswer, error)
	LicenseDetailsOf(ctx context.Context, userIDs []string) ([]graph.LicenseAnswer, error)
}

// person is what the tenant says of a row's user right before the import.
type person struct {
	user     graph.UserAnswer
	licenses graph.LicenseAnswer
}

// checkAll checks rows: first whether their users are as they were validated, who are read together, in two calls for
// up to twenty; then the rest, row by row.
func (b *Book) checkAll(ctx context.Context, rows []migration.Row) ([]migration.Result, error) {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.Target.UserID
	}
	people := map[string]person{}
	users, err := b.graph.UsersTogether(ctx, ids)
	licenses := make([]graph.LicenseAnswer, len(ids))
	var holders []string
	var at []int
	for i := range users {
		if users[i].Err != nil || len(users[i].User.AssignedSKUs) > 0 { // nobody has the plans of a license they do not hold
			holders, at = append(holders, ids[i]), append(at, i)
		}
	}
	if err == nil && len(holders) > 0 {
		var details []graph.LicenseAnswer
		if details, err = b.graph.LicenseDetailsOf(ctx, holders); err == nil {
			for k, i := range at {
				licenses[i] = details[k]
			}
		}
	}
	for i, id := range ids {
		if err != nil {
			people[id] = person{user: graph.UserAnswer{Err: err}}
		} else {
			people[id] = person{users[i], licenses[i]}
		}
	}
	return each(func(ctx context.Context, r migration.Row) (migration.Result, error) {
		if res, ok := b.same(r, people[r.Target.UserID]); !ok {
			return res, nil
		}
		return b.check(ctx, r)
	})(ctx, rows)
}

// same compares a row's user with what validation saw. It answers false with the row's result when they differ.
func (b *Book) same(r migration.Row, p person) (migration.Result, bool) {
	for _, err := range []error{p.user.Err, p.licenses.Err} {
		if err != nil && !fault.Is(err, fault.NotFound) {
			return unread(b, r, err, "check.failed", "read user "+r.Target.User), false
		}
	}
	problem := changed(r, p)
	if problem == nil {
		return migration.Result{}, true
	}
	return b.surprising(r, r.Facts, problem.Message, func(f migration.Facts) migration.Result { return migration.Failure(f, *problem) }), false
}

// changed is the rule behind same: the account is there, enabled and called as before; and the license that is to come
// last has not come yet, or the one that must be there first still is.
func changed(r migration.Row, p person) *migration.Problem {
	t, u := r.Target, p.user.User
	const since = " since validation"
	switch {
	case p.user.Err != nil || p.licenses.Err != nil:
		return &migration.Problem{Code: "user.not-found", Message: t.User + " is gone" + since, Hint: "restore the account in Entra ID, then run `wave365 retry`"}
	case !u.Enabled:
		return &migration.Problem{Code: "user.disabled", Message: "the account of " + t.User + " was disabled" + since, Hint: "enable it in Entra ID, then run `wave365 retry`"}
	case t.UPN != "" && !strings.EqualFold(u.UPN, t.UPN):
		return &migration.Problem{
			Code: "check.moved", Message: t.UPN + " is called " + u.UPN + since + ", and Cloud PCs are found by that name",
			Hint: "write the new name into the wave file, validate again and run the row in a new wave",
		}
	}
	held := slices.ContainsFunc(p.licenses.Licenses, func(l graph.License) bool {
		return slices.ContainsFunc(l.Plans, func(p graph.LicensePlan) bool {
			usable := strings.EqualFold(p.Status, "Success")
			if t.Trigger == migration.TriggerLicense {
				// What is on its way may arrive at any time.
				return (usable || strings.HasPrefix(strings.ToLower(p.Status), "pending")) && (strings.EqualFold(l.SKUID, t.SKUID) || t.PlanID != "" && strings.EqualFold(p.ID, t.PlanID))
			}
			return usable && strings.EqualFold(p.ID, t.PlanID)
		})
	})
	switch {
	case t.Trigger == migration.TriggerLicense && held && r.Attempt <= 1:
		return &migration.Problem{
			Code: "user.already-targeted", Message: t.User + " was given " + t.SKUName + since + ": joining the group would start the Cloud PC before the snapshot is there",
			Hint: "take the license away again, then run `wave365 retry`; or leave the license cell empty in a new wave",
		}
	case t.Trigger == migration.TriggerMembership && t.PlanID != "" && !held:
		return &migration.Problem{
			Code: "license.missing", Message: t.User + " does not hold " + t.PlanName + " any more, or not in a usable state",
			Hint: "assign the license again, then run `wave365 retry`",
		}
	}
	return nil
}
