// Package playbook carries out a migration: for the wave once, and for each row step by step. Every step reads before
// it acts, so that doing it twice has the same effect as doing it once; every write to the tenant has its intent in the
// journal before the call and its outcome after it. It does not decide about concurrency or order, and knows no SQL.
package playbook

import (
	"context"
	"time"

	"wave365/pkg/blob"
	"wave365/pkg/blob/bloburl"
	"wave365/pkg/estimate"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// Graph is what the playbook needs of the tenant, grouped by subject; *graph.Client implements it.
type Graph interface {
	// Imported snapshots.
	ImportSnapshot(ctx context.Context, userID string, files []graph.SourceFile) (graph.Import, error)
	PurgeImport(ctx context.Context, snapshotID string) error
	ImportResult(ctx context.Context, snapshotID string) (graph.Import, error)
	ImportResults(ctx context.Context, ids []string) ([]graph.ImportAnswer, error)

	// The records by which an import whose answer was lost may be found again.
	AuditEvents(ctx context.Context, filter string) ([]graph.AuditEvent, error)
	ListImports(ctx context.Context) ([]graph.Import, error)

	// People and their licenses.
	UsersTogether(ctx context.Context, ids []string) ([]graph.UserAnswer, error)
	LicenseDetails(ctx context.Context, userID string) ([]graph.License, error)
	LicenseDetailsOf(ctx context.Context, userIDs []string) ([]graph.LicenseAnswer, error)
	AssignLicense(ctx context.Context, userID, skuID string) error
	RemoveLicense(ctx context.Context, userID, skuID string) error
	SubscribedSKUs(ctx context.Context) ([]graph.SKU, error)

	// Groups.
	Groups(ctx context.Context, ids []string) ([]graph.GroupAnswer, error)
	IsMember(ctx context.Context, groupID, userID string) (bool, error)
	MembersAmong(ctx context.Context, groupID string, userIDs []string) ([]bool, error)
	AddMember(ctx context.Context, groupID, userID string) error
	AddMembers(ctx context.Context, groupID string, userIDs []string) error
	RemoveMember(ctx context.Context, groupID, userID string) error

	// Policies and Cloud PCs.
	ProvisioningPolicies(ctx context.Context) ([]graph.ProvisioningPolicy, error)
	CloudPCs(ctx context.Context, filter string) ([]graph.CloudPC, error)
	CloudPCsOf(ctx context.Context, upns []string) ([]graph.CloudPC, error)

	// User settings.
	UserSettings(ctx context.Context) ([]graph.UserSetting, error)
	UserSetting(ctx context.Context, id string) (graph.UserSetting, error)
	CreateUserSetting(ctx context.Context, s graph.UserSetting) (graph.UserSetting, error)
	AssignUserSetting(ctx context.Context, id string, groupIDs []string) error
}

// Storage is what the playbook needs of the storage account; *blob.Client implements it.
type Storage interface {
	Properties(ctx context.Context, r bloburl.Ref) (blob.Properties, error)
	SignRead(ctx context.Context, r bloburl.Ref, start, expiry time.Time) (string, error)
}

// Clock is the service's time; cloud.Clock is one.
type Clock interface {
	Now() time.Time
	// Wall is how long a stretch of service time takes on the wall clock.
	Wall(d time.Duration) time.Duration
}

// Playbook is the playbook of one run. Build it with New. Safe for concurrent use.
type Playbook struct {
	run         migration.Run
	graph       Graph
	storage     Storage
	journal     marked
	clock       Clock
	sources     Sources
	assignments *assignments
	pace        *estimate.Model
	access      access
	recent      recent
	policyFirst policyFirst
	repeatLost  bool // see RepeatLostImports
}

// Sources gives the blob reference of a source: with the wave's own SAS where the file brought one. It fails when
// that file is not at hand any more.
type Sources func(row int, guestState bool, s migration.Source) (bloburl.Ref, error)

// New makes the playbook of a run.
func New(run migration.Run, g Graph, s Storage, j Journal, c Clock, sources Sources) *Playbook {
	b := &Playbook{
		run: run, graph: g, storage: s, journal: marked{j}, clock: c, sources: sources,
		assignments: &assignments{graph: g, clock: c, turn: make(chan struct{}, 1)}, pace: estimate.New(),
	}
	b.assignments.giveWay = b.giveWay
	return b
}

// Steps lists how each step is done, for the runner.
func (b *Playbook) Steps() []migration.Work {
	steps := []migration.Work{
		{Step: migration.StepCheck, Batch: 20, Do: b.checkAll},
		{Step: migration.StepRelease, Batch: 1, Do: each(b.release)},
		{Step: migration.StepJoin, Batch: 20, Do: b.join},
		{Step: migration.StepImport, Batch: importBatch, Do: b.importDisks},
		{Step: migration.StepImportWait, Batch: 20, Do: b.importWait},
		{Step: migration.StepCutover, Batch: 1, Do: each(b.cutover)},
		{Step: migration.StepProvisionWait, Batch: 0, Do: b.provisionWait},
		{Step: migration.StepProve, Batch: 20, Do: b.prove},
	}
	for i := range steps {
		steps[i] = b.watched(b.givenBack(b.userThere(steps[i])))
	}
	return steps
}

// each makes a step for many rows out of one for a single row.
func each(do func(context.Context, migration.Row) (migration.Result, error)) func(context.Context, []migration.Row) ([]migration.Result, error) {
	return func(ctx context.Context, rows []migration.Row) ([]migration.Result, error) {
		results := make([]migration.Result, len(rows))
		for i, r := range rows {
			if ctx.Err() != nil {
				results[i] = migration.Stopped(r.Facts)
				continue
			}
			res, err := do(ctx, r)
			if err != nil {
				return nil, err
			}
			results[i] = res
		}
		return results, nil
	}
}
