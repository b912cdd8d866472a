package run

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"wave365/pkg/estimate"
	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
)

// Choose records the settings that apply from now on; slots of 0 leave their number unchanged. how is the command that
// chose.
func (s *Session) Choose(ctx context.Context, slots int, next migration.Settings, how string) error {
	return s.change(ctx, ledger.Change{Slots: slots, Settings: s.Run.Settings.PatchTo(next), By: s.opt.Driver.String() + ", " + how})
}

// change records a change of the run and applies it. One that changes nothing is not recorded.
func (s *Session) change(ctx context.Context, c ledger.Change) error {
	if c.Slots == s.Run.Slots {
		c.Slots = 0
	}
	if c.Slots == 0 && c.WaveHash == "" && len(c.Settings) == 0 {
		return nil
	}
	if err := s.Ledger.ChangeRun(context.WithoutCancel(ctx), s.Run.ID, c); err != nil {
		return err
	}
	r, err := s.Ledger.Run(ctx, s.Run.ID)
	if err == nil {
		s.Run = r
	}
	return err
}

// MaxSlots is the largest number of imports in flight. With that many, imports that take six hours each, the longest that is
// expected, use up the thousand that the service is documented to accept of a tenant in a day: more can only be refused.
const MaxSlots = estimate.DailyImports * 6 / 24

// CheckSlots refuses a number of slots that no run can have.
func CheckSlots(n int) error {
	if n >= 1 && n <= MaxSlots {
		return nil
	}
	return fault.New(fault.Invalid, "usage", "invalid number of slots "+strconv.Itoa(n), fmt.Sprintf("choose a number from 1 to %d: the service is said to accept %d imports of a tenant in a day, "+
		"and %d slots use those up even when each import takes six hours", MaxSlots, estimate.DailyImports, MaxSlots))
}

// CheckCanary refuses a canary that is not smaller than the run: no other row would be left to wait for it.
func CheckCanary(n int, rows []migration.Row) error {
	able := 0
	for _, r := range rows {
		if r.State != migration.Skipped && r.State != migration.Cancelled {
			able++
		}
	}
	if n == 0 || n < able || able == 1 && n == 1 {
		return nil
	}
	return fault.New(fault.Invalid, "usage", "--canary "+strconv.Itoa(n)+" is not smaller than the wave, which has "+rowsText(able)+" to run",
		"choose fewer rows, such as --canary 2; the others start when these have succeeded")
}

// ClockTime returns the next moment at which it is hh:mm in zone; zero for "none".
func ClockTime(text string, now time.Time, zone *time.Location) (time.Time, error) {
	if text = strings.TrimSpace(text); text == "none" || text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse("15:04", text)
	if err != nil {
		return time.Time{}, fault.New(fault.Invalid, "usage", "invalid time of day "+strconv.Quote(text), "")
	}
	now = now.In(zone)
	at := time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), 0, 0, zone)
	if !at.After(now) {
		at = time.Date(now.Year(), now.Month(), now.Day()+1, t.Hour(), t.Minute(), 0, 0, zone)
	}
	return at, nil
}
