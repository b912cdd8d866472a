package preflight

import (
	"bytes"
	_ "embed"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/gocarina/gocsv"

	"wave365/pkg/graph"
)

// plan is the part of a license that a Cloud PC is made from.
type plan struct {
	id, name   string
	enterprise bool
	diskGiB    int // 0: not known
}

// licenseRow is a row of licenses.csv: the vendor's public list of product names and service plan ids for Windows
// 365, as mirrored on 2026-07-29. The three rows without ids are part numbers reported from live tenants.
type licenseRow struct {
	SKU     string `csv:"sku_part_number"`
	SKUID   string `csv:"sku_id"`
	Plan    string `csv:"service_plan_name"`
	PlanID  string `csv:"service_plan_id"`
	Edition string `csv:"edition"`
	DiskGiB int    `csv:"disk_gib"`
}

//go:embed licenses.csv
var licensesCSV []byte

var licenseTable = sync.OnceValue(func() []licenseRow {
	var rows []licenseRow
	if err := gocsv.Unmarshal(bytes.NewReader(licensesCSV), &rows); err != nil {
		panic("preflight: licenses.csv: " + err.Error())
	}
	return rows
})

// cloudPCPlan says whether a service plan of a license is a Cloud PC plan, and which. The tenant's own catalogue
// comes first, then the table by plan id, then what the names say.
func cloudPCPlan(p graph.LicensePlan, skuID, partNumber string, catalogue []graph.ServicePlan) (plan, bool) {
	for _, s := range catalogue {
		if strings.EqualFold(s.ID, p.ID) {
			return plan{s.ID, s.DisplayName, enterpriseType(s), s.StorageGiB}, true
		}
	}
	for _, l := range licenseTable() {
		if l.PlanID != "" && strings.EqualFold(l.PlanID, p.ID) && (l.SKUID == "" || strings.EqualFold(l.SKUID, skuID)) {
			return plan{l.PlanID, l.Plan, strings.HasPrefix(l.Edition, "Enterprise"), l.DiskGiB}, true
		}
	}
	for _, l := range licenseTable() {
		if l.PlanID != "" && strings.EqualFold(l.PlanID, p.ID) {
			return plan{l.PlanID, l.Plan, strings.HasPrefix(l.Edition, "Enterprise"), l.DiskGiB}, true
		}
	}
	for _, name := range []string{p.Name, partNumber} {
		if !cloudPCName(name) || !cloudPCName(partNumber) && !cloudPCName(p.Name) {
			continue
		}
		if disk, ok := diskFromName(name); ok {
			return plan{p.ID, name, enterpriseName(name) && enterpriseName(partNumber), disk}, true
		}
	}
	if cloudPCName(p.Name) {
		return plan{p.ID, p.Name, enterpriseName(p.Name) && enterpriseName(partNumber), 0}, true
	}
	return plan{}, false
}

func enterpriseType(s graph.ServicePlan) bool {
	return strings.EqualFold(s.Type, "enterprise") && (s.ProvisioningType == "" || strings.EqualFold(s.ProvisioningType, "dedicated")) && enterpriseName(s.DisplayName)
}

var cloudPCNames = regexp.MustCompile(`(?i)^(CPC_|Windows[_ ]365|CloudPC)`)

func cloudPCName(name string) bool { return cloudPCNames.MatchString(name) }

// otherEditions are words in a plan's name that rule it out as a target: only Enterprise plans take a migration.
var otherEditions = regexp.MustCompile(`(?i)(^CPC_B_|^CPC_S_|^CPC_SS_|Windows_365_S_|business|frontline|flex|shared|reserve|gpu|cross[_ ]?region|disaster)`)

func enterpriseName(name string) bool { return !otherEditions.MatchString(name) }

var gigabytes = regexp.MustCompile(`(?i)(\d+)[ _]*(G|T)B`)

// diskFromName reads the disk size from a part number such as CPC_E_2C_8GB_128GB or
// Windows_365_Enterprise_16_vCPU,_64_GB,_512_GB: the last size in it, when there are two.
func diskFromName(name string) (int, bool) {
	m := gigabytes.FindAllStringSubmatch(name, -1)
	if len(m) < 2 {
		return 0, false
	}
	last := m[len(m)-1]
	n, err := strconv.Atoi(last[1])
	if err != nil {
		return 0, false
	}
	if strings.EqualFold(last[2], "T") {
		n *= 1024
	}
	return n, true
}

// sameSKU reports whether a cell of the wave names this product: by id, by part number, or by a part number that is
// written with blanks, commas or underscores in other places.
func sameSKU(cell, id, partNumber string) bool {
	plain := func(s string) string { return strings.NewReplacer("_", "", " ", "", ",", "", "-", "").Replace(fold(s)) }
	return strings.EqualFold(cell, id) || strings.EqualFold(cell, partNumber) || plain(cell) == plain(partNumber)
}
