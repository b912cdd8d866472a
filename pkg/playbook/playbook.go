// Package playbook is what is done: for the wave once, and for each row step by step. Every step looks before it
// acts, so that doing it twice equals doing it once; every write to the tenant has its intent in the journal before
// the call and its outcome after it. It is not for concurrency, order or SQL.
package playbook

import (
	"context"
	"sync"
	"time"

	"wave365/pkg/blob"
	"wave365/pkg/estimate"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// Journal is where intents and outcomes are recorded. An error from it is a failure of the run, never of a row.
type Journal interface {
	// Intend records that an effect is about to be tried; it is durable when it returns.
	Intend(ctx context.Context, in migration.Intent) (migration.Intent, error)
	// Conclude records how it ended.
	Conclude(ctx context.Context, in migration.Intent, out migration.Outcome) error
	// Intents gives what was recorded for a row (or migration.WaveRow), oldest first.
	Intents(ctx context.Context, run string, row int) ([]migration.Intent, error)
}

// Imports are the calls about imported snapshots.
type Imports interface {
	ImportSnapshot(ctx context.Context, userID string, files []graph.SourceFile) (graph.Import, error)
	PurgeImport(ctx context.Context, snapshotID string) error
	ImportResult(ctx context.Context, snapshotID string) (graph.Import, error)
	ImportResults(ctx context.Context, ids []string) ([]graph.ImportAnswer, error)
}

// Records are the calls by which an import whose answer was lost may be found again.
type Records interface {
	AuditEvents(ctx context.Context, filter string) ([]graph.AuditEvent, error)
	ListImports(ctx context.Context) ([]graph.Import, error)
}

// Directory are the calls about groups and licenses.
type Directory interface {
	IsMember(ctx context.Context, groupID, userID string) (bool, error)
	MembersAmong(ctx context.Context, groupID string, userIDs []string) ([]bool, error)
	AddMember(ctx context.Context, groupID, userID string) error
	AddMembers(ctx context.Context, groupID string, userIDs []string) error
	LicenseDetails(ctx context.Context, userID string) ([]graph.License, error)
	AssignLicense(ctx context.Context, userID, skuID string) error
}

// Endpoint are the calls about policies and Cloud PCs.
type Endpoint interface {
	ProvisioningPolicies(ctx context.Context) ([]graph.ProvisioningPolicy, error)
	CloudPCs(ctx context.Context, filter string) ([]graph.CloudPC, error)
	CloudPCsOf(ctx context.Context, upns []string) ([]graph.CloudPC, error)
}

// Settings are the calls about user settings.
type Settings interface {
	UserSettings(ctx context.Context) ([]graph.UserSetting, error)
	UserSetting(ctx context.Context, id string) (graph.UserSetting, error)
	CreateUserSetting(ctx context.Context, s graph.UserSetting) (graph.UserSetting, error)
	AssignUserSetting(ctx context.Context, id string, groupIDs []string) error
}

// Graph is all of the tenant that the playbook touches; *graph.Client is one.
type Graph interface {
	Imports
	Records
	People
	Directory
	Endpoint
	Settings
}

// Storage is what the playbook asks of the storage account; *blob.Client is one.
type Storage interface {
	Properties(ctx context.Context, r blob.Ref) (blob.Properties, error)
	SignRead(ctx context.Context, r blob.Ref, start, expiry time.Time) (string, error)
}

// Clock is the service's time; cloud.Clock is one.
type Clock interface {
	Now() time.Time
	// Wall is how long a stretch of service time takes on the wall clock.
	Wall(d time.Duration) time.Duration
}

// Book is the playbook of one run. Build it with New. Safe for concurrent use.
type Book struct {
	run     migration.Run
	graph   Graph
	storage Storage
	journal Journal
	clock   Clock
	sources Sources
	links   *linkCache
	pace    *estimate.Model
	login   signIn
	fresh   sync.Map // row index → when its import was read as ended, by this process
	looked  sync.Map // row index → when its disk was found unmoved, by this process
	// repeatLost: see RepeatLostImports.
	repeatLost bool
}

// Sources gives the blob reference of a source: with the wave's own SAS where the file brought one. It fails when
// that file is not at hand any more.
type Sources func(row int, guestState bool, s migration.Source) (blob.Ref, error)

// New makes the playbook of a run.
func New(run migration.Run, g Graph, s Storage, j Journal, c Clock, sources Sources) *Book {
	return &Book{
		run: run, graph: g, storage: s, journal: j, clock: c, sources: sources,
		links: &linkCache{graph: g, clock: c, turn: make(chan struct{}, 1)}, pace: estimate.New(),
	}
}

// Steps lists how each step is done, for the runner.
func (b *Book) Steps() []migration.Work {
	steps := []migration.Work{
		{Step: migration.StepCheck, Batch: 20, Do: b.checkAll},
		{Step: migration.StepJoin, Batch: 20, Do: b.join},
		{Step: migration.StepImport, Batch: 1, Do: each(b.importDisk)},
		{Step: migration.StepImportWait, Batch: 20, Do: b.importWait},
		{Step: migration.StepCutover, Batch: 1, Do: each(b.cutover)},
		{Step: migration.StepProvisionWait, Batch: 0, Do: b.provisionWait},
		{Step: migration.StepProve, Batch: 20, Do: b.prove},
	}
	for i := range steps {
		steps[i] = b.signedIn(steps[i])
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
