package leaving

import (
	"cmp"
	"context"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
)

// Times of the service, with reserve: it shows a lost link within minutes, an ended grace period within ten, and flips
// back meanwhile.
const (
	lookEvery      = time.Minute
	gracePatience  = 2 * time.Hour
	gonePatience   = 3 * time.Hour
	endIsStillOurs = 3 * time.Hour
)

// EndShows is how long an ended grace period may take to be seen.
const EndShows = 15 * time.Minute

// Person is whom a write is about, for the journal; Row is the row of the writer's run, or migration.WaveRow.
type Person struct {
	UserID, User string
	Row          int
}

// CutLicense takes a directly assigned license away.
func CutLicense(ctx context.Context, w tenantcare.Writer, t Tenant, p Person, sku string) (migration.Outcome, error) {
	return w.Do(ctx, tenantcare.Effect{
		Write:   migration.Write{Effect: tenantcare.LicenseRemove, Target: sku, UserID: p.UserID, User: p.User, Row: p.Row},
		Present: LicenseGone(t, p.UserID, sku),
		Call:    func(ctx context.Context) (string, error) { return sku, t.RemoveLicense(ctx, p.UserID, sku) },
	})
}

// CutMembership takes the user out of a group.
func CutMembership(ctx context.Context, w tenantcare.Writer, t Tenant, p Person, group string) (migration.Outcome, error) {
	return w.Do(ctx, tenantcare.Effect{
		Write:   migration.Write{Effect: tenantcare.GroupLeave, Target: group, UserID: p.UserID, User: p.User, Row: p.Row},
		Present: MembershipGone(t, p.UserID, group),
		Call:    func(ctx context.Context) (string, error) { return group, t.RemoveMember(ctx, group, p.UserID) },
	})
}

// LicenseGone looks whether the user does not hold a license by a direct assignment.
func LicenseGone(t Reads, userID, sku string) tenantcare.Look {
	return license(t, userID, sku, "the user does not hold it", false)
}

// LicenseHeld looks whether the user holds a license by a direct assignment.
func LicenseHeld(t Reads, userID, sku string) tenantcare.Look {
	return license(t, userID, sku, "the user holds it", true)
}

func license(t Reads, userID, sku, seen string, held bool) tenantcare.Look {
	return tenantcare.Sees(sku, seen, func(ctx context.Context) (graph.User, error) { return t.User(ctx, userID) },
		func(u graph.User) bool { return Direct(u, sku) == held })
}

// MembershipGone checks that the user is not a direct member of a group.
func MembershipGone(t Reads, userID, group string) tenantcare.Look {
	return tenantcare.Sees(group, "the user is not a member", func(ctx context.Context) (bool, error) { return t.IsMember(ctx, group, userID) },
		func(in bool) bool { return !in })
}

// Unlink cuts the link and waits until the Cloud PC is seen in its grace period twice, or has gone further. tell is
// called with its status when that changes.
func Unlink(ctx context.Context, w tenantcare.Writer, t Tenant, l Leave, tell func(string)) error {
	p := Person{l.User.ID, l.User.UPN, migration.WaveRow}
	switch l.By {
	case ByLicense:
		if _, err := CutLicense(ctx, w, t, p, l.SKU); err != nil {
			return err
		}
	case ByMembership:
		for _, g := range l.Groups {
			if _, err := CutMembership(ctx, w, t, p, g); err != nil {
				return err
			}
		}
	}
	return l.await(ctx, w.Clock, t, gracePatience, tell, func(status string) bool {
		return status == graph.StatusInGracePeriod || leaving(status) || status == ""
	},
		"is still %s two hours after its license or membership was removed", "look at the user's licenses and groups: somebody may have given them back; then run the command again")
}

// End ends the grace period, once and for good, and waits until the Cloud PC is gone, seen twice.
func End(ctx context.Context, w tenantcare.Writer, t Tenant, l Leave, tell func(string)) error {
	now, err := l.now(ctx, t)
	if err != nil {
		return err
	}
	ended, err := l.ended(ctx, w)
	if err != nil {
		return err
	}
	if now == graph.StatusInGracePeriod && !ended {
		if err := l.endGrace(ctx, w, t); err != nil {
			return err
		}
	}
	return l.await(ctx, w.Clock, t, gonePatience, tell, func(status string) bool { return status == "" },
		"is still %s three hours after its grace period was ended", "it cannot be used any more; run the command again later, or open a ticket")
}

// ended reports whether this ledger ended the grace period of this very Cloud PC a while ago: the service shows the old
// status for some minutes, and flips.
func (l Leave) ended(ctx context.Context, w tenantcare.Writer) (bool, error) {
	past, err := w.Journal.Writes(context.WithoutCancel(ctx), migration.WriteFilter{Target: l.PC.ID})
	for _, p := range past {
		if p.Effect == tenantcare.GraceEnd && p.Changed() && p.At.After(l.PC.ProvisionedAt) && w.Clock.Now().Sub(p.At) < endIsStillOurs {
			return true, err
		}
	}
	return false, err
}

func (l Leave) endGrace(ctx context.Context, w tenantcare.Writer, t Tenant) error {
	_, err := w.Do(ctx, tenantcare.Effect{
		Write: migration.Write{Effect: tenantcare.GraceEnd, Target: l.PC.ID, UserID: l.User.ID, User: l.User.UPN, Row: migration.WaveRow},
		Shows: EndShows,
		Present: func(ctx context.Context) (string, string, bool, error) {
			status, err := l.now(ctx, t)
			if err == nil && status != graph.StatusInGracePeriod && status != "" && !leaving(status) {
				err = refused(l.User.UPN + ": Cloud PC " + l.PC.DisplayName + " is " + status + " again: its grace period is over, because somebody restored the license or membership")
			}
			return l.PC.ID, "it is being deprovisioned", err == nil && (status == "" || leaving(status)), err
		},
		Call: func(ctx context.Context) (string, error) { return l.PC.ID, t.EndGracePeriod(ctx, l.PC.ID) },
	})
	return err
}

// Ended checks whether a Cloud PC is being deprovisioned or gone, since a moment: one that was provisioned after it is
// another one, whatever its id.
func Ended(t Reads, upn, id string, since time.Time) tenantcare.Look {
	return func(ctx context.Context) (string, string, bool, error) {
		pcs, err := t.CloudPCsOf(ctx, []string{upn})
		for _, p := range pcs {
			if strings.EqualFold(p.ID, id) && !p.ProvisionedAt.After(since) {
				return id, "it is being deprovisioned", err == nil && leaving(p.Status), err
			}
		}
		return id, "it is gone", err == nil, err
	}
}

// now is the status of this very Cloud PC; "" when it is gone. An id may be used again: another one is recognized by when
// it was provisioned.
func (l Leave) now(ctx context.Context, t Reads) (string, error) {
	pcs, err := t.CloudPCsOf(ctx, []string{l.User.UPN})
	if err != nil {
		return "", err
	}
	for _, p := range pcs {
		if !strings.EqualFold(p.ID, l.PC.ID) {
			continue
		}
		if p.ProvisionedAt.After(l.PC.ProvisionedAt) || p.ProvisionedAt.IsZero() && !l.PC.ProvisionedAt.IsZero() && !leaving(p.Status) && p.Status != graph.StatusInGracePeriod {
			return "", nil
		}
		return p.Status, nil
	}
	return "", nil
}

// await looks until the status is as wanted twice, apart in time.
func (l Leave) await(ctx context.Context, c tenantcare.Clock, t Reads, patience time.Duration, tell func(string), wanted func(status string) bool, late, hint string) error {
	seen, last := 0, l.PC.Status
	for since := c.Now(); ; {
		status, err := l.now(ctx, t)
		switch {
		case fault.Is(err, fault.Unavailable), fault.Is(err, fault.Throttled): // it passes
		case err != nil:
			return err
		default:
			if status != last {
				tell(cmp.Or(status, Gone))
			}
			last = status
			if seen++; !wanted(status) {
				seen = 0
			}
			if seen == 2 {
				return nil
			}
		}
		if c.Now().Sub(since) > patience {
			return fault.New(fault.Unavailable, "deprovision.late", l.User.UPN+": Cloud PC "+l.PC.DisplayName+" "+strings.Replace(late, "%s", cmp.Or(last, Gone), 1), hint)
		}
		if err := tenantcare.Sleep(ctx, c, lookEvery); err != nil {
			return err
		}
	}
}

// Gone is the reported status of a Cloud PC that does not exist any more.
const Gone = "gone"
