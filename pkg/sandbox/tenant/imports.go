package tenant

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/tenant/props"
	"wave365/pkg/sandbox/tenant/refusal"
	"wave365/pkg/sandbox/tenant/source"
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

// snapshot is the internal form of an imported snapshot: its user and policy are looked up when it is read.
type snapshot struct {
	Import
	user  *user
	Bytes int64
	// Unbootable is why a Cloud PC from it will not start; empty: it will.
	Unbootable string
	// Runs is when it leaves pending, Ends when it ends.
	Runs, Ends time.Time
	// Fails is why it will fail; empty: it will not.
	Fails string
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

// Import returns the one with that id; a fault of kind NotFound once it was used up or purged.
func (t *Tenant) Import(now time.Time, id string) (Import, error) {
	return look(t, now, id, func(id string) (*snapshot, error) {
		if s := t.imports[lower(id)]; s != nil {
			return s, nil
		}
		return nil, refusal.Missing("imported snapshot", id)
	}, t.viewImport)
}

// Imports returns all records, oldest first.
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
func (t *Tenant) ImportSnapshot(now time.Time, userID string, files []source.Ref) (Import, error) {
	defer t.enter(now)()
	if _, err := uuid.Parse(userID); err != nil {
		return Import{}, refusal.Invalid("invalidAssignedUser", "assignedUserId must be the object id of a user.")
	}
	u := t.byID[lower(userID)]
	if u == nil || u.deleted {
		return Import{}, fault.New(fault.NotFound, "userNotFound", "The user '"+userID+"' was not found.", "")
	}
	data, err := source.Judge(t.disks, files, t.rules.BadDisk == "refuse", t.now)
	if err != nil {
		return Import{}, err
	}
	if u.imp != nil {
		return Import{}, refusal.Chosen(t.rules.SecondImport, "importedSnapshotAlreadyExists",
			"The user already has an imported snapshot. Purge it before importing another.")
	}
	if t.rules.NoPolicyImport == "refuse" && t.policyFor(u) == nil {
		return Import{}, refusal.Invalid("MissingProvisionPolicy", "The user has no provisioning policy assigned.")
	}
	return t.viewImport(t.startImport(u, data)), nil
}

// CountImport counts an import request of the day, whatever its result; a fault of kind Throttled when the day's limit is
// reached.
func (t *Tenant) CountImport(now time.Time) error {
	defer t.enter(now)()
	day := t.now.Format(time.DateOnly)
	t.daily[day]++
	if most := t.rules.DailyImports; most > 0 && t.daily[day] > most {
		return &fault.Fault{Kind: fault.Throttled, Code: "TooManyRequests", Msg: "Too many requests.",
			Remote: &fault.Remote{RetryAfter: t.rules.DailyWait}}
	}
	return nil
}

func (t *Tenant) startImport(u *user, v source.Verdict) *snapshot {
	u.imports++
	s := &snapshot{user: u, Bytes: v.Virtual, Unbootable: v.Unbootable, Fails: v.Fails,
		Import: Import{ID: t.idFor("import", u.ID+"#"+itoa(u.imports)), File: v.Name, Started: t.now, Status: ImportPending, Usage: NotUsed}}
	try := itoa(u.imports)
	takes := t.rules.ImportLeast + t.rules.ImportPer10*time.Duration(math.Ceil(float64(v.Virtual)/(10<<30)))
	takes = takes * 4 / 5
	takes += t.between(0, takes/2, "import", u.UPN, try)
	if v.Fails != "" {
		takes /= 5
	}
	if f := u.fate; f != nil {
		if f.importTakes > 0 {
			takes = f.importTakes
		}
		// What fails, fails once: a second attempt shows that retrying helps.
		if f.Import == "failed" && u.imports == 1 {
			s.Fails = f.Detail
		}
	}
	s.Runs = t.now.Add(min(takes/10, t.between(5*time.Second, 20*time.Second, "pending", u.UPN, try)))
	s.Ends = t.now.Add(takes)
	if !v.Expires.IsZero() && v.Expires.Before(s.Ends) {
		s.Ends = v.Expires
		s.Fails = "Access to the source file ended before the import did: the shared access signature has expired."
	}
	u.imp = s
	t.imports[s.ID] = s
	t.touch(u)
	t.at(s.Ends, func() { t.importEnds(s) })
	return s
}

func (t *Tenant) importEnds(s *snapshot) {
	u := s.user
	if u.imp != s || !s.Ended.IsZero() {
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
	t.expires(s)
	t.evaluate(u)
}

// expires schedules the expiry of an import that has ended, unless it is used by then or the rules have changed.
func (t *Tenant) expires(s *snapshot) {
	lives := t.rules.ImportLives
	if lives == 0 {
		return
	}
	t.at(s.Ended.Add(lives), func() {
		if t.rules.ImportLives == lives && s.user.imp == s && s.Status == ImportSucceeded && s.Usage == NotUsed {
			s.Usage = Expired
			t.touch(s.user)
		}
	})
}

func tooLarge(bytes int64, p *product) bool { return p.DiskGiB > 0 && bytes > int64(p.DiskGiB)<<30 }

// usable reports whether a Cloud PC could be built from the user's import now.
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

// Purge removes unused and failed imports, all or none. It returns the object ids of their users.
func (t *Tenant) Purge(now time.Time, ids []string) ([]string, error) {
	defer t.enter(now)()
	if len(ids) == 0 {
		return nil, props.Required("snapshotIds")
	}
	var found []*snapshot
	for _, id := range ids {
		s := t.imports[lower(id)]
		switch {
		case s == nil && t.rules.PurgeUnknown == 404:
			return nil, refusal.Missing("imported snapshot", id)
		case s == nil:
			continue
		case s.Ended.IsZero() || s.Usage == InUse:
			return nil, refusal.Chosen(t.rules.PurgeBusy, "importedSnapshotInUse",
				"The imported snapshot is in use or still being imported.")
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
