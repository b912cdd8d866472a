package tenant

import (
	"slices"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/scenario"
)

// rules are the knobs with their defaults filled in and their durations read.
type rules struct {
	scenario.Knobs
	membershipLag, licenseLag                           time.Duration
	importBase, importPer10, provisionMin, provisionMax time.Duration
	importExpires, locationLag, dailyRetryAfter         time.Duration
	flipFlop                                            bool
}

func readRules(k scenario.Knobs) (rules, error) {
	r := rules{Knobs: k, flipFlop: k.FlipFlop != "off" && k.FlipFlop != "false"}
	var err error
	read := func(field, text string, def time.Duration) time.Duration {
		d, e := duration(field, text, def)
		if e != nil && err == nil {
			err = e
		}
		return d
	}
	r.membershipLag = read("knobs.membership_lag", k.MembershipLag, time.Minute)
	r.licenseLag = read("knobs.license_lag", k.LicenseLag, 5*time.Minute)
	r.importBase = read("knobs.import_base", k.ImportBase, 10*time.Minute)
	r.importPer10 = read("knobs.import_per_10gib", k.ImportPer10GiB, time.Minute)
	r.provisionMin = read("knobs.provision_min", k.ProvisionMin, 30*time.Minute)
	r.provisionMax = read("knobs.provision_max", k.ProvisionMax, time.Hour)
	r.locationLag = read("knobs.usage_location_lag", k.UsageLocationLag, time.Minute)
	r.dailyRetryAfter = read("knobs.daily_retry_after", k.DailyRetryAfter, 0)
	if r.DailyImports == 0 {
		r.DailyImports = 1000
	}
	r.importExpires = read("knobs.import_expires", k.ImportExpires, 0)
	return r, err
}

// SetKnobs lets other rules be in force from now on. What is on its way goes on by the rules under which it began, but for
// imports, which expire as the rules now say. A duration that cannot be read is a fault Invalid, and nothing changes.
func (t *Tenant) SetKnobs(now time.Time, k scenario.Knobs) error {
	r, err := readRules(k)
	if err != nil {
		return err
	}
	defer t.enter(now)()
	before := t.rules.importExpires
	t.rules = r
	if r.importExpires == before {
		return nil
	}
	t.events = slices.DeleteFunc(t.events, func(e event) bool { return e.Kind == importExpires })
	for _, s := range t.importsInOrder() {
		if r.importExpires > 0 && s.Status == ImportSucceeded && s.Usage == NotUsed {
			t.at(s.Ended.Add(r.importExpires), importExpires, lower(s.user.ID), s.N)
		}
	}
	return nil
}

func duration(field, text string, def time.Duration) (time.Duration, error) {
	if text == "" {
		return def, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fault.New(fault.Invalid, "scenario.duration", field+": "+text+" is not a duration", "write it like 45m or 90s")
	}
	return d, nil
}

// refusal is the kind for a refusal whose status a knob chooses: 409 is a conflict, all else a bad request.
func refusal(status int) fault.Kind {
	if status == 409 {
		return fault.Conflict
	}
	return fault.Invalid
}
