package graph

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/redact"
	"wave365/pkg/fault"
	"wave365/pkg/graph/odata"
)

// How far an import is, and what became of it. Other members may come; they are passed on as the service spells them.
const (
	ImportPending    = "pending"
	ImportInProgress = "inProgress"
	ImportSucceeded  = "succeeded"
	ImportFailed     = "failed"

	UsageNotUsed = "notUsed"
	UsageInUse   = "inUse"
	UsageExpired = "expired"
)

// SourceFile is a blob to import, named by a signed URL or by its storage account. When both are given the signed URL
// is used, and only that is sent.
type SourceFile struct {
	// SASURL is a secret.
	SASURL string
	// StorageAccountID is the account's ARM id; Container and Name are the blob's.
	StorageAccountID, Container, Name string
	// GuestState marks the guest state of a Trusted Launch source (VMGS); false: the disk.
	GuestState bool
}

// Import is the service's record of an imported snapshot.
type Import struct {
	// SnapshotID is the id to ask for the result by; empty: the service did not give one.
	SnapshotID string
	// Filename is the service's; do not match on it.
	Filename string
	// Status and Usage are one of the constants above, or something younger; empty: the service did not say.
	Status, Usage string
	// AssignedUser is a UPN or an object id, see [Import.AssignedTo].
	AssignedUser string
	// PolicyName is the policy that will apply; may be empty.
	PolicyName string
	// Detail is for people, and only there after a failure.
	Detail string
	// StartedAt and EndedAt are zero until the service knows them.
	StartedAt, EndedAt time.Time
}

// AssignedTo reports whether the record names this user. The service fills the field with an object id or with a UPN;
// an empty field names no user.
func (i Import) AssignedTo(userID, upn string) bool {
	if i.AssignedUser == "" {
		return false
	}
	if isGUID(i.AssignedUser) {
		return strings.EqualFold(i.AssignedUser, userID)
	}
	return strings.EqualFold(i.AssignedUser, upn)
}

// ImportAnswer is the answer for one id.
type ImportAnswer struct {
	Import Import
	Err    error
}

type wireImport struct {
	SnapshotID string     `json:"snapshotId"`
	ID         string     `json:"id"`
	Filename   string     `json:"filename"`
	Status     string     `json:"importStatus"`
	Usage      string     `json:"usageStatus"`
	User       string     `json:"assignedUserPrincipalName"`
	Policy     string     `json:"policyName"`
	Detail     string     `json:"additionalDetail"`
	Start      odata.Time `json:"startDateTime"`
	End        odata.Time `json:"endDateTime"`
}

func (w wireImport) result() Import {
	return Import{
		SnapshotID: cmp.Or(w.SnapshotID, w.ID), Filename: w.Filename,
		Status:       odata.Member(w.Status, ImportPending, ImportInProgress, ImportSucceeded, ImportFailed),
		Usage:        odata.Member(w.Usage, UsageNotUsed, UsageInUse, UsageExpired),
		AssignedUser: w.User, PolicyName: w.Policy, Detail: redact.String(w.Detail),
		StartedAt: w.Start.Time, EndedAt: w.End.Time,
	}
}

type wireSource struct {
	SourceType string    `json:"sourceType"`
	FileType   string    `json:"fileType"`
	SASURL     string    `json:"sasUrl,omitempty"`
	Blob       *wireBlob `json:"storageBlobInfo,omitempty"`
}

// wireBlob carries the blob's name under one of two names, never both.
type wireBlob struct {
	StorageAccountID string `json:"storageAccountId"`
	Container        string `json:"containerName"`
	FileName         string `json:"fileName,omitempty"`
	BlobName         string `json:"blobName,omitempty"`
}

type wireImportRequest struct {
	User  string       `json:"assignedUserId"`
	Files []wireSource `json:"sourceFiles"`
}

// The storage field that this service understands.
const (
	fieldUnknown int32 = iota
	fieldFileName
	fieldBlobName
)

// ImportSnapshot starts the copy of a user's disk (and guest state) into the service. userID is the user's object id. The
// call is sent once. After a timeout, a reset or a 5xx the fault is OutcomeUnknown: it may be running. So it is for an
// answer without an id: the import is returned with an empty SnapshotID, and the fault's Remote.Message holds the answer.
// In storage mode a refused field name is tried once in its other spelling, which is safe: a refusal has no effect.
func (c *Client) ImportSnapshot(ctx context.Context, userID string, files []SourceFile) (Import, error) {
	cl := call{doing: "import a snapshot for user " + userID, method: http.MethodPost, path: ve + "/snapshots/importSnapshot", once: true, metered: true, needs: cloudPCWrite}
	if err := checkImport(cl, userID, files); err != nil {
		return Import{}, err
	}
	ctx = operation(ctx)
	blobName := c.storage.Load() == fieldBlobName
	cl.body = wireImportRequest{User: userID, Files: sources(files, blobName)}
	a, err := c.do(ctx, cl)
	if inStorageMode(files) {
		if err != nil && c.storage.Load() == fieldUnknown && refusesField(err) {
			cl.body = wireImportRequest{User: userID, Files: sources(files, true)}
			second, err2 := c.do(ctx, cl)
			// When both spellings are refused, the first refusal is about what is really wrong.
			if err2 == nil || fault.KindOf(err2) != fault.Invalid {
				a, err, blobName = second, err2, true
			}
		}
		if err == nil {
			c.storage.CompareAndSwap(fieldUnknown, map[bool]int32{false: fieldFileName, true: fieldBlobName}[blobName])
		}
	}
	if err != nil {
		return Import{}, err
	}
	return c.accepted(ctx, cl, a)
}

// accepted reads the answer to an import that was accepted.
func (c *Client) accepted(ctx context.Context, cl call, a answer) (Import, error) {
	elems, err := odata.Elements(a.body)
	var w wireImport
	if err == nil && len(elems) == 1 {
		err = json.Unmarshal(elems[0], &w)
	}
	i := w.result()
	if err == nil && i.SnapshotID != "" {
		return i, nil
	}
	f := &fault.Fault{
		Kind: fault.OutcomeUnknown, Code: CodeOutcomeUnknown, Err: redact.Error(err),
		Msg:    cl.couldNot("the service accepted it, but its answer names no snapshot"),
		Hint:   "do not repeat it: find the snapshot's id in the service and give it to reconcile",
		Remote: c.remote(a, odata.Error{Message: shorten(a.body)}, cloud.OperationOf(ctx)),
	}
	return i, f
}

func sources(files []SourceFile, blobName bool) []wireSource {
	out := make([]wireSource, len(files))
	for i, f := range files {
		w := wireSource{SourceType: "sasUrl", FileType: "dataFile", SASURL: f.SASURL}
		if f.GuestState {
			w.FileType = "virtualMachineGuestState"
		}
		if f.SASURL == "" {
			w.SourceType = "azureStorageAccount"
			w.Blob = &wireBlob{StorageAccountID: f.StorageAccountID, Container: f.Container}
			if blobName {
				w.Blob.BlobName = f.Name
			} else {
				w.Blob.FileName = f.Name
			}
		}
		out[i] = w
	}
	return out
}

func inStorageMode(files []SourceFile) bool {
	return slices.ContainsFunc(files, func(f SourceFile) bool { return f.SASURL == "" })
}

// refusesField reports a 400 that may be about the field's name: it names the property, or the storage information.
func refusesField(err error) bool {
	f := fault.As(err)
	if f == nil || f.Remote == nil || f.Remote.Status != http.StatusBadRequest {
		return false
	}
	if strings.EqualFold(f.Remote.Code, "invalidStorageInformation") {
		return true
	}
	return slices.ContainsFunc([]string{"filename", "does not exist on type", "unknown property", "unexpected property", "unrecognized property", "invalid property"},
		func(s string) bool { return containsFold(f.Remote.Message, s) })
}

func checkImport(cl call, userID string, files []SourceFile) error {
	bad := func(why, hint string) error { return fault.New(fault.Invalid, CodeRequest, cl.couldNot(why), hint) }
	if !isGUID(userID) {
		return bad("the user must be named by object id", "resolve the UPN first")
	}
	disks, states := 0, 0
	for _, f := range files {
		if f.GuestState {
			states++
		} else {
			disks++
		}
		if f.SASURL == "" && (f.StorageAccountID == "" || f.Container == "" || f.Name == "") {
			return bad("a source file has neither a signed URL nor account, container and name", "give one of the two")
		}
		if f.SASURL != "" && !strings.Contains(f.SASURL, "://") {
			return bad("a signed URL is not a URL", "give the whole URL with its signature")
		}
	}
	if disks != 1 || states > 1 {
		return bad("an import takes one disk and at most one guest state file", "give one disk for each user")
	}
	return nil
}

// PurgeImport removes an imported snapshot that was not used. It is safe to repeat; a snapshot that is gone already is
// no error.
func (c *Client) PurgeImport(ctx context.Context, snapshotID string) error {
	_, err := c.do(ctx, call{
		doing: "purge the imported snapshot " + snapshotID, method: http.MethodPost, path: ve + "/snapshots/purgeImportedSnapshot",
		ids: []string{snapshotID}, needs: cloudPCWrite,
		body: map[string][]string{"snapshotIds": {snapshotID}},
	})
	return unlessGone(err)
}

// unlessGone drops a fault of kind NotFound: the wanted state is there already.
func unlessGone(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// isGUID is about the 36 characters form only.
func isGUID(s string) bool {
	return len(s) == 36 && uuid.Validate(s) == nil
}
