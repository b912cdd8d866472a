package reporttest

import (
	"fmt"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
)

// journey takes one row through the story that belongs to its position in the wave.
func journey(w *walk, p person, slots []time.Time) {
	i := w.row.Index
	kind := i % 24
	if prob, bad := refused(kind, w.row.Target.Line); bad {
		w.take(func(r migration.Row) migration.Transition { return migration.Skip(r, prob, w.at) })
		return
	}
	switch kind {
	case 22:
		w.pass(95 * time.Minute)
		w.end(migration.Cancelled, w.row.Step, migration.ReasonOperator, "cancelled by megan@contoso.example: leaves the company")
		return
	case 23:
		w.pass(170 * time.Minute)
		w.end(migration.Deferred, w.row.Step, migration.ReasonStopBy, "it would have ended at 01:10, after --stop-by 23:30")
		return
	}
	slot := earliest(slots)
	w.at = slots[slot].Add(time.Duration(i%7) * time.Second)
	if down := Start().Add(86 * time.Minute); w.at.After(down) && w.at.Before(down.Add(22*time.Minute)) {
		w.at = down.Add(22*time.Minute + time.Duration(5+i%9)*time.Second)
	}
	w.claim()
	w.pass(3 * time.Second)
	f := w.row.Facts
	w.advance(f)
	if w.row.Target.Trigger == migration.TriggerLicense {
		w.effect(migration.EffectJoin, w.row.Target.GroupID, migration.OutcomeDone, "", "")
		w.pass(2 * time.Second)
		f.MemberSeen = w.at
		w.advance(f)
	}
	f, ok := imported(w, kind, f)
	slots[slot] = w.at
	if !ok {
		return
	}
	provisioned(w, kind, f)
}

// imported plays the import; it returns false if the row ended there.
func imported(w *walk, kind int, f migration.Facts) (migration.Facts, bool) {
	i := w.row.Index
	if kind == 20 {
		w.effect(migration.EffectImport, w.row.Target.UserID, migration.OutcomeUnknown, "", "connection reset after the request was sent")
		w.hold(migration.Problem{
			Code: "import.unknown", Message: "the import was sent and no answer came back; no snapshot of this user could be read back",
			Hint:     "look for the snapshot in the Intune admin center, then settle the row",
			Commands: []fault.Command{fault.NewCommand("reconcile", "--row", w.row.Target.User, "--snapshot-id", "ID"), fault.NewCommand("reconcile", "--row", w.row.Target.User, "--no-effect")},
			Kind:     "outcome_unknown", Service: "graph", ClientRequestID: id(0xc11e, i, 77),
		})
		return f, false
	}
	if kind == 12 {
		w.again(migration.Problem{
			Code: "import.busy", Message: "import snapshot: the service is busy", Kind: "throttled", Service: "graph", Status: 429,
			ServiceCode: "TooManyRequests", RequestID: id(0x5e7, i, 70),
		}, 90*time.Second)
	}
	snapshot := "snap-" + id(0x5a, i, w.row.Attempt)[:13]
	w.effect(migration.EffectImport, w.row.Target.UserID, migration.OutcomeDone, snapshot, "")
	f.SnapshotID, f.ImportStarted, f.ImportStatus, f.UsageStatus = snapshot, w.at, "inProgress", "notUsed"
	f.ImportPolicy = "any"
	w.advanceWait(f, 20*time.Minute, "the service copies and prepares the disk")
	took := time.Duration(28+(i*13)%21+w.row.Target.PlanGiB/12) * time.Minute
	if kind == 8 || (kind == 3 && w.row.Attempt == 1) {
		w.pass(took / 3)
		f.ImportStatus = "failed"
		w.fail(migration.Problem{
			Code: "import.failed", Message: "import the snapshot: the service could not read the source disk (sourceBlobInaccessible)",
			Hint: "open the storage account's firewall for trusted services, then retry", Commands: []fault.Command{fault.NewCommand("retry")},
			Kind: "invalid", Service: "graph", Status: 200, ServiceCode: "sourceBlobInaccessible", RequestID: id(0x5e7, i, 71),
		})
		if kind == 8 || w.over {
			return f, false
		}
		if w.pass(18 * time.Minute); w.over {
			return f, false
		}
		w.row.Attempt++
		w.row.Problem = nil
		w.end(migration.Pending, migration.StepImport, migration.ReasonRetried, "retried by megan@contoso.example")
		w.pass(4 * time.Minute)
		w.claim()
		w.effect(migration.EffectPurge, snapshot, migration.OutcomeDone, "", "the failed import was removed")
		return imported(w, kind, f)
	}
	w.pass(took)
	f.ImportEnded, f.ImportStatus = w.at.Add(-40*time.Second), "succeeded"
	w.advance(f)
	return f, !w.over
}

// provisioned plays the steps from the cut-over to the proof.
func provisioned(w *walk, kind int, f migration.Facts) {
	i := w.row.Index
	if w.row.Target.Trigger == migration.TriggerLicense {
		w.effect(migration.EffectLicense, w.row.Target.SKUID, migration.OutcomeDone, "", "")
	} else {
		w.effect(migration.EffectJoin, w.row.Target.GroupID, migration.OutcomeDone, "", "")
	}
	f.CutOver = w.at
	w.advanceWait(f, 15*time.Minute, "the service builds the Cloud PC")
	w.pass(time.Duration(24+(i*17)%19) * time.Minute)
	f.CloudPCID, f.CloudPCName = id(0xc9c, i, 0), fmt.Sprintf("CPC-%05X", (i*48271+977)&0xfffff)
	f.ServicePlan = w.row.Target.PlanName
	switch kind {
	case 13:
		f.CloudPCStatus = "failed"
		w.row.Facts = f
		w.fail(migration.Problem{
			Code: "provision.failed", Message: "provision the Cloud PC: it ended as failed (networkIpAddressAllocationFailed)",
			Hint: "free addresses in the subnet of “weu-eng”, then retry; the snapshot is kept", Commands: []fault.Command{fault.NewCommand("retry")},
			Kind: "conflict", Service: "graph", Status: 200, ServiceCode: "networkIpAddressAllocationFailed", RequestID: id(0x5e7, i, 72),
		})
		return
	case 2:
		f.CloudPCStatus, f.Warning = "provisionedWithWarnings", "the language pack could not be installed (windowsLanguageNotSupported)"
	default:
		f.CloudPCStatus = "provisioned"
	}
	f.Provisioned = w.at.Add(-75 * time.Second)
	w.advance(f)
	w.pass(4 * time.Second)
	if kind == 15 {
		w.row.Facts = f
		w.fail(migration.Problem{
			Code:    "proof.not-from-snapshot",
			Message: "provisioned, but not from the snapshot: the Cloud PC is there and the import is still notUsed",
			Hint:    "the person has an empty Cloud PC: deprovision it, then retry", Commands: []fault.Command{fault.NewCommand("retry")},
			Kind: "conflict",
		})
		return
	}
	f.UsageStatus, f.Proof = "inUse", "import "+f.SnapshotID+" is inUse; Cloud PC provisioned under the row's policy"
	w.succeed(f)
}

// refused returns what validation reports about the rows of the sample that do not pass it.
func refused(kind, line int) (migration.Problem, bool) {
	switch kind {
	case 5:
		return migration.Problem{
			Code: "vhd.dynamic", Message: "the disk is a dynamic VHD; the service takes fixed ones only",
			Hint: "convert it with `Convert-VHD -VHDType Fixed` and upload it again as a page blob",
		}, true
	case 11:
		return migration.Problem{
			Code: "license.disk-too-small", Message: "the disk is 200 GiB, the license's Cloud PC has 128 GiB",
			Hint: "name a license with at least 256 GB, or shrink the disk",
		}, true
	case 17:
		return migration.Problem{
			Code: "user.duplicate", Message: fmt.Sprintf("this user is also on line %d", line+1),
			Hint: "one snapshot per user: keep one of the lines",
		}, true
	case 18:
		return migration.Problem{
			Code: "user.duplicate", Message: fmt.Sprintf("this user is also on line %d", line-1),
			Hint: "one snapshot per user: keep one of the lines",
		}, true
	}
	return migration.Problem{}, false
}

func earliest(slots []time.Time) int {
	best := 0
	for i, t := range slots {
		if t.Before(slots[best]) {
			best = i
		}
	}
	return best
}
