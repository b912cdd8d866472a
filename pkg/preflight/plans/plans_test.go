package plans_test

import (
	"encoding/csv"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/graph"
	"wave365/pkg/preflight/plans"
)

const gib, mib = int64(1) << 30, int64(1) << 20

// The disk rule at its edges: virtual sizes against plans, GiB against GiB.
func TestTooSmall(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		plan    int
		virtual int64
		want    bool
	}{
		{"exactly equal", 128, 128 * gib, false},
		{"one MiB over", 128, 128*gib + mib, true},
		{"one byte over", 128, 128*gib + 1, true},
		{"the usual Windows disk on 128", 128, 127 * gib, false},
		{"the usual Windows disk on 64", 64, 127 * gib, true},
		{"64 on 64", 64, 64 * gib, false},
		{"256 on 128", 128, 256 * gib, true},
		{"1 TiB on 1 TB", 1024, 1024 * gib, false},
		{"decimal GB would be too small for this", 128, 128_000_000_000, false},
		{"the blob's length in place of the virtual size would be wrong", 128, 128*gib + 512, true},
		{"unknown plan", 0, 128 * gib, false},
		{"unknown disk", 64, 0, false},
	} {
		if got := plans.TooSmall(tc.plan, tc.virtual); got != tc.want {
			t.Errorf("%s: %d bytes on %d GB: too small is %v", tc.name, tc.virtual, tc.plan, got)
		}
	}
}

// license is one with a single plan.
func license(sku, part, plan, name string) graph.License {
	return graph.License{SKUID: sku, SKUPartNumber: part, Plans: []graph.LicensePlan{{ID: plan, Name: name, Status: "Success"}}}
}

const unknown = "99999999-9999-4999-8999-999999999999"

func TestOf(t *testing.T) {
	t.Parallel()
	catalogue := []graph.ServicePlan{
		{ID: "3EFFF3FE-528A-4FC5-B1BA-845802CC764F", DisplayName: "Cloud PC Enterprise 2vCPU/8GB/128GB", Type: "enterprise", StorageGiB: 130},
		{ID: "fl", DisplayName: "Cloud PC Frontline 2vCPU/8GB/128GB", Type: "enterprise", ProvisioningType: "shared", StorageGiB: 128},
		{ID: "gpu", DisplayName: "Cloud PC GPU Standard 4vCPU/16GB/512GB", Type: "enterprise", StorageGiB: 512},
		{ID: "b", DisplayName: "Cloud PC Business 2vCPU/8GB/128GB", Type: "business", StorageGiB: 128},
		{ID: "sizeless", DisplayName: "Cloud PC Enterprise", Type: "enterprise"},
	}
	const cpc2 = "3efff3fe-528a-4fc5-b1ba-845802cc764f"
	type answer struct {
		Name       string
		Enterprise bool
		DiskGiB    int
	}
	for _, tc := range []struct {
		name string
		in   graph.License
		want []answer
	}{
		{"the tenant's catalogue comes first", license("e2aebe6c-897d-480f-9d62-fff1381581f7", "CPC_E_2C_8GB_128GB", cpc2, "CPC_2"), []answer{{"Cloud PC Enterprise 2vCPU/8GB/128GB", true, 130}}},
		{"its sizes may be missing", license("", "X", "sizeless", "CPC_E_2C_8GB_256GB"), []answer{{"Cloud PC Enterprise", true, 256}}},
		{"shared plans are not Enterprise", license("", "X", "fl", "y"), []answer{{"Cloud PC Frontline 2vCPU/8GB/128GB", false, 128}}},
		{"nor are GPU plans", license("", "X", "gpu", "y"), []answer{{"Cloud PC GPU Standard 4vCPU/16GB/512GB", false, 512}}},
		{"nor Business ones", license("", "X", "b", "y"), []answer{{"Cloud PC Business 2vCPU/8GB/128GB", false, 128}}},
		{"the list, by plan id, whatever the names say", license(unknown, "CONTOSO_BUNDLE", "545e3611-3af8-49a5-9a0a-b7867968f4b0", "CPC_1"), []answer{{"CPC_1", true, 128}}},
		{"the list, by SKU id", license("0C278AF4-C9C1-45DE-9F4B-CD929E747A2C", "RENAMED", unknown, "NEW_PLAN"), []answer{{"CPC_E_1C_2GB_64GB", true, 64}}},
		{"the list, by part number", license(unknown, "CloudPC_AddOn", unknown, "NEW_PLAN"), []answer{{"NEW_PLAN", true, 128}}},
		{"a descriptive part number", license(unknown, "Windows_365_Enterprise_16_vCPU,_64_GB,_512_GB", unknown, "p"), []answer{{"p", true, 512}}},
		{"an unlisted descriptive part number", license(unknown, "Windows_365_Enterprise_16_vCPU,_64_GB,_1_TB", unknown, "p"), []answer{{"p", true, 1024}}},
		{"an unlisted short part number", license(unknown, "CPC_E_32C_128GB_2TB", unknown, "p"), []answer{{"p", true, 2048}}},
		{"the child plan carries the size", license(unknown, "CPC_LVL_9", unknown, "CPC_E_8C_32GB_512GB_KL"), []answer{{"CPC_E_8C_32GB_512GB_KL", true, 512}}},
		{"an unlisted Business part number", license(unknown, "CPC_B_32C_128RAM_512GB", unknown, "p"), []answer{{"p", false, 0}}},
		{"an unlisted Frontline part number", license(unknown, "Windows_365_S_32vCPU_128GB_512GB", unknown, "p"), []answer{{"p", false, 512}}},
		{"a Windows 365 license of unknown size", license(unknown, "Windows_365_Enterprise_Special", unknown, "p"), []answer{{"p", true, 0}}},
		{"another product", license(unknown, "SPE_E5", unknown, "EXCHANGE_S_ENTERPRISE"), nil},
		{"no plan at all", graph.License{SKUPartNumber: "ENTERPRISEPACK"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []answer
			for _, p := range plans.Of(tc.in, catalogue) {
				got = append(got, answer{p.Name, p.Enterprise, p.DiskGiB})
				if !p.Usable() {
					t.Errorf("%+v is not usable", p)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Every product of the public list is known without the tenant's catalogue, by its ids or, without, by its name.
func TestOf_everyProduct(t *testing.T) {
	t.Parallel()
	file, err := os.Open("licenses.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) != 45 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, r := range rows[1:] {
		got := plans.Of(license(r[1], r[0], r[3], r[2]), nil)
		if len(got) != 1 || got[0].Enterprise != (len(r[4]) >= 10 && r[4][:10] == "Enterprise") || got[0].DiskGiB == 0 || !plans.Named(r[0]) {
			t.Errorf("%q: %+v", r, got)
		}
	}
}

func TestPlan_status(t *testing.T) {
	t.Parallel()
	for status, want := range map[string][2]bool{
		"Success": {true, false}, "PendingInput": {false, true}, "PendingActivation": {false, true}, "PendingProvisioning": {false, true},
		"Disabled": {false, false}, "Error": {false, false}, "": {false, false},
	} {
		p := plans.Plan{Status: status}
		if p.Usable() != want[0] || p.Pending() != want[1] {
			t.Errorf("%q: usable %v, pending %v", status, p.Usable(), p.Pending())
		}
	}
}

func TestSameSKU(t *testing.T) {
	t.Parallel()
	const id, part = "93d9955a-ec70-44d5-8faa-a194492390f7", "Windows_365_Enterprise_16_vCPU,_64_GB,_512_GB"
	for cell, want := range map[string]bool{
		part: true, "windows 365 enterprise 16 vcpu, 64 gb, 512 gb": true, "93D9955A-EC70-44D5-8FAA-A194492390F7": true,
		"Windows_365_Enterprise_16_vCPU,_64_GB,_1_TB": false, "CPC_E_16C_64GB_512GB": false, "": false,
	} {
		if got := plans.SameSKU(cell, id, part); got != want {
			t.Errorf("%q: %v", cell, got)
		}
	}
}
