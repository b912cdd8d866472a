package graph_test

import (
	"strings"
	"testing"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
)

// The traps of the import, played on the sandbox in each of their variants. What the sandbox cannot be made to say is
// played from a script, in the tests of the same names without "OnSandbox".

const accepted = "importSnapshot accepted"

func TestTrapT01OnSandbox(t *testing.T) {
	t.Parallel()
	onSandbox(t, map[string][]string{"Present": {}, "UnderAnotherName": {"snapshot_id: id"}, "Omitted": {"snapshot_id: omitted"}}, func(r *rehearsal, variant string) {
		i, err := r.ImportSnapshot(r.t.Context(), r.anna.ID, r.sas())
		if r.count(accepted) != 1 {
			r.t.Errorf("%d imports were started", r.count(accepted))
		}
		if variant == "Omitted" {
			f := fault.As(err)
			if !fault.Is(err, fault.OutcomeUnknown) || i.SnapshotID != "" || i.Status != graph.ImportPending || !strings.Contains(f.Remote.Message, `"importStatus":"pending"`) {
				r.t.Errorf("%+v, %+v: want outcome unknown with the whole answer", i, f)
			}
			return
		}
		r.must(err)
		r.until(i.SnapshotID, graph.ImportSucceeded)
	})
}

func TestTrapT02OnSandbox(t *testing.T) {
	t.Parallel()
	for source, files := range map[string]func(*rehearsal) []graph.SourceFile{"Account": (*rehearsal).account, "SAS": (*rehearsal).sas} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			onSandbox(t, map[string][]string{"fileName": {}, "blobName": {"storage_field: blobName"}, "both": {"storage_field: both"}, "strict": {"storage_field: strict"}}, func(r *rehearsal, variant string) {
				_, err := r.ImportSnapshot(r.t.Context(), r.anna.ID, files(r))
				r.must(err)
				want, refused := "fileName", 0
				switch {
				case source == "SAS":
					want = ""
				case variant == "blobName":
					want, refused = "blobName", 1
				}
				if got := r.Variants().StorageField; got != want || r.count(accepted) != 1 || r.count("importSnapshot refused") != refused {
					r.t.Errorf("recorded %q after %d refusals, want %q after %d", got, r.count("importSnapshot refused"), want, refused)
				}
			})
		})
	}
	// A blob that is not there is refused under both names, and nothing is concluded from it.
	onSandbox(t, map[string][]string{"NoBlob/fileName": {}, "NoBlob/blobName": {"storage_field: blobName"}}, func(r *rehearsal, _ string) {
		files := r.account()
		files[0].Name = "nobody.vhd"
		_, err := r.ImportSnapshot(r.t.Context(), r.anna.ID, files)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.HintOf(err), "source files") || r.Variants().StorageField != "" || r.count(accepted) != 0 {
			r.t.Errorf("%v, recorded %q", err, r.Variants().StorageField)
		}
	})
}

func TestTrapT03OnSandbox(t *testing.T) {
	t.Parallel()
	onSandbox(t, map[string][]string{"ObjectID": {}, "UPN": {"assigned_user: upn"}, "Empty": {"assigned_user: empty"}}, func(r *rehearsal, variant string) {
		i, err := r.ImportResult(r.t.Context(), r.started().SnapshotID)
		r.must(err)
		if got, want := i.AssignedTo(r.anna.ID, r.anna.UPN), variant != "Empty"; got != want {
			r.t.Errorf("%q is Anna: %v, want %v", i.AssignedUser, got, want)
		}
		if i.AssignedTo(r.ben.ID, r.ben.UPN) || i.AssignedTo("", "") {
			r.t.Errorf("%q is somebody else", i.AssignedUser)
		}
	})
}

func TestTrapT04OnSandbox(t *testing.T) {
	t.Parallel()
	const one, many = "retrieveSnapshotImportResult", "retrieveSnapshotImportResults"
	want := map[string]string{"Singular": one, "SingularCollection": one, "Plural": many, "PluralCollection": many, "Both": one}
	onSandbox(t, map[string][]string{"Singular": {}, "SingularCollection": {"retrieve_shape: collection"}, "Plural": {"retrieve_route: plural"},
		"PluralCollection": {"retrieve_route: plural, retrieve_shape: collection"}, "Both": {"retrieve_route: both"}}, func(r *rehearsal, variant string) {
		ctx, id := r.t.Context(), r.started().SnapshotID
		// An unknown id says nothing about the route, be it asked first or later.
		for range 2 {
			if _, err := r.ImportResult(ctx, otherID); !fault.Is(err, fault.NotFound) {
				r.t.Errorf("an unknown id: %v", err)
			}
			i, err := r.ImportResult(ctx, id)
			if err != nil || i.SnapshotID != id {
				r.t.Errorf("%+v, %v", i, err)
			}
			if got := r.Variants().ResultRoute; got != want[variant] {
				r.t.Errorf("route %q, want %q", got, want[variant])
			}
		}
		answers, err := r.ImportResults(ctx, []string{otherID, id})
		if err != nil || answers[1].Err != nil || answers[1].Import.SnapshotID != id || !fault.Is(answers[0].Err, fault.NotFound) {
			r.t.Errorf("in a batch: %+v, %v", answers, err)
		}
	})
}

func TestTrapT05OnSandbox(t *testing.T) {
	t.Parallel()
	onSandbox(t, map[string][]string{"Absent": {}, "Present": {"list_imports: true"}}, func(r *rehearsal, variant string) {
		id := r.started().SnapshotID
		all, err := r.ListImports(r.t.Context())
		if variant == "Present" && (err != nil || len(all) != 1 || all[0].SnapshotID != id) || variant == "Absent" && !fault.Is(err, fault.NotFound) {
			r.t.Errorf("%+v, %v", all, err)
		}
		r.until(id, graph.ImportSucceeded) // either way
	})
}

// TestTrapT06OnSandbox: the same user, the same calls, in the right order and in the wrong one. Nothing but the import that
// stays unused tells afterwards.
func TestTrapT06OnSandbox(t *testing.T) {
	t.Parallel()
	licensed := []string{"{upn: anna}", "{upn: anna, licenses: [CPC_E_2C_8GB_128GB]}"}
	byGroup := []string{"{name: pilots}", "{name: pilots, licenses: [CPC_E_2C_8GB_128GB]}"}
	onSandbox(t, map[string][]string{"Right": {}, "RightForLicensed": append([]string{""}, licensed...), "Wrong": append([]string{""}, licensed...),
		"WrongWaits": append([]string{"no_snapshot: wait"}, licensed...), "WrongFails": append([]string{"no_snapshot: failed"}, licensed...),
		"LicenseByGroup": append([]string{""}, byGroup...)}, func(r *rehearsal, variant string) {
		ctx := r.t.Context()
		u, err := r.User(ctx, r.anna.ID)
		r.must(err)
		g, err := r.Group(ctx, r.group)
		r.must(err)
		// The facts that the order is decided by.
		if held := variant != "Right" && variant != "LicenseByGroup"; (len(u.AssignedSKUs) == 1) != held || (len(g.LicenseSKUs) == 1) != (variant == "LicenseByGroup") {
			r.t.Errorf("licenses %v, by the group %v", u.AssignedSKUs, g.LicenseSKUs)
		}
		wrong := strings.HasPrefix(variant, "Wrong") || variant == "LicenseByGroup"
		if wrong || variant == "Right" {
			r.must(r.AddMember(ctx, r.group, r.anna.ID))
		}
		id := r.started().SnapshotID
		r.until(id, graph.ImportSucceeded)
		if !wrong && variant == "Right" {
			r.must(r.AssignLicense(ctx, r.anna.ID, r.sku))
		} else if !wrong {
			r.must(r.AddMember(ctx, r.group, r.anna.ID))
		}
		pc := r.pc(r.anna, graph.StatusProvisioned, graph.StatusFailed)
		i, err := r.ImportResult(ctx, id)
		switch variant {
		case "Right", "RightForLicensed", "WrongWaits":
			if pc.Status != graph.StatusProvisioned || !fault.Is(err, fault.NotFound) {
				r.t.Errorf("%q, import %+v, %v: want one from the snapshot", pc.Status, i, err)
			}
		case "WrongFails":
			if pc.Status != graph.StatusFailed || i.Usage != graph.UsageNotUsed {
				r.t.Errorf("%q, import %+v, %v", pc.Status, i, err)
			}
		default:
			if pc.Status != graph.StatusProvisioned || err != nil || i.Usage != graph.UsageNotUsed {
				r.t.Errorf("%q, import %+v, %v: want one from the image, and the import unused", pc.Status, i, err)
			}
		}
	})
}

func TestTrapT07OnSandbox(t *testing.T) {
	t.Parallel()
	onSandbox(t, map[string][]string{"400": {}, "409": {"second_import: 409, purge_busy: 409, purge_unknown: 404"}}, func(r *rehearsal, variant string) {
		ctx, kind := r.t.Context(), fault.Invalid
		if variant == "409" {
			kind = fault.Conflict
		}
		id := r.started().SnapshotID
		second := func() error { _, err := r.ImportSnapshot(ctx, r.anna.ID, r.sas()); return err }
		if err := second(); !fault.Is(err, kind) || fault.As(err).Remote.Code == "" {
			r.t.Errorf("second import: %v", err)
		}
		if err := r.PurgeImport(ctx, id); !fault.Is(err, kind) {
			r.t.Errorf("purge while it runs: %v", err)
		}
		r.until(id, graph.ImportSucceeded)
		if err := second(); !fault.Is(err, kind) {
			r.t.Errorf("second import when the first has ended: %v", err)
		}
		r.must(r.PurgeImport(ctx, id))
		r.must(r.PurgeImport(ctx, id))
		r.must(r.PurgeImport(ctx, otherID))
		r.must(second())
	})
}

func TestTrapT12OnSandbox(t *testing.T) {
	t.Parallel()
	readOnly := []string{"licenses: [", "permissions: [CloudPC.Read.All, User.Read.All, LicenseAssignment.Read.All, GroupMember.Read.All]\nlicenses: ["}
	onSandbox(t, map[string][]string{"AsDocumented": append([]string{""}, readOnly...), "Strict": append([]string{"strict_permissions: true"}, readOnly...)}, func(r *rehearsal, variant string) {
		i, err := r.ImportSnapshot(r.t.Context(), r.anna.ID, r.sas())
		purged := r.PurgeImport(r.t.Context(), otherID)
		if variant == "AsDocumented" {
			r.must(err)
			r.must(purged)
			r.until(i.SnapshotID, graph.ImportSucceeded)
			return
		}
		for _, err := range []error{err, purged} {
			if !fault.Is(err, fault.Denied) || !strings.Contains(fault.HintOf(err), "CloudPC.ReadWrite.All") {
				r.t.Errorf("%v, %q", err, fault.HintOf(err))
			}
		}
	})
}

func TestTrapT15OnSandbox(t *testing.T) {
	t.Parallel()
	onSandbox(t, map[string][]string{"Removed": {}, "Kept": {"keep_import_record: true"}, "Expired": {"import_expires: 30m"}}, func(r *rehearsal, variant string) {
		ctx := r.t.Context()
		r.must(r.AddMember(ctx, r.group, r.anna.ID))
		id := r.started().SnapshotID
		r.until(id, graph.ImportSucceeded)
		if variant == "Expired" {
			r.wait(31 * time.Minute)
			if i, err := r.ImportResult(ctx, id); err != nil || i.Usage != graph.UsageExpired || i.Status != graph.ImportSucceeded {
				r.t.Errorf("%+v, %v", i, err)
			}
			return
		}
		r.must(r.AssignLicense(ctx, r.anna.ID, r.sku))
		if i, err := r.ImportResult(ctx, id); err != nil || i.Usage != graph.UsageInUse {
			r.t.Errorf("while it is used: %+v, %v", i, err)
		}
		r.pc(r.anna, graph.StatusProvisioned)
		i, err := r.ImportResult(ctx, id)
		if variant == "Removed" && !fault.Is(err, fault.NotFound) || variant == "Kept" && (err != nil || i.Usage != graph.UsageInUse) {
			r.t.Errorf("after it was used: %+v, %v", i, err)
		}
	})
}

// TestTrapT16OnSandbox: a 200 whose body is of no use, and no answer at all. The other statuses of 2xx are in the script only:
// the sandbox always says 200.
func TestTrapT16OnSandbox(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]string{
		"BrokenBody":     `{"match":"importSnapshot","kind":"malformed","count":1}`,
		"NoAnswer":       `{"match":"importSnapshot","kind":"drop-reply","count":1}`,
		"504AfterCommit": `{"match":"importSnapshot","kind":"status","status":504,"applied":true,"count":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onSandbox(t, map[string][]string{"400": {}, "409": {"second_import: 409"}}, func(r *rehearsal, variant string) {
				if status, text := r.raw("POST", "/sandbox/faults", rule); status != 200 {
					r.t.Fatal(status, text)
				}
				_, err := r.ImportSnapshot(r.t.Context(), r.anna.ID, r.sas())
				if !fault.Is(err, fault.OutcomeUnknown) || r.count(accepted) != 1 {
					r.t.Errorf("%v (%s) after %d imports", err, fault.KindOf(err), r.count(accepted))
				}
				// It had its effect: whoever repeated it would be refused.
				if _, err := r.ImportSnapshot(r.t.Context(), r.anna.ID, r.sas()); !fault.Is(err, map[string]fault.Kind{"400": fault.Invalid, "409": fault.Conflict}[variant]) {
					r.t.Errorf("again: %v", err)
				}
			})
		})
	}
}

// TestTrapT17OnSandbox: a service that refuses what its schema does not have takes what the client sends.
func TestTrapT17OnSandbox(t *testing.T) {
	t.Parallel()
	onSandbox(t, map[string][]string{"Lenient": {}, "Strict": {"storage_field: strict"}}, func(r *rehearsal, variant string) {
		_, err := r.ImportSnapshot(r.t.Context(), r.anna.ID, r.sas())
		r.must(err)
		status, text := r.raw("POST", "/beta/deviceManagement/virtualEndpoint/snapshots/importSnapshot",
			`{"assignedUserId":"`+r.ben.ID+`","returnType":"x","sourceFiles":[{"sourceType":"sasUrl","sasUrl":"`+r.signed("disks", "ben.vhd").SASURL+`"}]}`)
		if (status == 400) != (variant == "Strict") {
			r.t.Errorf("the sample's body: %d %s", status, text)
		}
	})
}

func TestTrapT21OnSandbox(t *testing.T) {
	t.Parallel()
	onSandbox(t, map[string][]string{"Object": {"list_imports: true"}, "Collection": {"list_imports: true, retrieve_shape: collection"}}, func(r *rehearsal, _ string) {
		ctx := r.t.Context()
		first := r.started()
		second, err := r.ImportSnapshot(ctx, r.ben.ID, []graph.SourceFile{r.signed("others", "anna.vhd")})
		r.must(err)
		answers, err := r.ImportResults(ctx, []string{first.SnapshotID, second.SnapshotID})
		r.must(err)
		for n, user := range []graph.User{r.anna, r.ben} {
			if i := answers[n].Import; answers[n].Err != nil || !i.AssignedTo(user.ID, user.UPN) {
				r.t.Errorf("%s: %+v, %v", user.UPN, i, answers[n].Err)
			}
		}
		if a, b := answers[0].Import, answers[1].Import; a.Filename != b.Filename || a.Filename == "" || a.SnapshotID == b.SnapshotID {
			r.t.Errorf("two files of one name are not two imports: %+v %+v", a, b)
		}
	})
}

// TestTrapT25OnSandbox: the guest state goes along as its own kind of file. That a source without one is refused is for
// whoever knows the disk's security type: the service does not say it.
func TestTrapT25OnSandbox(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		state string
		want  string
	}{"None": {"", graph.ImportSucceeded}, "Right": {"anna.vmgs", graph.ImportSucceeded}, "ADiskInstead": {"ben.vhd", graph.ImportFailed}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onSandbox(t, map[string][]string{"SAS": {}, "Account": {}}, func(r *rehearsal, variant string) {
				files := map[string][]graph.SourceFile{"SAS": r.sas(), "Account": r.account()}[variant]
				if tc.state != "" {
					state := r.signed("disks", tc.state)
					if variant == "Account" {
						state = files[0]
						state.Name = tc.state
					}
					state.GuestState = true
					files = append(files, state)
				}
				i, err := r.ImportSnapshot(r.t.Context(), r.anna.ID, files)
				r.must(err)
				if done := r.until(i.SnapshotID, tc.want); (done.Detail != "") != (tc.want == graph.ImportFailed) {
					r.t.Errorf("%+v", done)
				}
			})
		})
	}
}
