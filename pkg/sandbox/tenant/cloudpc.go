package tenant

import (
	"cmp"
	"strings"
	"time"

	"wave365/pkg/sandbox/tenant/catalog"
	"wave365/pkg/sandbox/tenant/refusal"
)

const (
	statusNotProvisioned = "notProvisioned"
	statusPreparing      = "preparing"
	statusProvisioning   = "provisioning"
	statusProvisioned    = "provisioned"
	statusWarnings       = "provisionedWithWarnings"
	statusFailed         = "failed"
	statusGrace          = "inGracePeriod"
	statusDeprovisioning = "deprovisioning"
	statusPending        = "pendingProvision"
)

// cloudPC is one Cloud PC inside; its fields are exported for the state that survives a restart.
type cloudPC struct {
	Entry
	user *user
	prod *product
	// entraID and managedID are computed when first needed.
	entraID, managedID string

	N    int
	Name string
	origin
	course
	leaving
}

// origin is what the policy gave a Cloud PC when it was built.
type origin struct {
	PolicyID, PolicyName, Image, Region, Connection string
	Created                                         time.Time
}

// course is the progress of a build, and how it will end.
type course struct {
	Stage, Source, Final, Code, Message  string
	Started, Ends, Provisioned, Modified time.Time
	// Reprovisioned is when it was last built again under its id; zero: never.
	Reprovisioned time.Time
}

// leaving is the end of a Cloud PC: the end of its grace period, when its removal was requested, and when it is gone.
type leaving struct {
	GraceEnd, Asked, Gone time.Time
	Lag                   time.Duration
	Lingers               bool
}

// CloudPC is one Cloud PC as the service shows it.
type CloudPC struct {
	Entry
	holder
	Name, Status string
	origin
	// Code and Message are its status detail; empty: none.
	Code, Message                   string
	Plan                            catalog.Product
	Provisioned, Modified, GraceEnd time.Time
	// Reprovisioned is when somebody last had it built again under its id; zero: never.
	Reprovisioned time.Time
	device
	// Source is image or snapshot, which the service never reveals; for tests and people.
	Source string
}

// holder is the user of a Cloud PC.
type holder struct{ UserID, UPN, UserName string }

// device is the Cloud PC's account in the directory and in Intune.
type device struct{ DeviceID, ManagedID, ManagedName string }

// status returns what the service shows at a moment.
func (t *Tenant) status(pc *cloudPC) string {
	switch pc.Stage {
	case stagePending:
		return statusPending
	case stageBuilding:
		switch done := t.now.Sub(pc.Started); {
		case done < min(30*time.Second, pc.Ends.Sub(pc.Started)/20):
			return statusNotProvisioned
		case done < min(90*time.Second, pc.Ends.Sub(pc.Started)/10):
			return statusPreparing
		}
		return statusProvisioning
	case stageGrace:
		return statusGrace
	case stageLeaving:
		since := t.now.Sub(pc.Asked)
		switch {
		case t.rules.FlipsBack && since >= pc.Lag*3/10 && since < pc.Lag*5/10:
			return statusDeprovisioning
		case since < pc.Lag:
			return statusGrace
		case pc.Gone.Sub(t.now) <= 30*time.Second:
			return statusNotProvisioned
		}
		return statusDeprovisioning
	}
	return pc.Final
}

func (t *Tenant) viewPC(pc *cloudPC) CloudPC {
	v := CloudPC{Entry: pc.Entry, holder: holder{UserID: pc.user.ID, UPN: pc.user.UPN, UserName: pc.user.Name}, Status: t.status(pc),
		origin: pc.origin, Plan: pc.prod.Product, Provisioned: pc.Provisioned, Modified: pc.Modified, GraceEnd: pc.GraceEnd, Reprovisioned: pc.Reprovisioned,
		Source: pc.Source, Name: cmp.Or(pc.Name, pc.PolicyName+" - "+cmp.Or(pc.user.Name, pc.user.UPN))}
	if pc.Stage != stageBuilding && pc.Stage != stagePending {
		v.Code, v.Message = pc.Code, pc.Message
	}
	if !pc.Provisioned.IsZero() {
		if pc.entraID == "" {
			pc.entraID, pc.managedID = t.idFor("device", pc.ID), t.idFor("managedDevice", pc.ID)
		}
		v.DeviceID, v.ManagedID = pc.entraID, pc.managedID
		v.ManagedName = "CPC-" + strings.ToUpper(v.ManagedID[:5]+v.ManagedID[9:13])
	}
	if v.Status == statusGrace && v.GraceEnd.IsZero() {
		v.GraceEnd = pc.Asked
	}
	return v
}

// CloudPCs returns up to n Cloud PCs after seq, and whether there are more.
func (t *Tenant) CloudPCs(now time.Time, after int64, n int) ([]CloudPC, bool) {
	return read(t, now, &t.pcs, after, n, t.viewPC)
}

// CloudPCOf returns a user's oldest Cloud PC; false when there is none. There is at most one for each Enterprise
// license.
func (t *Tenant) CloudPCOf(now time.Time, key string) (CloudPC, bool) {
	defer t.enter(now)()
	if u := t.findUser(key); u != nil && len(u.pcs) > 0 {
		return t.viewPC(u.pcs[0]), true
	}
	return CloudPC{}, false
}

// CloudPC returns the one with that id.
func (t *Tenant) CloudPC(now time.Time, id string) (CloudPC, error) {
	return look(t, now, id, t.mustPC, t.viewPC)
}

func (t *Tenant) mustPC(id string) (*cloudPC, error) {
	if pc := t.pcID[lower(id)]; pc != nil {
		return pc, nil
	}
	return nil, refusal.Missing("Cloud PC", id)
}

// EndGrace ends the grace period of a Cloud PC at once, and returns the object id of its user. One that is not in grace is a
// fault of kind Invalid; one that is being removed already is left as it is.
func (t *Tenant) EndGrace(now time.Time, id string) (string, error) {
	defer t.enter(now)()
	pc, err := t.mustPC(id)
	if err != nil {
		return "", err
	}
	switch {
	case pc.Stage == stageGrace:
		t.leave(pc)
	case t.status(pc) != statusGrace:
		err = refusal.Invalid("invalidCloudPcStatus", "The action endGracePeriod is not allowed while the Cloud PC is "+t.status(pc)+".")
	}
	return pc.user.ID, err
}
