package plans

import (
	"bytes"
	_ "embed"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/gocarina/gocsv"
)

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

func (l licenseRow) enterprise() bool { return strings.HasPrefix(l.Edition, "Enterprise") }

//go:embed licenses.csv
var licensesCSV []byte

// table is the list by each of the keys under which a license may be known, in lower case.
type table struct {
	byPlan, bySKU, byName map[string]licenseRow
}

var licenseTable = sync.OnceValue(func() table {
	var rows []licenseRow
	if err := gocsv.Unmarshal(bytes.NewReader(licensesCSV), &rows); err != nil {
		panic("plans: licenses.csv: " + err.Error())
	}
	t := table{byPlan: map[string]licenseRow{}, bySKU: map[string]licenseRow{}, byName: map[string]licenseRow{}}
	put := func(m map[string]licenseRow, key string, l licenseRow) {
		if _, taken := m[key]; key != "" && !taken {
			m[key] = l
		}
	}
	for _, l := range rows {
		put(t.byPlan, strings.ToLower(l.PlanID), l)
		put(t.bySKU, strings.ToLower(l.SKUID), l)
		put(t.byName, plain(l.SKU), l)
	}
	return t
})

var cloudPCNames = regexp.MustCompile(`(?i)^(CPC_|Windows[_ ]365|CloudPC|Cloud PC)`)

// Named reports whether a license's part number, or a plan's name, is one of Windows 365.
func Named(name string) bool { return cloudPCNames.MatchString(name) }

// otherEditions are words in a plan's name that rule it out as a target: only Enterprise plans take a migration.
var otherEditions = regexp.MustCompile(`(?i)(^CPC_B_|^CPC_S_|^CPC_SS_|Windows_365_S_|business|frontline|flex|shared|reserve|gpu|cross[_ ]?region|disaster)`)

func enterpriseName(name string) bool { return !otherEditions.MatchString(name) }

var gigabytes = regexp.MustCompile(`(?i)(\d+)[ _]*(G|T)B`)

// diskFromName reads the disk size from a part number such as CPC_E_2C_8GB_128GB or
// Windows_365_Enterprise_16_vCPU,_64_GB,_512_GB: the last size in it, when there are two. 0: it names none.
func diskFromName(name string) int {
	m := gigabytes.FindAllStringSubmatch(name, -1)
	if len(m) < 2 {
		return 0
	}
	last := m[len(m)-1]
	n, err := strconv.Atoi(last[1])
	if err != nil {
		return 0
	}
	if strings.EqualFold(last[2], "T") {
		n *= 1024
	}
	return n
}

// plain drops what part numbers may differ in: case, blanks, commas, "_" and "-".
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("_-, \t", r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}
