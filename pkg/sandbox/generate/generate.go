// Package generate makes waves of a given size and matching scenarios, for rehearsals and measurements. The same arguments give the
// same bytes. It returns text and writes no files.
package generate

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"wave365/pkg/fault"
)

// domain is that of every generated user.
const domain = "nordwind.example"

// MostRows is the largest number of rows of a generated wave.
const MostRows = 20_000

// Wave returns a wave of that many rows (1 to [MostRows], else a fault of kind Invalid) and its scenario. Without faults every row
// passes validation and succeeds; with faults some disks, imports and provisionings go wrong, and some answers are spoiled.
func Wave(rows int, seed int64, withFaults bool) (waveCSV, scenarioYAML []byte, err error) {
	if rows < 1 || rows > MostRows {
		return nil, nil, fault.New(fault.Invalid, "sandbox.generate", fmt.Sprintf("a wave of %d rows cannot be made", rows),
			fmt.Sprintf("use --rows 1 to %d", MostRows))
	}
	g := &generator{
		random: rand.New(rand.NewPCG(uint64(seed), 0x5eed)), faults: withFaults, seed: max(seed, 1),
		taken: make(map[string]int, rows), seats: map[string]int{}, crowd: map[int]int{},
	}
	g.departments = departments[:min(len(departments), max(1, min(3, rows), rows/60))]
	wave := csv.NewWriter(&g.wave)
	if err := wave.Write([]string{"user", "blob", "policy", "guest_state_blob", "license", "priority", "department", "notify", "notes"}); err != nil {
		return nil, nil, err
	}
	for i := range rows {
		if err := wave.Write(g.row(i)); err != nil {
			return nil, nil, err
		}
	}
	wave.Flush()
	return g.wave.Bytes(), g.scenario(rows), wave.Error()
}

type generator struct {
	random      *rand.Rand
	seed        int64
	faults      bool
	departments []department
	taken       map[string]int
	seats       map[string]int // by part number
	crowd       map[int]int    // rows by department

	wave, users, blobs, fates bytes.Buffer
}

// row returns one row, and adds its user to the tenant.
func (g *generator) row(i int) []string {
	upn, name := g.person()
	at := i % len(g.departments)
	if i >= len(g.departments) {
		at = g.random.IntN(len(g.departments))
	}
	d := g.departments[at]
	g.crowd[at]++
	disk := g.size()
	g.seats[disk.sku]++

	folder := "w365-wave/" + strings.ToLower(d.name) + "/" + upn
	path, guest, license, held := folder+"-os.vhd", "", disk.sku, ""
	if g.one(3) {
		license, held = "", ", licenses: ["+disk.sku+"]"
	}
	if g.one(5) {
		guest = folder + "-gueststate.vhd"
	}
	fmt.Fprintf(&g.users, "  - {upn: %s, name: %s, department: %s%s}\n", upn, name, d.name, held)
	fmt.Fprintf(&g.blobs, "  - {path: %s, gib: %d%s}\n", path, disk.gib, g.spoilt())
	if guest != "" {
		fmt.Fprintf(&g.blobs, "  - {path: %s, kind: guest-state}\n", guest)
	}
	g.fate(upn)

	priority, notify := "", ""
	if g.one(10) {
		priority = strconv.Itoa(1 + g.random.IntN(10))
	}
	if !g.one(3) {
		notify = upn + "@" + domain
	}
	return []string{upn + "@" + domain, path, "W365 " + d.name, guest, license, priority, d.name, notify, ""}
}

// person returns an unused user name, and the display name for it.
func (g *generator) person() (upn, name string) {
	first, last := firstNames[g.random.IntN(len(firstNames))], lastNames[g.random.IntN(len(lastNames))]
	upn, name = strings.ToLower(first+"."+last), first+" "+last
	g.taken[upn]++
	if n := g.taken[upn]; n > 1 {
		upn += strconv.Itoa(n)
	}
	return upn, name
}

func (g *generator) size() size {
	n := g.random.IntN(100)
	for _, s := range sizes {
		if n -= s.share; n < 0 {
			return s
		}
	}
	return sizes[0]
}

// one returns true once in n times.
func (g *generator) one(n int) bool { return g.random.IntN(n) == 0 }

// spoilt gives one disk in a hundred a fault, if faults are requested.
func (g *generator) spoilt() string {
	if !g.faults || !g.one(100) {
		return ""
	}
	ways := []string{", kind: dynamic", ", fault: bad-checksum", ", fault: truncated", ", kind: vhdx", ", fault: leased", ", fault: no-gpt"}
	return ways[g.random.IntN(len(ways))]
}

// fate gives one row in twenty-five another outcome, if faults are requested.
func (g *generator) fate(upn string) {
	if !g.faults || !g.one(25) {
		return
	}
	ways := []string{
		`import: failed, detail: "The file format is incorrect."`,
		`provision: failed, code: intuneEnrollFailed, message: "The Cloud PC could not be enrolled in Intune."`,
		`provision: warnings, code: regionalSettingsNotApplied, message: "The regional settings could not be applied."`,
		`provision: image`,
		`provision_takes: 2h10m`,
	}
	fmt.Fprintf(&g.fates, "  - {user: %s, %s}\n", upn, ways[g.random.IntN(len(ways))])
}
