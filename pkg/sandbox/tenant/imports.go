package tenant

import (
	"cmp"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"wave365/pkg/fault"
)

// The states of an import and of its use.
const (
	ImportPending    = "pending"
	ImportInProgress = "inProgress"
	ImportSucceeded  = "succeeded"
	ImportFailed     = "failed"
	NotUsed          = "notUsed"
	InUse            = "inUse"
	Expired          = "expired"
)

// Import is an imported snapshot as the service shows it.
type Import struct {
	ID, UserID, UPN, File, Status, Usage, Detail, PolicyName string
	Started, Ended                                           time.Time
}

// snapshot is an imported snapshot inside: its user and policy are looked up when somebody looks.
type snapshot struct {
	Import
	user  *user
	N     int
	Bytes int64
	// Unbootable says why no Cloud PC will start from it; empty: it will.
	Unbootable string
	// Runs is when it leaves pending, Ends when it ends.
	Runs, Ends time.Time
	// Fails is why it will fail; empty: it will not.
	Fails string
}

// SourceFile is one file of an import. Storage is set for the storage-account form; URL is the sasUrl.
type SourceFile struct {
	GuestState      bool
	URL             string
	Storage         bool
	Account         string
	Container, Name string
}

func (t *Tenant) viewImport(s *snapshot) Import {
	v := s.Import
	v.UserID, v.UPN = s.user.ID, s.user.UPN
	if s.Status == ImportPending && !s.Runs.After(t.now) {
		v.Status = ImportInProgress
	}
	if p := t.policyFor(s.user); p != nil {
		v.PolicyName = p.name()
	}
	return v
}

// Import finds one by id; a fault NotFound once it was used up or purged.
func (t *Tenant) Import(now time.Time, id string) (Import, error) {
	return look(t, now, id, func(id string) (*snapshot, error) {
		if s := t.imports[lower(id)]; s != nil {
			return s, nil
		}
		return nil, missing("imported snapshot", id)
	}, t.viewImport)
}

// Imports are all records, oldest first.
func (t *Tenant) Imports(now time.Time) []Import {
	defer t.enter(now)()
	return views(t.importsInOrder(), t.viewImport)
}

func (t *Tenant) importsInOrder() []*snapshot {
	return slices.SortedFunc(maps.Values(t.imports), func(a, b *snapshot) int {
		return cmp.Or(a.Started.Compare(b.Started), strings.Compare(a.ID, b.ID))
	})
}

// ImportSnapshot starts an import for the user with that object id. Faults: Invalid for a bad file reference, NotFound
// for an unknown user, Conflict or Invalid when the user has an import already, Throttled when the day's cap is reached.
func (t *Tenant) ImportSnapshot(now time.Time, userID string, files []SourceFile) (Import, error) {
	defer t.enter(now)()
	if _, err := uuid.Parse(userID); err != nil {
		return Import{}, invalid("invalidAssignedUser", "assignedUserId must be the object id of a user.")
	}
	u := t.byID[lower(userID)]
	if u == nil || u.deleted {
		return Import{}, fault.New(fault.NotFound, "userNotFound", "The user '"+userID+"' was not found.", "")
	}
	data, err := t.judge(files)
	if err != nil {
		return Import{}, err
	}
	if u.imp != nil {
		return Import{}, fault.New(refusal(t.rules.SecondImport), "importedSnapshotAlreadyExists",
			"The user already has an imported snapshot. Purge it before importing another.", "")
	}
	if t.rules.NoPolicyImport == "refuse" && t.policyFor(u) == nil {
		return Import{}, invalid("MissingProvisionPolicy", "The user has no provisioning policy assigned.")
	}
	return t.viewImport(t.startImport(u, data)), nil
}

// CountImport counts an import request of the day, whatever becomes of it, and is a fault Throttled when the day allows no
// more.
func (t *Tenant) CountImport(now time.Time) error {
	defer t.enter(now)()
	day := t.now.Format(time.DateOnly)
	t.daily[day]++
	if most := t.rules.DailyImports; most > 0 && t.daily[day] > most {
		return &fault.Fault{Kind: fault.Throttled, Code: "TooManyRequests", Msg: "Too many requests.",
			Remote: &fault.Remote{RetryAfter: t.rules.dailyRetryAfter}}
	}
	return nil
}

// verdict is what the service makes of the files before it copies them.
type verdict struct {
	File
	fails   string
	expires time.Time // of the signature; zero: none
}

// importable: a disk that an import takes.
func (f File) importable() bool { return f.PageBlob && f.Kind == "fixed" && f.Virtual > 0 }

func (t *Tenant) judge(files []SourceFile) (verdict, error) {
	var v verdict
	var data, guest int
	for _, f := range files {
		got, err := t.look(f)
		if err != nil {
			return v, err
		}
		if f.GuestState {
			guest++
			if got.Kind != "guest-state" {
				v.fails = "The virtual machine guest state file format is incorrect."
			}
			continue
		}
		data++
		v.File = got
		bad := !got.importable()
		switch {
		case bad && t.rules.BadDisk == "refuse":
			return v, invalid("InvalidVHD", "The source file is not a fixed-size VHD in a page blob.")
		case got.CopyPending:
			v.fails = "The source file is still being copied."
		case bad:
			v.fails = "The file format is incorrect. Only fixed-size VHD files in page blobs can be imported."
		}
		if e := sasEnd(f.URL); !f.Storage && (v.expires.IsZero() || e.Before(v.expires)) {
			v.expires = e
		}
	}
	if data != 1 || guest > 1 {
		return v, invalid("invalidSourceFiles", "sourceFiles must hold one dataFile and at most one virtualMachineGuestState.")
	}
	return v, nil
}

func (t *Tenant) look(f SourceFile) (File, error) {
	if t.disks == nil {
		return File{}, invalid("invalidStorageInformation", "The storage information is invalid.")
	}
	var got File
	var err error
	if f.Storage {
		got, err = t.disks.CheckBlob(f.Account, f.Container, f.Name)
	} else {
		got, err = t.disks.CheckSAS(f.URL, t.now)
	}
	if got.Unreachable {
		return File{}, invalid("InvalidSasUrl", "The service cannot reach the storage account of the source file.")
	}
	if err != nil {
		return File{}, invalid("invalidStorageInformation", "The storage information is invalid: "+scrub(err.Error(), f.URL))
	}
	return got, nil
}

// scrub keeps a signature out of what is told and kept.
func scrub(msg, raw string) string {
	if _, q, ok := strings.Cut(raw, "?"); ok && q != "" {
		msg = strings.ReplaceAll(msg, q, "...")
	}
	return msg
}

// sasEnd is when a signed URL stops working: the earlier of the signature's and the delegation key's end.
func sasEnd(raw string) time.Time {
	u, err := url.Parse(raw)
	if err != nil {
		return time.Time{}
	}
	var end time.Time
	for _, name := range []string{"se", "ske"} {
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z", time.DateOnly} {
			if e, err := time.Parse(layout, u.Query().Get(name)); err == nil {
				if end.IsZero() || e.Before(end) {
					end = e
				}
				break
			}
		}
	}
	return end
}

func (t *Tenant) startImport(u *user, v verdict) *snapshot {
	u.imports++
	s := &snapshot{user: u, N: u.imports, Bytes: v.Virtual, Unbootable: v.Unbootable, Fails: v.fails,
		Import: Import{ID: t.idFor("import", u.ID+"#"+itoa(u.imports)), File: v.Name, Started: t.now, Status: ImportPending, Usage: NotUsed}}
	try := itoa(u.imports)
	takes := t.rules.importBase + t.rules.importPer10*time.Duration(math.Ceil(float64(v.Virtual)/(10<<30)))
	takes = takes * 4 / 5
	takes += t.between(0, takes/2, "import", u.UPN, try)
	if v.fails != "" {
		takes /= 5
	}
	if f := u.fate; f != nil {
		if f.importTakes > 0 {
			takes = f.importTakes
		}
		// What goes wrong goes wrong once: a second attempt shows that retrying helps.
		if f.importFails && u.imports == 1 {
			s.Fails = f.detail
		}
	}
	s.Runs = t.now.Add(min(takes/10, t.between(5*time.Second, 20*time.Second, "pending", u.UPN, try)))
	s.Ends = t.now.Add(takes)
	if !v.expires.IsZero() && v.expires.Before(s.Ends) {
		s.Ends = v.expires
		s.Fails = "Access to the source file ended before the import did: the shared access signature has expired."
	}
	u.imp = s
	t.imports[s.ID] = s
	t.touch(u)
	t.at(s.Ends, importEnds, lower(u.ID), s.N)
	return s
}

func (t *Tenant) importEnds(u *user, n int) {
	s := u.imp
	if s == nil || s.N != n || !s.Ended.IsZero() {
		return
	}
	t.touch(u)
	s.Ended, s.Status = s.Ends, ImportSucceeded
	if p := t.planFor(u); s.Fails == "" && t.rules.Oversize == "import" && p != nil && tooLarge(s.Bytes, p) {
		s.Fails = "The size of the source disk exceeds the disk of the assigned license."
	}
	if s.Fails != "" {
		s.Status, s.Detail = ImportFailed, s.Fails
		return
	}
	if t.rules.importExpires > 0 {
		t.at(s.Ended.Add(t.rules.importExpires), importExpires, lower(u.ID), s.N)
	}
	t.evaluate(u)
}

func tooLarge(bytes int64, p *product) bool { return p.DiskGiB > 0 && bytes > int64(p.DiskGiB)<<30 }

// usable says whether a Cloud PC could be built from the user's import now.
func (u *user) usable() bool {
	return u.imp != nil && u.imp.Status == ImportSucceeded && u.imp.Usage == NotUsed
}

func (t *Tenant) forget(s *snapshot) {
	delete(t.imports, s.ID)
	if s.user.imp == s {
		s.user.imp = nil
	}
	t.touch(s.user)
}

// Purge removes unused and failed imports, all or none. It gives the object ids of the users whose imports went.
func (t *Tenant) Purge(now time.Time, ids []string) ([]string, error) {
	defer t.enter(now)()
	if len(ids) == 0 {
		return nil, invalid("requiredFieldsNotProvided", "The required field 'snapshotIds' was not provided.")
	}
	var found []*snapshot
	for _, id := range ids {
		s := t.imports[lower(id)]
		switch {
		case s == nil && t.rules.PurgeUnknown == 404:
			return nil, missing("imported snapshot", id)
		case s == nil:
			continue
		case s.Ended.IsZero() || s.Usage == InUse:
			return nil, fault.New(refusal(t.rules.PurgeBusy), "importedSnapshotInUse",
				"The imported snapshot is in use or still being imported.", "")
		}
		found = append(found, s)
	}
	var users []string
	for _, s := range found {
		users = append(users, s.user.ID)
		t.forget(s)
	}
	return users, nil
}
