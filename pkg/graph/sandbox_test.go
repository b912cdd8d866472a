package graph_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/sandbox"
	"wave365/pkg/sandbox/sandboxtest"
)

// tenant is a small tenant: nobody holds a license or is in a group yet.
const tenant = `version: 1
name: traps
seed: 3
tenant: {id: 11111111-2222-4333-8444-555555555555, name: Contoso, domain: contoso.example}
users:
  - {upn: anna}
  - {upn: ben}
licenses: [{sku: CPC_E_2C_8GB_128GB, seats: 5}]
groups: [{name: pilots}]
policies: [{name: Pilot, groups: [pilots]}]
settings: [{name: Snapshots, source: snapshot, groups: [pilots]}]
blobs:
  - {path: disks/anna.vhd, gib: 128}
  - {path: disks/ben.vhd, gib: 64}
  - {path: others/anna.vhd, gib: 64}
  - {path: disks/anna.vmgs, kind: guest-state}
`

// rehearsal is a client on a sandbox in memory, whose variants the knobs choose.
type rehearsal struct {
	*graph.Client
	t          *testing.T
	root       string
	http       *http.Client
	anna, ben  graph.User
	group, sku string
	setting    graph.UserSetting
	policy     graph.ProvisioningPolicy
}

// rehearse makes a rehearsal; knobs are added to those of the tenant, edits are pairs of a part of the scenario and what
// stands there instead.
func rehearse(t *testing.T, knobs string, edits ...string) *rehearsal {
	t.Helper()
	text := strings.NewReplacer(edits...).Replace(tenant)
	on := sandboxtest.New(t, sandboxtest.Parse(t, text+"knobs: {membership_lag: 0s, license_lag: 0s"+knobs+"}\n"), nil)
	r := &rehearsal{t: t, root: sandboxtest.Root, http: on.HTTP, Client: on.Graph}
	var err error
	ctx := t.Context()
	r.anna, err = r.User(ctx, "anna@contoso.example")
	r.must(err)
	r.ben, err = r.User(ctx, "ben@contoso.example")
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

// onSandbox plays one trap under each variant that the sandbox has of it, in virtual time. A variant is a list of knobs,
// which may be followed by edits of the scenario.
func onSandbox(t *testing.T, variants map[string][]string, play func(r *rehearsal, variant string)) {
	t.Helper()
	for name, v := range variants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				knobs := ""
				if len(v) > 0 && v[0] != "" {
					knobs = ", " + v[0]
				}
				play(rehearse(t, knobs, v[min(1, len(v)):]...), name)
			})
		})
	}
}

// raw sends what the client never would, and gives status and body.
func (r *rehearsal) raw(method, path, body string, headers ...string) (int, string) {
	r.t.Helper()
	req, err := http.NewRequest(method, r.root+path, strings.NewReader(body))
	r.must(err)
	req.Header.Set("Authorization", "Bearer x")
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := r.http.Do(req)
	r.must(err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	r.must(err)
	return resp.StatusCode, string(text)
}

// wait lets virtual time pass: every rehearsal runs in a bubble of its own, see [onSandbox].
func (r *rehearsal) wait(d time.Duration) { time.Sleep(d) }

// seen is a request as the sandbox logged it.
type seen struct{ Method, Path, Query, Effect, Outcome string }

func (r *rehearsal) requests() []seen {
	r.t.Helper()
	_, text := r.raw("GET", "/sandbox/requests", "")
	var log struct{ Requests []seen }
	r.must(json.Unmarshal([]byte(text), &log))
	return log.Requests
}

// count is how many requests had the effect.
func (r *rehearsal) count(effect string) (n int) {
	r.t.Helper()
	for _, q := range r.requests() {
		if q.Effect == effect {
			n++
		}
	}
	return n
}

func (r *rehearsal) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatalf("%v (hint: %s)", err, fault.HintOf(err))
	}
}

func (r *rehearsal) sas() []graph.SourceFile {
	return []graph.SourceFile{r.signed("disks", "anna.vhd")}
}

func (r *rehearsal) signed(container, blob string) graph.SourceFile {
	r.t.Helper()
	key, err := azblob.NewSharedKeyCredential(sandbox.Account, sandbox.AccountKey)
	r.must(err)
	q, err := sas.BlobSignatureValues{Protocol: sas.ProtocolHTTPSandHTTP, StartTime: time.Now().Add(-time.Minute).UTC(), ExpiryTime: time.Now().Add(48 * time.Hour).UTC(),
		Permissions: "r", ContainerName: container, BlobName: blob}.SignWithSharedKey(key)
	r.must(err)
	u := url.URL{Path: "/" + sandbox.Account + "/" + container + "/" + blob, RawQuery: q.Encode()}
	return graph.SourceFile{SASURL: r.root + u.String()}
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

// started starts Anna's import.
func (r *rehearsal) started() graph.Import {
	r.t.Helper()
	i, err := r.ImportSnapshot(r.t.Context(), r.anna.ID, r.sas())
	r.must(err)
	return i
}

// pc waits until the user has a Cloud PC with one of the statuses; none within five hours is the zero Cloud PC.
func (r *rehearsal) pc(user graph.User, statuses ...string) graph.CloudPC {
	r.t.Helper()
	for range 300 {
		pcs, err := r.CloudPCs(r.t.Context(), "")
		r.must(err)
		for _, pc := range pcs {
			if strings.EqualFold(pc.UserPrincipalName, user.UPN) && slices.Contains(statuses, pc.Status) {
				return pc
			}
		}
		time.Sleep(time.Minute)
	}
	return graph.CloudPC{}
}

// TestQuotaOnSandbox: a daily cap holds imports and nobody else.
func TestQuotaOnSandbox(t *testing.T) {
	t.Parallel()
	onSandbox(t, map[string][]string{"Capped": {"daily_imports: 1"}, "Open": {}}, func(r *rehearsal, variant string) {
		if err := r.quota(); fault.Is(err, fault.Throttled) != (variant == "Capped") {
			r.t.Error(err)
		}
	})
}

// TestUsageLocationOnSandbox: a location that is set is known to licensing later; until then the refusal passes by itself.
func TestUsageLocationOnSandbox(t *testing.T) {
	t.Parallel()
	none := []string{"{upn: anna}", "{upn: anna, location: none}", "licenses: [", "permissions: [User.ReadWrite.All, LicenseAssignment.ReadWrite.All, CloudPC.Read.All, GroupMember.Read.All]\nlicenses: ["}
	onSandbox(t, map[string][]string{"AtOnce": append([]string{"usage_location_lag: 0s"}, none...), "Later": append([]string{"usage_location_lag: 10m"}, none...)}, func(r *rehearsal, variant string) {
		ctx := r.t.Context()
		if err := r.AssignLicense(ctx, r.anna.ID, r.sku); !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != graph.CodeUsageLocation {
			r.t.Errorf("without a location: %v", err)
		}
		if status, text := r.raw("PATCH", "/v1.0/users/"+r.anna.ID, `{"usageLocation":"CH"}`); status != 204 {
			r.t.Fatal(status, text)
		}
		err := r.AssignLicense(ctx, r.anna.ID, r.sku)
		if variant == "AtOnce" {
			r.must(err)
			return
		}
		if !fault.Is(err, fault.Conflict) || fault.CodeOf(err) != graph.CodeUsageLocation {
			r.t.Errorf("while it replicates: %v (%s)", err, fault.KindOf(err))
		}
		time.Sleep(10 * time.Minute)
		r.must(r.AssignLicense(ctx, r.anna.ID, r.sku))
	})
}

func (r *rehearsal) quota() error {
	_, err := r.ImportSnapshot(r.t.Context(), r.anna.ID, r.sas())
	r.must(err)
	_, err = r.ImportSnapshot(r.t.Context(), r.ben.ID, r.sas())
	if err != nil && fault.CodeOf(err) != graph.CodeThrottled {
		r.t.Errorf("code %q", fault.CodeOf(err)) // the service does not say that it means the whole day
	}
	start := time.Now()
	_, err2 := r.CloudPCs(r.t.Context(), "")
	r.must(err2)
	if d := time.Since(start); d > 0 {
		r.t.Errorf("a used-up quota kept polling waiting for %s", d)
	}
	return err
}
