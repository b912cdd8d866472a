package preflight_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault/catalogue"
	"wave365/pkg/fault/catalogue/findings"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
)

// now is the time of the scenarios that have signatures in them; the sandbox begins when it is started.
func soon() time.Time { return time.Now().Add(10 * time.Minute) }

// builder makes one wave and the tenant it meets.
type builder struct {
	t     *testing.T
	sc    *scenario.Scenario
	lines []string
	names int
}

// row is a row of the wave by column; what is left out is that of a good row.
type row map[string]string

// someone adds a user with a disk and gives the name; change spoils them.
func (b *builder) someone(change ...func(*scenario.User, *scenario.Blob)) string {
	b.names++
	name := fmt.Sprintf("u%02d", b.names)
	person(b.sc, name, change...)
	return name
}

var columns = []string{"user", "blob", "policy", "guest_state_blob", "license", "group", "priority"}

// add adds a row for that user and gives its line.
func (b *builder) add(name string, r row) int {
	cells := make([]string, len(columns))
	for i, c := range columns {
		good := map[string]string{"user": name + "@" + domain, "blob": "disks/" + name + ".vhd", "policy": "P", "license": sku}
		v, changed := r[c]
		if !changed {
			v = good[c]
		}
		cells[i] = v
	}
	b.lines = append(b.lines, strings.Join(cells, ","))
	return len(b.lines) + 1
}

// policy adds a policy with a group of its own.
func (b *builder) policy(name string, change func(*scenario.Policy, *scenario.Group)) {
	p, g := scenario.Policy{Name: name, Groups: []string{"grp-" + name}}, scenario.Group{Name: "grp-" + name}
	change(&p, &g)
	b.sc.Policies, b.sc.Groups = append(b.sc.Policies, p), append(b.sc.Groups, g)
}

// elsewhere is a URL of another account with a signature whose parts are given.
func elsewhere(scheme, name string, parts ...string) string {
	q := url.Values{"sv": {"2024-11-04"}, "sr": {"b"}, "sp": {"r"}, "spr": {"https"}, "se": {time.Now().Add(72 * time.Hour).UTC().Format(time.RFC3339)}, "sig": {"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU="}}
	for i := 0; i < len(parts); i += 2 {
		q.Set(parts[i], parts[i+1])
	}
	return scheme + "://waveaccount.blob.core.windows.net/disks/" + name + ".vhd?" + q.Encode()
}

const otherRun = "9a8b7c6d-0000-4000-8000-000000000001"

// blobFault is a row whose only fault is that of its blob.
func blobFault(kind, fault string) func(b *builder) []int {
	return func(b *builder) []int {
		return []int{b.add(b.someone(func(_ *scenario.User, d *scenario.Blob) { d.Kind, d.Fault = kind, fault }), nil)}
	}
}

// groupFault is a row whose only fault is that of its policy's group.
func groupFault(name string, change func(*scenario.Policy, *scenario.Group)) func(b *builder) []int {
	return func(b *builder) []int {
		b.policy(name, change)
		return []int{b.add(b.someone(), row{"policy": name})}
	}
}

// whole is the same for a finding about the wave as a whole.
func whole(build func(b *builder) []int) func(b *builder) []int {
	return func(b *builder) []int {
		build(b)
		return []int{0}
	}
}

func signedRow(make func(name string) string) func(b *builder) []int {
	return func(b *builder) []int {
		name := b.someone()
		return []int{b.add(name, row{"blob": make(name)})}
	}
}

// together has a row, or two, for every code that can stand in one wave with the others: what it adds to wave and
// tenant, and on which lines the code has to be found (0: once for the wave).
func together(t *testing.T) map[string]func(b *builder) []int {
	return map[string]func(b *builder) []int{
		"csv.syntax": func(b *builder) []int {
			line := b.add(b.someone(), nil)
			b.lines[len(b.lines)-1] += ",one too many"
			return []int{line}
		},
		// Nobody looks for the garbled policy in the tenant.
		"csv.garbled-text": func(b *builder) []int { return []int{b.add(b.someone(), row{"policy": "ZÃ¼rich"})} },
		"csv.not-a-header": func(b *builder) []int {
			b.lines = append(b.lines, strings.Join(columns, ","))
			return []int{len(b.lines) + 1}
		},
		"csv.value-missing": func(b *builder) []int { return []int{b.add(b.someone(), row{"policy": ""})} },
		"csv.value-bad":     func(b *builder) []int { return []int{b.add(b.someone(), row{"priority": "soon"})} },

		"user.duplicate": func(b *builder) []int {
			one, two := b.someone(), b.someone()
			return []int{b.add(one, nil), b.add(two, row{"user": strings.ToUpper(one) + "@" + domain})}
		},
		"user.not-found": func(b *builder) []int { return []int{b.add(b.someone(), row{"user": "ghost@" + domain})} },
		"user.disabled": func(b *builder) []int {
			return []int{b.add(b.someone(func(u *scenario.User, _ *scenario.Blob) { u.Disabled = true }), nil)}
		},
		"user.no-usage-location": func(b *builder) []int {
			return []int{b.add(b.someone(func(u *scenario.User, _ *scenario.Blob) { u.Location = "none" }), nil)}
		},
		"user.in-other-run": func(b *builder) []int {
			return []int{b.add(b.someone(func(u *scenario.User, _ *scenario.Blob) { u.ID = otherRun }), nil)}
		},
		"user.has-cloud-pc": func(b *builder) []int {
			name := b.someone()
			b.sc.CloudPCs = append(b.sc.CloudPCs, scenario.CloudPC{User: name, Policy: "P", SKU: sku})
			return []int{b.add(name, nil)}
		},
		"user.has-import": func(b *builder) []int {
			name := b.someone()
			b.sc.Knobs.ListImports = true
			b.sc.Imports = append(b.sc.Imports, scenario.Import{User: name})
			return []int{b.add(name, nil)}
		},
		"user.already-targeted": func(b *builder) []int {
			return []int{b.add(b.someone(func(u *scenario.User, _ *scenario.Blob) { u.Licenses = []string{sku} }), nil)}
		},

		"license.missing": func(b *builder) []int { return []int{b.add(b.someone(), row{"license": ""})} },
		"license.ambiguous": func(b *builder) []int {
			b.sc.Licenses = append(b.sc.Licenses, scenario.License{SKU: "CPC_E_2C_4GB_64GB", Seats: 5})
			name := b.someone(func(u *scenario.User, _ *scenario.Blob) { u.Licenses = []string{sku, "CPC_E_2C_4GB_64GB"} })
			return []int{b.add(name, row{"license": ""})}
		},
		"license.not-enterprise": func(b *builder) []int {
			b.sc.Licenses = append(b.sc.Licenses, scenario.License{SKU: "CPC_B_2C_8GB_128GB", Seats: 5})
			return []int{b.add(b.someone(), row{"license": "CPC_B_2C_8GB_128GB"})}
		},
		"license.disk-too-small": func(b *builder) []int {
			return []int{b.add(b.someone(func(_ *scenario.User, d *scenario.Blob) { d.GiB = 256 }), nil)}
		},
		"license.no-seats": func(b *builder) []int {
			b.sc.Licenses = append(b.sc.Licenses, scenario.License{SKU: "CPC_E_4C_16GB_128GB", Seats: 1})
			b.add(b.someone(), row{"license": "CPC_E_4C_16GB_128GB"})
			return []int{b.add(b.someone(), row{"license": "CPC_E_4C_16GB_128GB"})}
		},
		"license.not-usable": func(b *builder) []int {
			b.sc.Licenses = append(b.sc.Licenses, scenario.License{SKU: "CPC_E_8C_32GB_128GB", Seats: 5, Status: "LockedOut"})
			return []int{b.add(b.someone(), row{"license": "CPC_E_8C_32GB_128GB"})}
		},
		"license.in-grace": whole(func(b *builder) []int {
			b.sc.Licenses = append(b.sc.Licenses, scenario.License{SKU: "CPC_E_8C_32GB_256GB", Seats: 5, Status: "Warning"})
			return []int{b.add(b.someone(), row{"license": "CPC_E_8C_32GB_256GB"})}
		}),
		"license.unknown-sku": func(b *builder) []int { return []int{b.add(b.someone(), row{"license": "CPC_E_9C_9GB_999GB"})} },
		"license.from-group": func(b *builder) []int {
			b.policy("carries", func(_ *scenario.Policy, g *scenario.Group) { g.Licenses = []string{sku} })
			return []int{b.add(b.someone(), row{"policy": "carries", "license": ""})}
		},

		"blob.duplicate": func(b *builder) []int {
			one, two := b.someone(), b.someone()
			return []int{b.add(one, nil), b.add(two, row{"blob": blobRoot + "/disks/" + one + ".vhd"})}
		},
		"blob.not-found": func(b *builder) []int {
			return []int{b.add(b.someone(), row{"blob": "disks/nowhere.vhd"})}
		},
		"blob.forbidden":     blobFault("", "forbidden"),
		"blob.not-page-blob": blobFault("block-blob", ""),
		"blob.empty":         blobFault("empty", ""),
		"blob.copy-pending":  blobFault("", "copy-pending"),
		"blob.leased":        blobFault("", "leased"),
		"blob.archived":      blobFault("", "archived"),
		"blob.wrong-host": func(b *builder) []int {
			return []int{b.add(b.someone(), row{"blob": "https://otheraccount.blob.core.windows.net/disks/a.vhd"})}
		},

		"vhd.not-vhd":          blobFault("raw", ""),
		"vhd.vhdx":             blobFault("vhdx", ""),
		"vhd.dynamic":          blobFault("dynamic", ""),
		"vhd.differencing":     blobFault("differencing", ""),
		"vhd.bad-checksum":     blobFault("", "bad-checksum"),
		"vhd.size-mismatch":    blobFault("", "size-mismatch"),
		"vhd.not-mib-aligned":  blobFault("", "not-mib-aligned"),
		"vhd.generation-1":     blobFault("", "no-gpt"),
		"vhd.no-efi-partition": blobFault("", "no-efi-partition"),
		"vhd.truncated":        blobFault("", "truncated"),
		"vhd.is-guest-state":   blobFault("guest-state", ""),
		"guest.not-guest-state": func(b *builder) []int {
			b.sc.Blobs = append(b.sc.Blobs, scenario.Blob{Path: "states/odd.vmgs", GiB: 1})
			return []int{b.add(b.someone(), row{"guest_state_blob": "states/odd.vmgs"})}
		},
		"guest.same-as-disk": func(b *builder) []int {
			name := b.someone()
			return []int{b.add(name, row{"guest_state_blob": blobRoot + "/disks/" + name + ".vhd"})}
		},
		"guest.missing": func(b *builder) []int {
			name := b.someone()
			b.sc.Blobs = append(b.sc.Blobs, scenario.Blob{Path: "disks/" + name + ".vmgs", Kind: "guest-state"})
			return []int{b.add(name, nil)}
		},

		"sas.malformed": signedRow(func(name string) string { return "disks/" + name + ".vhd?sv=2024-11-04&sp=r" }),
		"sas.expired": signedRow(func(name string) string {
			return elsewhere("https", name, "se", time.Now().Add(-time.Hour).UTC().Format(time.RFC3339))
		}),
		"sas.expires-too-soon": signedRow(func(name string) string { return signed(t, "disks/"+name+".vhd", "r", soon()) }),
		"sas.not-yet-valid": signedRow(func(name string) string {
			return elsewhere("https", name, "st", time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		}),
		"sas.no-read":   signedRow(func(name string) string { return elsewhere("https", name, "sp", "l") }),
		"sas.too-broad": signedRow(func(name string) string { return signed(t, "disks/"+name+".vhd", "rw", time.Now().Add(96*time.Hour)) }),
		"sas.http":      signedRow(func(name string) string { return elsewhere("http", name) }),
		"sas.cross-tenant": signedRow(func(name string) string {
			return elsewhere("https", name, userDelegation("22222222-2222-4222-8222-222222222222")...)
		}),

		"policy.not-found": func(b *builder) []int { return []int{b.add(b.someone(), row{"policy": "Q"})} },
		"policy.ambiguous": func(b *builder) []int {
			for i := range 2 {
				b.policy(fmt.Sprint("twin", i), func(p *scenario.Policy, _ *scenario.Group) {
					p.Name, p.ID = "Twin", fmt.Sprintf("33333333-3333-4333-8333-33333333333%d", i)
				})
			}
			name := b.someone()
			b.policy("before", func(_ *scenario.Policy, g *scenario.Group) { g.Members = []string{name} })
			return []int{b.add(b.someone(), row{"policy": "Twin"}), b.add(name, nil)}
		},
		"policy.not-assigned": groupFault("alone", func(p *scenario.Policy, _ *scenario.Group) { p.Groups = nil }),
		"policy.several-groups": groupFault("several", func(p *scenario.Policy, _ *scenario.Group) {
			p.Groups = append(p.Groups, "grp-alone")
		}),
		"policy.shared-type": groupFault("shared", func(p *scenario.Policy, _ *scenario.Group) { p.Type = "shared" }),
		"policy.image-unsupported": whole(func(b *builder) []int {
			b.sc.Images = []scenario.Image{{ID: "new", Name: "New", Status: "supported"}, {ID: "old", Name: "Old", Status: "notSupported"}}
			return groupFault("old", func(p *scenario.Policy, _ *scenario.Group) { p.Image = "old" })(b)
		}),

		"setting.not-snapshot": func(b *builder) []int {
			b.sc.Settings = append(b.sc.Settings, scenario.Setting{Name: "image", Source: "image", Groups: []string{"grp-image"}})
			return groupFault("image", func(*scenario.Policy, *scenario.Group) {})(b)
		},
		"setting.conflict": func(b *builder) []int {
			for _, name := range []string{"c1", "c2"} {
				b.sc.Settings = append(b.sc.Settings, scenario.Setting{Name: name, Source: "snapshot", Groups: []string{"grp-conflict"}})
			}
			name := b.someone()
			b.sc.Groups = append(b.sc.Groups, scenario.Group{Name: "grp-everyday", Members: []string{name}})
			b.sc.Settings = append(b.sc.Settings, scenario.Setting{Name: "everyday", Source: "image", Groups: []string{"grp-everyday"}})
			return append(groupFault("conflict", func(*scenario.Policy, *scenario.Group) {})(b), b.add(name, nil))
		},
		"setting.shared-with-others": whole(func(b *builder) []int {
			b.sc.Groups = append(b.sc.Groups, scenario.Group{Name: "grp-others"})
			b.sc.Settings = append(b.sc.Settings, scenario.Setting{Name: "wide", Source: "snapshot", Groups: []string{"grp-wide", "grp-others"}})
			return groupFault("wide", func(*scenario.Policy, *scenario.Group) {})(b)
		}),

		"group.not-found":       func(b *builder) []int { return []int{b.add(b.someone(), row{"group": "nobody"})} },
		"group.dynamic":         groupFault("dynamic", func(_ *scenario.Policy, g *scenario.Group) { g.Dynamic = true }),
		"group.synced":          groupFault("synced", func(_ *scenario.Policy, g *scenario.Group) { g.Synced = true }),
		"group.role-assignable": groupFault("role", func(_ *scenario.Policy, g *scenario.Group) { g.RoleAssignable = true }),
		"group.outsiders": whole(func(b *builder) []int {
			b.sc.Users = append(b.sc.Users, scenario.User{UPN: "stranger"})
			return groupFault("crowd", func(_ *scenario.Policy, g *scenario.Group) { g.Members = []string{"stranger"} })(b)
		}),

		"network.unhealthy": func(b *builder) []int {
			b.sc.Connections = append(b.sc.Connections, scenario.Connection{Name: "ill", Health: "failed"})
			return groupFault("ill", func(p *scenario.Policy, _ *scenario.Group) { p.Connection = "ill" })(b)
		},
		"network.stale": whole(func(b *builder) []int {
			b.sc.Connections = append(b.sc.Connections, scenario.Connection{Name: "stale", Checked: "7h"})
			return groupFault("stale", func(p *scenario.Policy, _ *scenario.Group) { p.Connection = "stale" })(b)
		}),
		"network.few-addresses": whole(func(b *builder) []int {
			b.sc.Connections = append(b.sc.Connections, scenario.Connection{Name: "full", FreeAddresses: 2})
			return groupFault("full", func(p *scenario.Policy, _ *scenario.Group) { p.Connection = "full" })(b)
		}),
	}
}

// userDelegation are the parts that make a signature one of a person or application of that tenant.
func userDelegation(tenant string) []string {
	at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }
	return []string{"skoid", "44444444-4444-4444-8444-444444444444", "sktid", tenant, "skt", at(-time.Hour), "ske", at(72 * time.Hour), "sks", "b", "skv", "2024-11-04"}
}

// apart has the codes that make the rest of a wave unreadable, or unreachable: each has a wave of its own.
func apart() map[string]func(t *testing.T) []wave.Finding {
	const good = "ada@" + domain + ",disks/ada.vhd,P,,,,\n"
	head := strings.Join(columns, ",") + "\n"
	read := func(csv string) func(t *testing.T) []wave.Finding {
		return func(*testing.T) []wave.Finding {
			_, findings := reading.Read("w", []byte(csv), wave.Options{})
			return findings
		}
	}
	meet := func(change func(sc *scenario.Scenario), in func(*preflight.Input)) func(t *testing.T) []wave.Finding {
		return func(t *testing.T) []wave.Finding {
			sc := newScenario()
			person(sc, "ada", func(u *scenario.User, _ *scenario.Blob) { u.Licenses = []string{sku} })
			change(sc)
			return newStage(t, sc).check(head+good, in).Findings
		}
	}
	return map[string]func(t *testing.T) []wave.Finding{
		"csv.encoding":       read(head + "ada@" + domain + ",disks/\xFC.vhd,P,,,,\n"),
		"csv.missing-column": read("user,blob\nada@" + domain + ",disks/ada.vhd\n"),
		"csv.unknown-column": read("user,blob,policy,colour\nada@" + domain + ",disks/ada.vhd,P,red\n"),
		"csv.empty":          read(head),
		"user.already-migrated": meet(func(sc *scenario.Scenario) {
			sc.Users[0].ID = otherRun
			sc.CloudPCs = []scenario.CloudPC{{User: "ada", Policy: "P"}}
		}, func(in *preflight.Input) {
			in.Before = map[string]migration.Standing{otherRun: {Run: "r", State: migration.Succeeded}}
		}),
		"csv.too-large": read(head + "ada@" + domain + ",disks/ada.vhd" + strings.Repeat(",", 20_000) + "\n"),
		"import.over-daily-limit": func(t *testing.T) []wave.Finding {
			sc := newScenario()
			for _, name := range []string{"ada", "bob"} {
				person(sc, name, func(u *scenario.User, _ *scenario.Blob) { u.Licenses = []string{sku} })
			}
			return newStage(t, sc).check(head+good+strings.ReplaceAll(good, "ada", "bob"), func(in *preflight.Input) { in.DailyImports = 1 }).Findings
		},
		"group.ambiguous":    rigGroups(func(a []graph.GroupAnswer) { a[1].Group.DisplayName = a[0].Group.DisplayName }),
		"group.mail-enabled": rigGroups(func(a []graph.GroupAnswer) { a[0].Group.MailEnabled = true }),
		"vhd.unwritten":      meetDisk(unwritten),
		"vhd.two-footers":    meetDisk(twoFooters),
		"vhd.trailing-bytes": meetDisk(padded),
		"vhd.encrypted":      meetDisk(bitLocker),
		"vhd.not-windows":    meetDisk(linux),
		"vhd.saved-state":    meetDisk(saved),
		"permission.missing": meet(func(sc *scenario.Scenario) {
			sc.Permissions = []string{"CloudPC.Read.All", "User.Read.All", "LicenseAssignment.Read.All", "Organization.Read.All"}
		}, func(*preflight.Input) {}),
		// TestCheck_OneBadThing and its like have more of these.
		"user.unreadable":    spoiled(spoiler{match: "/users/bo@", status: 400, body: "{}"}, "P"),
		"license.unreadable": spoiled(spoiler{match: "/users/" + userOf(1) + "/licenseDetails", status: 400, body: "{}"}, "P"),
		"blob.unreadable":    spoiled(spoiler{match: "/disks/bo.vhd", status: 409}, "P"),
		"group.unreadable":   spoiled(spoiler{match: "/groups/66666666-6666-4666-8666-666666666666/members", status: 400, body: "{}"}, "Q"),
		"policy.unreadable": spoiled(spoiler{match: "/provisioningPolicies", status: 200,
			body: `{"value":[{"id":"p","displayName":"P","assignments":[{"target":{"groupId":"77777777-7777-4777-8777-777777777777"}}]},{"id":"q","displayName":"Q","assignments":7}]}`}, "Q"),
		"cloud.unreadable": spoiled(spoiler{match: "/galleryImages", status: 500, body: "{}"}, "P"),
		"permission.not-possible": func(*testing.T) []wave.Finding {
			return []wave.Finding{wave.NewFinding("permission.not-possible", 0, "", "", "", "the sign-in comes before the wave is read")}
		},
		"cloud.unsupported": meet(func(*scenario.Scenario) {}, func(in *preflight.Input) { in.Cloud = "china" }),
		"cloud.limited":     meet(func(*scenario.Scenario) {}, func(in *preflight.Input) { in.Cloud = "usgov" }),
	}
}

// spoiled are the findings of a wave of three sound rows, the second under policyOfBo, of which one answer is spoiled.
func spoiled(s spoiler, policyOfBo string) func(t *testing.T) []wave.Finding {
	return func(t *testing.T) []wave.Finding {
		text := fourRows(policyOfBo)
		text = text[:strings.Index(text, "dee@")]
		return spoiledStage(t, s, func(sc *scenario.Scenario) {
			sc.Groups = append(sc.Groups, scenario.Group{Name: "grp-q", ID: "66666666-6666-4666-8666-666666666666"})
			sc.Groups[0].ID = "77777777-7777-4777-8777-777777777777"
			if strings.Contains(s.match, "/groups/") {
				sc.Policies = append(sc.Policies, scenario.Policy{Name: "Q", Groups: []string{"grp-q"}})
			}
		}).check(text).Findings
	}
}

// rigGroups validates a wave of one row whose policy has two groups, which are told otherwise than they are.
func rigGroups(change func([]graph.GroupAnswer)) func(t *testing.T) []wave.Finding {
	return func(t *testing.T) []wave.Finding {
		sc := newScenario()
		person(sc, "ada")
		sc.Groups = append(sc.Groups, scenario.Group{Name: "grp-q"})
		sc.Policies[0].Groups = []string{"grp-p", "grp-q"}
		s := newStage(t, sc)
		file, findings := reading.Read("w", []byte("user,blob,policy,license,group\nada@"+domain+",disks/ada.vhd,P,"+sku+",GRP-P\n"), wave.Options{})
		res, err := checkRows(t.Context(), rigged{Client: s.graph, groups: change}, s.blobs, preflight.Input{
			File: file, Findings: findings, BlobRoot: blobRoot, Cloud: "sandbox", Slots: 20, Now: s.now,
		})
		if err != nil {
			t.Fatal(err)
		}
		return res.Findings
	}
}

// Every code there is has a row, and each is found on its line, once, and nothing else.
func TestCheck_EveryCode(t *testing.T) {
	t.Parallel()
	in, out := together(t), apart()
	for _, e := range slices.Concat(findings.All()...) {
		if code := e.Code; in[code] == nil && out[code] == nil && !slices.Contains(told, code) {
			t.Errorf("%s has no row: add one to together or apart", code)
		}
	}
	for code, find := range out {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			found := find(t)
			if len(found) != 1 || found[0].Code != code || found[0].Hint == "" || found[0].Message == "" {
				t.Errorf("found %+v", found)
			}
		})
	}
	b := &builder{t: t, sc: newScenario()}
	var want []string
	for _, code := range slices.Sorted(func(yield func(string) bool) {
		for code := range in {
			if !yield(code) {
				return
			}
		}
	}) {
		e, known := catalogue.Find(code)
		if !known {
			t.Errorf("%s is in no catalogue", code)
		}
		grade := ""
		if e.Warning {
			grade = " w"
		}
		for _, line := range in[code](b) {
			want = append(want, fmt.Sprintf("%d %s%s", line, code, grade))
		}
	}
	s := newStage(t, b.sc)
	res := s.check(strings.Join(columns, ",")+"\n"+strings.Join(b.lines, "\n")+"\n", func(in *preflight.Input) {
		in.Cloud, in.Before = "global", map[string]migration.Standing{otherRun: {Run: "20260306-1830-abcd", State: migration.Pending}}
	})
	slices.Sort(want)
	if diff := cmp.Diff(want, brief(res.Findings)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
		for _, f := range res.Findings {
			t.Logf("%d %s: %s", f.Line, f.Code, f.Message)
		}
	}
	for _, f := range res.Findings {
		if f.Hint == "" || f.Message == "" || strings.Contains(f.Message+f.Value, "sig=") {
			t.Errorf("%+v", f)
		}
	}
	for _, r := range s.requests() {
		if r.Effect != "" {
			t.Errorf("validation changed something: %+v", r)
		}
	}
}
