// Package rules is the knobs of a scenario in the form that the tenant uses: defaults filled in, durations parsed.
package rules

import (
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/scenario"
)

// Rules are the knobs with their defaults filled in and their durations parsed.
type Rules struct {
	scenario.Knobs
	MembershipMost, LicenseMost                             time.Duration
	ImportLeast, ImportPer10, ProvisionLeast, ProvisionMost time.Duration
	ImportLives, LocationMost, DailyWait                    time.Duration
	FlipsBack                                               bool
}

// Read fills in the defaults and parses the durations; one that cannot be parsed is a fault of kind Invalid.
func Read(k scenario.Knobs) (Rules, error) {
	r := Rules{Knobs: k, FlipsBack: k.FlipFlop != "off" && k.FlipFlop != "false"}
	var err error
	read := func(field, text string, def time.Duration) time.Duration {
		d, e := Duration(field, text, def)
		if e != nil && err == nil {
			err = e
		}
		return d
	}
	r.MembershipMost = read("knobs.membership_lag", k.MembershipLag, time.Minute)
	r.LicenseMost = read("knobs.license_lag", k.LicenseLag, 5*time.Minute)
	r.ImportLeast = read("knobs.import_base", k.ImportBase, 10*time.Minute)
	r.ImportPer10 = read("knobs.import_per_10gib", k.ImportPer10GiB, time.Minute)
	r.ProvisionLeast = read("knobs.provision_min", k.ProvisionMin, 30*time.Minute)
	r.ProvisionMost = read("knobs.provision_max", k.ProvisionMax, time.Hour)
	r.LocationMost = read("knobs.usage_location_lag", k.UsageLocationLag, time.Minute)
	r.DailyWait = read("knobs.daily_retry_after", k.DailyRetryAfter, 0)
	if r.DailyImports == 0 {
		r.DailyImports = 1000
	}
	r.ImportLives = read("knobs.import_expires", k.ImportExpires, 0)
	return r, err
}

// Duration parses a duration of a scenario, which is def when the text is empty; one that cannot be parsed is a fault of kind Invalid
// that names the field.
func Duration(field, text string, def time.Duration) (time.Duration, error) {
	if text == "" {
		return def, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fault.New(fault.Invalid, "scenario.duration", field+": "+text+" is not a duration", "write it like 45m or 90s")
	}
	return d, nil
}
