package graph_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/sandbox"
)

// tenant is a small tenant: Anna holds no licence and is in no group yet.
const tenant = `version: 1
name: traps
seed: 3
tenant: {id: 11111111-2222-4333-8444-555555555555, name: Contoso, domain: contoso.example}
users: [{upn: anna}, {upn: ben}]
licenses: [{sku: CPC_E_2C_8GB_128GB, seats: 5}]
groups: [{name: pilots}]
policies: [{name: Pilot, groups: [pilots]}]
settings: [{name: Snapshots, source: snapshot, groups: [pilots]}]
blobs: [{path: disks/anna.vhd, gib: 128}, {path: disks/ben.vhd, gib: 64}]
`

// rehearsal is a client on a sandbox in memory, whose variants the knobs choose.
type rehearsal struct {
	*graph.Client
	t          *testing.T
	root       string
	anna       graph.User
	group, sku string
	setting    graph.UserSetting
	policy     graph.ProvisioningPolicy
}

func rehearse(t *testing.T, knobs string) *rehearsal {
	t.Helper()
	sc, err := sandbox.ParseScenario("traps.yaml", []byte(tenant+"knobs: {membership_lag: 0s, license_lag: 0s"+knobs+"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := sandbox.New(sandbox.Config{Scenario: sc})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	r := &rehearsal{t: t, root: "http://127.0.0.1"}
	p, err := cloud.NewPipeline(cloud.PipelineConfig{Service: "graph", Root: r.root, Credential: cloud.SandboxCredential(), Transport: &http.Client{Transport: s.Transport()}})
	if err != nil {
		t.Fatal(err)
	}
	r.Client = graph.New(p, r.root, graph.Options{})
	ctx := t.Context()
	r.anna, err = r.User(ctx, "anna@contoso.example")
	r.must(err)
	settings, err := r.UserSettings(ctx)
	r.must(err)
	policies, err := r.ProvisioningPolicies(ctx)
	r.must(err)
	skus, err := r.SubscribedSKUs(ctx)
	r.must(err)
	r.setting, r.policy, r.sku = settings[0], policies[0], skus[0].ID
	r.group = r.policy.GroupIDs[0]
	return r
}

func (r *rehearsal) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatalf("%v (hint: %s)", err, fault.HintOf(err))
	}
}

func (r *rehearsal) sas() []graph.SourceFile {
	r.t.Helper()
	key, err := azblob.NewSharedKeyCredential(sandbox.Account, sandbox.AccountKey)
	r.must(err)
	q, err := sas.BlobSignatureValues{Protocol: sas.ProtocolHTTPSandHTTP, StartTime: time.Now().Add(-time.Minute).UTC(), ExpiryTime: time.Now().Add(48 * time.Hour).UTC(),
		Permissions: "r", ContainerName: "disks", BlobName: "anna.vhd"}.SignWithSharedKey(key)
	r.must(err)
	u := url.URL{Path: "/" + sandbox.Account + "/disks/anna.vhd", RawQuery: q.Encode()}
	return []graph.SourceFile{{SASURL: r.root + u.String()}}
}

func (r *rehearsal) account() []graph.SourceFile {
	return []graph.SourceFile{{StorageAccountID: "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/" + sandbox.Account, Container: "disks", Name: "anna.vhd"}}
}

// until polls the import until it is in the state.
func (r *rehearsal) until(id, status string) graph.Import {
	r.t.Helper()
	for range 200 {
		i, err := r.ImportResult(r.t.Context(), id)
		r.must(err)
		if i.Status == status {
			return i
		}
		time.Sleep(time.Minute)
	}
	r.t.Fatalf("the import never was %s", status)
	return graph.Import{}
}

// TestJourneyOnTheSandbox drives one user from the disk to the Cloud PC, under each variant of the import's calls.
func TestJourneyOnTheSandbox(t *testing.T) {
	t.Parallel()
	for name, knobs := range map[string]string{
		"Defaults": "", "Plural": ", retrieve_route: plural", "PluralCollection": ", retrieve_route: plural, retrieve_shape: collection",
		"Collection": ", retrieve_shape: collection", "IDUnderAnotherName": ", snapshot_id: id", "UPN": ", assigned_user: upn",
		"Patch204": ", patch_status: 204", "StrictAssignments": ", assignment_id: refuse", "SmallPages": ", page_size: 1", "Listed": ", list_imports: true",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := rehearse(t, knobs)
				ctx := t.Context()
				s, err := r.UpdateUserSetting(ctx, r.setting)
				r.must(err)
				if s.ProvisioningSourceType != graph.SourceSnapshot {
					t.Errorf("setting %+v", s)
				}
				r.must(r.AssignUserSetting(ctx, s.ID, s.GroupIDs))
				r.must(r.AssignProvisioningPolicy(ctx, r.policy.ID, r.policy.GroupIDs))
				for range 2 {
					r.must(r.AddMember(ctx, r.group, r.anna.ID))
				}
				if in, err := r.IsMember(ctx, r.group, r.anna.ID); !in || err != nil {
					t.Errorf("member: %v, %v", in, err)
				}
				i, err := r.ImportSnapshot(ctx, r.anna.ID, r.sas())
				r.must(err)
				done := r.until(i.SnapshotID, graph.ImportSucceeded)
				if !done.AssignedTo(r.anna.ID, r.anna.UPN) || done.Usage != graph.UsageNotUsed {
					t.Errorf("import %+v", done)
				}
				if name == "Listed" {
					all, err := r.ListImports(ctx)
					if err != nil || len(all) != 1 {
						t.Errorf("list: %v, %v", all, err)
					}
				} else if _, err := r.ListImports(ctx); !fault.Is(err, fault.NotFound) {
					t.Errorf("list: %v", err)
				}
				answers, err := r.ImportResults(ctx, []string{i.SnapshotID, otherID})
				r.must(err)
				if answers[0].Err != nil || !fault.Is(answers[1].Err, fault.NotFound) {
					t.Errorf("batch %+v", answers)
				}
				r.must(r.AssignLicense(ctx, r.anna.ID, r.sku))
				r.must(r.AssignLicense(ctx, r.anna.ID, r.sku))
				var pcs []graph.CloudPC
				for range 200 {
					pcs, err = r.CloudPCs(ctx, "")
					r.must(err)
					if len(pcs) == 1 && pcs[0].Status == graph.StatusProvisioned {
						break
					}
					time.Sleep(time.Minute)
				}
				if len(pcs) != 1 || !strings.EqualFold(pcs[0].UserPrincipalName, r.anna.UPN) || !pcs[0].ProvisionedAt.After(done.EndedAt) || pcs[0].ProvisioningPolicyID != r.policy.ID {
					t.Fatalf("Cloud PCs %+v", pcs)
				}
				if _, err := r.ImportResult(ctx, i.SnapshotID); !fault.Is(err, fault.NotFound) {
					t.Errorf("the record should be gone: %v", err)
				}
				r.must(r.RemoveMember(ctx, r.group, r.anna.ID))
				r.must(r.RemoveMember(ctx, r.group, r.anna.ID))
				if u, err := r.User(ctx, r.anna.ID); err != nil || u.ID != r.anna.ID {
					t.Errorf("the user is gone: %v", err)
				}
			})
		})
	}
}

// TestRefusalsOnTheSandbox looks at what the sandbox refuses, variant by variant.
func TestRefusalsOnTheSandbox(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		knobs string
		do    func(*rehearsal) error
		kind  fault.Kind
	}{
		"T01Omitted":      {", snapshot_id: omitted", func(r *rehearsal) error { _, err := r.ImportSnapshot(r.t.Context(), r.anna.ID, r.sas()); return err }, fault.OutcomeUnknown},
		"T02FileName":     {"", func(r *rehearsal) error { return r.stored("fileName") }, ""},
		"T02BlobName":     {", storage_field: blobName", func(r *rehearsal) error { return r.stored("blobName") }, ""},
		"T02Both":         {", storage_field: both", func(r *rehearsal) error { return r.stored("fileName") }, ""},
		"T02Strict":       {", storage_field: strict", func(r *rehearsal) error { return r.stored("fileName") }, ""},
		"T03Empty":        {", assigned_user: empty", (*rehearsal).nobody, ""},
		"T07Second400":    {"", (*rehearsal).twice, fault.Invalid},
		"T07Second409":    {", second_import: 409", (*rehearsal).twice, fault.Conflict},
		"T07PurgeUnknown": {", purge_unknown: 404", func(r *rehearsal) error { return r.PurgeImport(r.t.Context(), otherID) }, ""},
		"T07PurgeBusy":    {", purge_busy: 409", (*rehearsal).purgeBusy, fault.Conflict},
		"T09Ignored":      {", ignore_source_type: true", (*rehearsal).ignored, ""},
		"T15NotFound":     {"", func(r *rehearsal) error { _, err := r.ImportResult(r.t.Context(), otherID); return err }, fault.NotFound},
		"Quota":           {", daily_imports: 1", (*rehearsal).quota, fault.Throttled},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if err := tt.do(rehearse(t, tt.knobs)); fault.KindOf(err) != tt.kind {
					t.Errorf("got %v (%s), want kind %q", err, fault.CodeOf(err), tt.kind)
				}
			})
		})
	}
}

func (r *rehearsal) stored(field string) error {
	_, err := r.ImportSnapshot(r.t.Context(), r.anna.ID, r.account())
	if got := r.Variants().StorageField; got != field {
		r.t.Errorf("recorded %q, want %q", got, field)
	}
	return err
}

func (r *rehearsal) nobody() error {
	i, err := r.ImportSnapshot(r.t.Context(), r.anna.ID, r.sas())
	if i.AssignedTo(r.anna.ID, r.anna.UPN) {
		r.t.Errorf("an import of nobody's is Anna's: %+v", i)
	}
	return err
}

func (r *rehearsal) twice() error {
	_, err := r.ImportSnapshot(r.t.Context(), r.anna.ID, r.sas())
	r.must(err)
	_, err = r.ImportSnapshot(r.t.Context(), r.anna.ID, r.sas())
	return err
}

func (r *rehearsal) purgeBusy() error {
	i, err := r.ImportSnapshot(r.t.Context(), r.anna.ID, r.sas())
	r.must(err)
	return r.PurgeImport(r.t.Context(), i.SnapshotID)
}

func (r *rehearsal) ignored() error {
	s, err := r.CreateUserSetting(r.t.Context(), graph.UserSetting{DisplayName: "new", ProvisioningSourceType: graph.SourceSnapshot})
	r.must(err)
	s, err = r.UserSetting(r.t.Context(), s.ID)
	if s.ProvisioningSourceType != graph.SourceImage {
		r.t.Errorf("the read hides that the source was ignored: %+v", s)
	}
	return err
}

func (r *rehearsal) quota() error {
	_, err := r.ImportSnapshot(r.t.Context(), r.anna.ID, r.sas())
	r.must(err)
	ben, err := r.User(r.t.Context(), "ben@contoso.example")
	r.must(err)
	_, err = r.ImportSnapshot(r.t.Context(), ben.ID, r.sas())
	if fault.CodeOf(err) != graph.CodeQuota {
		r.t.Errorf("code %q", fault.CodeOf(err))
	}
	start := time.Now()
	_, err2 := r.CloudPCs(r.t.Context(), "")
	r.must(err2)
	if d := time.Since(start); d > 0 {
		r.t.Errorf("a used-up quota kept polling waiting for %s", d)
	}
	return err
}
