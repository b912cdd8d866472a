// Package settling finds out the outcome of writes whose command died, or lost its connection, before it knew: by reading
// the tenant, never by repeating them. Otherwise a later command, of any name, would find the effect there, have nothing to
// do, and leave the write undecided for ever.
package settling

import (
	"context"
	"encoding/json"
	"time"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/closing"
	"wave365/pkg/tenantcare/closing/facts"
	"wave365/pkg/tenantcare/images"
	"wave365/pkg/tenantcare/imports"
	"wave365/pkg/tenantcare/leaving"
	"wave365/pkg/tenantcare/policies"
	"wave365/pkg/tenantcare/snapshotsetting"
	"wave365/pkg/tenantcare/wavegroup"
)

// Tenant are the calls it makes, of which none but a read is made; *graph.Client makes them.
type Tenant interface {
	leaving.Reads
	imports.Tenant
	snapshotsetting.Tenant
	images.Tenant
	wavegroup.Finder
}

// Settled is a write that was decided.
type Settled struct {
	migration.Write
	Outcome migration.Outcome
}

// Writes decides the undecided writes that f selects and that are known to be of the writer's tenant. Effects of runs are left
// to the runs, and messages are never looked for: whether one arrived cannot be seen. A nil s leaves blobs undecided. It
// waits, in service time, for the time that an effect may take to show. tell is called with each.
//
// Errors: those of the looks; the journal's; Interrupted.
func Writes(ctx context.Context, w tenantcare.Writer, t Tenant, s facts.Storage, f migration.WriteFilter, tell func(Settled)) error {
	f.Undecided = true
	open, err := w.Journal.Writes(context.WithoutCancel(ctx), f)
	if err != nil {
		return err
	}
	for _, o := range open {
		if !tenantcare.In(w.Tenant, o) {
			continue
		}
		look, shows := of(w, t, s, o)
		if look == nil {
			continue
		}
		out, err := w.Settle(ctx, o, look, shows)
		if err != nil {
			return err
		}
		tell(Settled{o, out})
	}
	return nil
}

// of is how to look for what a write did, and how long that may take to show; nil: it is not looked for here.
func of(by tenantcare.Writer, t Tenant, s facts.Storage, w migration.Write) (tenantcare.Look, time.Duration) {
	if w.Command == migration.CommandRun {
		return nil, 0
	}
	switch w.Effect {
	case tenantcare.PolicyCreate, tenantcare.PolicyUpdate:
		return orGone(policies.Written(t, w)), 0
	case migration.EffectSettingCreate, tenantcare.SettingRestore:
		return orGone(snapshotsetting.Written(t, w)), 0
	case tenantcare.ImageCreate, tenantcare.ImageDelete:
		return images.Written(t, w), 0
	case tenantcare.GroupCreate:
		return wavegroup.Made(by, t, w.Target), wavegroup.Shows
	case migration.EffectPurge:
		return imports.RecordGone(t, w.Target), 0
	case tenantcare.GroupDelete:
		return wavegroup.Gone(t, w.Target), 0
	case tenantcare.PolicyAssign:
		if group := takenOut(w); group != "" {
			return wavegroup.Without(w.Target, group, tenantcare.PolicyGroups(t, w.Target)), 0
		}
		return orGone(policies.Written(t, w)), 0
	case migration.EffectSettingAssign:
		if group := takenOut(w); group != "" {
			return wavegroup.Without(w.Target, group, tenantcare.SettingGroups(t, w.Target)), 0
		}
		return orGone(snapshotsetting.Written(t, w)), 0
	case tenantcare.BlobDelete:
		if ref, err := bloburl.Parse(w.Target, ""); err == nil && s != nil {
			return closing.BlobGone(s, ref), 0
		}
	}
	return ofPerson(t, w)
}

// ofPerson is [of] for what is done to one person.
func ofPerson(t Tenant, w migration.Write) (tenantcare.Look, time.Duration) {
	switch w.Effect {
	case tenantcare.LicenseRemove:
		return leaving.LicenseGone(t, w.UserID, w.Target), 0
	case tenantcare.LicenseAssign:
		return leaving.LicenseHeld(t, w.UserID, w.Target), 0
	case tenantcare.GroupLeave:
		return leaving.MembershipGone(t, w.UserID, w.Target), 0
	case tenantcare.GraceEnd:
		return leaving.Ended(t, w.User, w.Target, w.At), leaving.EndShows
	}
	return nil, 0
}

// takenOut is the group that an assignment took out; "": it put groups in.
func takenOut(w migration.Write) (group string) {
	if json.Unmarshal(w.Before, &group) != nil {
		return ""
	}
	return group
}

// orGone makes a look at a deleted object find nothing.
func orGone(look tenantcare.Look) tenantcare.Look {
	if look == nil {
		return nil
	}
	return func(ctx context.Context) (string, string, bool, error) {
		id, seen, ok, err := look(ctx)
		if fault.Is(err, fault.NotFound) {
			return "", "", false, nil
		}
		return id, seen, ok, err
	}
}

// Text describes the outcome for people.
func (s Settled) Text() string {
	who := ""
	if s.User != "" {
		who = " of " + s.User
	}
	end := "did not happen"
	if s.Outcome.Status.Happened() {
		end = "had happened: " + s.Outcome.Detail
	}
	return "an earlier wave365 " + s.Command + " ended before it knew: " + string(s.Effect) + who + " " + end
}
