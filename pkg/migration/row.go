package migration

import (
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
)

// Target is what validation read from file, storage and tenant and recorded with the run. Nothing in it is secret: no
// field ever contains a SAS query.
type Target struct {
	// Line is the physical line of the wave file, header = line 1.
	Line int `json:"line"`
	// User is the user as the file spells it; UserID and UPN are the tenant's.
	User        string `json:"user"`
	UserID      string `json:"user_id,omitempty"`
	UPN         string `json:"upn,omitempty"`
	DisplayName string `json:"display_name,omitempty"`
	Disk        Source `json:"disk"`
	// GuestState is the second file of a Trusted Launch source; nil: there is none.
	GuestState *Source `json:"guest_state,omitempty"`
	// DiskSince is the attempt from which the row has these files, by an edit of its line: what an earlier one imported is another
	// disk. 0: it never had others.
	DiskSince  int     `json:"disk_since,omitempty"`
	PolicyID   string  `json:"policy_id,omitempty"`
	PolicyName string  `json:"policy_name,omitempty"`
	GroupID    string  `json:"group_id,omitempty"`
	GroupName  string  `json:"group_name,omitempty"`
	Trigger    Trigger `json:"trigger,omitempty"`
	// SKUID and SKUName name the license to assign; empty with the membership trigger.
	SKUID   string `json:"sku_id,omitempty"`
	SKUName string `json:"sku_name,omitempty"`
	// PlanID, PlanName and PlanGiB are the service plan whose disk the snapshot must fit; 0 GiB: not known.
	PlanID   string `json:"plan_id,omitempty"`
	PlanName string `json:"plan_name,omitempty"`
	PlanGiB  int    `json:"plan_gib,omitempty"`
	// Priority orders starts, higher first.
	Priority int `json:"priority,omitempty"`
	Carried
}

// Carried are the cells of the row that decide nothing and are carried into reports: wave.Carried, field by field.
type Carried struct {
	Department string `json:"department,omitempty"`
	Notify     string `json:"notify,omitempty"`
	Notes      string `json:"notes,omitempty"`
}

// Each returns the cells with clean applied to each.
func (c Carried) Each(clean func(string) string) Carried {
	return Carried{clean(c.Department), clean(c.Notify), clean(c.Notes)}
}

// Source is one file in Blob storage, as validation saw it.
type Source struct {
	// URL is the blob's URL without any query.
	URL string `json:"url"`
	// Container and Name locate it in its account.
	Container string `json:"container,omitempty"`
	Name      string `json:"name,omitempty"`
	// Signed: the wave file brought its own SAS; it is read from the file again, never stored.
	Signed bool `json:"signed,omitempty"`
	// Account is the ARM id of the blob's storage account when the import names the blob by it; empty: by a signature.
	Account string `json:"account,omitempty"`
	ETag    string `json:"etag,omitempty"`
	// Length is the blob's length in bytes; Virtual the disk's size from the VHD footer, 0 for a guest state file.
	Length  int64 `json:"length,omitempty"`
	Virtual int64 `json:"virtual,omitempty"`
}

// Facts is what is known about the row so far. It is stored with every transition that changes it. Times in it are the
// service's own.
type Facts struct {
	SnapshotID   string `json:"snapshot_id,omitempty"`
	ImportStatus string `json:"import_status,omitempty"`
	UsageStatus  string `json:"usage_status,omitempty"`
	ImportPolicy string `json:"import_policy,omitempty"`
	// ImportFile is the service's name of the imported file, UserSettingID the user setting that reached the row's group
	// when the import was sent.
	ImportFile    string    `json:"import_file,omitempty"`
	UserSettingID string    `json:"user_setting_id,omitempty"`
	ImportStarted time.Time `json:"import_started,omitzero"`
	ImportEnded   time.Time `json:"import_ended,omitzero"`
	MemberSeen    time.Time `json:"member_seen,omitzero"`
	CutOver       time.Time `json:"cut_over,omitzero"`
	// RenamedTo is the user's UPN where it was seen to be another than the row's Target has; "": it is that one.
	RenamedTo string `json:"renamed_to,omitempty"`
	// LinkOpen is when the link that the cut-over closes was last seen open before it: a Cloud PC created after that was
	// started by the cut-over. Zero: it was not seen.
	LinkOpen time.Time `json:"link_open,omitzero"`
	// UsedSeen is when the import was seen in use while the Cloud PC was being built; zero: it was not read then.
	UsedSeen time.Time `json:"used_seen,omitzero"`
	// UsedBy is the Cloud PC that the import became, or may have become; empty: none was seen. If it is another one than
	// CloudPCID, the used-up import proves nothing about CloudPCID.
	UsedBy string `json:"used_by,omitempty"`
	// LostSeen is when the Cloud PC that the import became, or may have become, was lost: it was first seen to be deleted, somebody
	// reprovisioned it, or it was provisioned then and once more later. Zero: nothing shows that it was lost. A Cloud PC provisioned
	// after that is another one, even under the same id.
	LostSeen time.Time `json:"lost_seen,omitzero"`
	// FailedSeen is when the present Cloud PC was last seen to have failed; zero: never. When it is reprovisioned after that, the
	// import is still there and is used.
	FailedSeen time.Time `json:"failed_seen,omitzero"`
	// GoneSeen is when the import's record was found gone for the second time while the Cloud PC was being built.
	GoneSeen      time.Time `json:"gone_seen,omitzero"`
	CloudPCID     string    `json:"cloud_pc_id,omitempty"`
	CloudPCName   string    `json:"cloud_pc_name,omitempty"`
	CloudPCStatus string    `json:"cloud_pc_status,omitempty"`
	ServicePlan   string    `json:"service_plan,omitempty"`
	Provisioned   time.Time `json:"provisioned,omitzero"`
	Proof         string    `json:"proof,omitempty"`
	Warning       string    `json:"warning,omitempty"`
	// Retried is when the present attempt began; zero for the first.
	Retried time.Time `json:"retried,omitzero"`
	// Undo is the problem, as JSON, for which the row fails once what was done for it is undone; empty: nothing is being undone.
	Undo string `json:"undo,omitempty"`
	// Suspect is a surprising answer that was seen once and is not believed until it is seen again some time later.
	Suspect   string    `json:"suspect,omitempty"`
	SuspectAt time.Time `json:"suspect_at,omitzero"`
}

// Row is one row of a run: its target, its state and what is known about it. It is a value; copies are independent
// except for Input, which must not be changed.
type Row struct {
	Run string
	// Index is the row's place in the wave, 0-based.
	Index int
	// Version counts the transitions of this row; the ledger refuses one that was built on an older version.
	Version int64
	Target  Target
	// Input holds the cells of the file in column order, without any SAS query.
	Input []string
	State State
	// Step is the step being done, or the next one to do.
	Step Step
	// Reason is why the row is in its state; Note explains it to people in a few words.
	Reason Reason
	Note   string
	// Attempt counts from 1 and grows with `retry`.
	Attempt int
	// Tries counts the failed tries of the current step; TroubleSince is when they began, zero: no trouble.
	Tries        int
	TroubleSince time.Time
	// NotBefore is when a waiting row is due; zero: at once.
	NotBefore time.Time
	Facts     Facts
	// Warned marks a success with warnings.
	Warned bool
	// Problem is why a row failed, is held, was skipped, or (while waiting) what went wrong last; nil: nothing.
	Problem *Problem
	// StartedAt is when this row was first claimed, FinishedAt when it became final, zero before that.
	StartedAt, UpdatedAt, FinishedAt time.Time
}

// Names returns the UPNs under which the service may know the row's user, the latest first, without empty ones; none for a
// row whose user was never found.
func (r Row) Names() (names []string) {
	for _, n := range []string{r.Facts.RenamedTo, r.Target.UPN} {
		if n != "" {
			names = append(names, n)
		}
	}
	return names
}

// Called reports whether the row's user is, or was, called by this UPN.
func (r Row) Called(upn string) bool {
	return slices.ContainsFunc(r.Names(), func(n string) bool { return strings.EqualFold(n, upn) })
}

// NoteForSlot is the note of a row that is claimed, ready to be imported, and waits for a free slot.
const NoteForSlot = "ready, waiting for a free slot"

// WaitsForSlot reports whether a row is claimed but nothing is done for it, because no slot is free.
func (r Row) WaitsForSlot() bool {
	return r.State == Running && r.Step == StepImport && r.Note == NoteForSlot
}

// Problem is a failure as data: what a row's owner reads in the report.
type Problem struct {
	// Code is stable, such as "import.failed"; Message and Hint are for people, Commands is what to type; see [fault.Remedy].
	Code     string          `json:"code"`
	Message  string          `json:"message"`
	Hint     string          `json:"hint,omitempty"`
	Commands []fault.Command `json:"commands,omitempty"`
	// Kind is the fault's kind, empty when the problem is not an error of a call.
	Kind string `json:"kind,omitempty"`
	// Service, Status, ServiceCode and the request ids are the service's own words, for a ticket.
	Service         string `json:"service,omitempty"`
	Status          int    `json:"status,omitempty"`
	ServiceCode     string `json:"service_code,omitempty"`
	RequestID       string `json:"request_id,omitempty"`
	ClientRequestID string `json:"client_request_id,omitempty"`
}

// Remedy returns what to do about it.
func (p Problem) Remedy() fault.Remedy { return fault.Remedy{Text: p.Hint, Commands: p.Commands} }

// SignedOut reports whether the service refused our sign-in, which is not the row's fault.
func (p Problem) SignedOut() bool {
	const unauthorized = 401
	return p.Status == unauthorized || strings.HasPrefix(p.Code, "cloud.sign-in")
}
