package simtest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/sandbox/scenario"
)

// story is one evening, drawn from a seed: who migrates, what the service does to them, what goes wrong on the wire,
// and how often the process dies.
type story struct {
	seed     uint64
	people   []person
	scenario scenario.Scenario
	// faults come into force once the wave is validated.
	faults  []scenario.Fault
	slots   int
	workers int
	ends    []ending
	others  []meddling
	// second is another ledger whose wave holds some of the same people; nil: there is none.
	second *second
	// isSecond: this is the evening of such a ledger, which begins so much later.
	isSecond    bool
	secondAfter time.Duration
	// copied and restored are the processes before whose start the ledger is copied, and the copy put back; zero: never.
	copied, restored int
	// lapse is when nothing may be read or written.
	lapse lapse
	// late is how many of the last people come into the wave by an edit of its file.
	late int
	// further are further waves of the same ledger, in the order in which they begin, and newcomers how many of the last people are
	// in those only.
	further   []again
	newcomers int
	// cares are the commands after the evening.
	cares []care
	// onDisk uses the ledger's file; otherwise a ledger in memory with the same guards is used, for speed.
	onDisk bool
}

// person is a row of the wave and what will become of it when nothing is lost.
type person struct {
	name    string
	crowd   int // which group and policy
	trigger migration.Trigger
	fate    scenario.Fate
	takes   time.Duration // of the import
	code    string        // of the problem it ends with; empty: success
	warned  bool
}

// ending says how one process of the evening ends.
type ending struct {
	how string // killed, drained, stopped
	// after is how many requests and ledger writes the process makes before it.
	after int
	// effect: the request or write at which the process dies still takes effect.
	effect bool
	// pause is how long nobody runs the tool.
	pause time.Duration
	// before is what the operator does before the process starts, steer the flags it is started with, and orders what is
	// asked of it while it runs.
	before []act
	steer  steering
	orders []order
}

const (
	killed  = "killed"
	drained = "drained"
	stopped = "stopped"
)

// draw makes the story of a seed.
func draw(seed uint64) *story {
	r := rand.New(rand.NewPCG(seed, 365))
	s := &story{seed: seed, slots: 1 + r.IntN(10), workers: 1 + r.IntN(8), onDisk: seed%20 == 0}
	rows := 5 + min(r.IntN(26), r.IntN(26), r.IntN(26), r.IntN(26), r.IntN(26), r.IntN(26)) // 5 to 30, more often few
	s.cast(r, rows)
	s.wire(r)
	budget := rows * 12 // about as many requests and writes as an undisturbed evening takes
	for range r.IntN(6) {
		e := ending{how: killed, after: 1 + r.IntN(budget), effect: r.IntN(2) == 0, pause: time.Duration(r.IntN(180)) * time.Minute}
		switch r.IntN(10) {
		case 0:
			e.how = drained
		case 1:
			e.how = stopped
		case 2, 3:
			e.after = 1 + r.IntN(15) // while it starts
		case 4:
			e.pause = 0
		}
		s.ends = append(s.ends, e)
	}
	s.operate(rand.New(rand.NewPCG(seed, 366)))
	s.meddle(rand.New(rand.NewPCG(seed, 367)))
	s.give(rand.New(rand.NewPCG(seed, 368)))
	s.confuse(rand.New(rand.NewPCG(seed, 369)))
	s.tend(rand.New(rand.NewPCG(seed, 370)))
	s.lapses(rand.New(rand.NewPCG(seed, 371)))
	s.relicense(rand.New(rand.NewPCG(seed, 372)))
	s.leave(rand.New(rand.NewPCG(seed, 373)))
	s.repeat(rand.New(rand.NewPCG(seed, 374)))
	s.replaceDisks(rand.New(rand.NewPCG(seed, 375)))
	s.rebuild(rand.New(rand.NewPCG(seed, 376)))
	return s
}

// cast draws the people, their groups and their fates.
func (s *story) cast(r *rand.Rand, rows int) {
	const sku = "CPC_E_2C_8GB_128GB"
	sc := &s.scenario
	sc.Version, sc.Name, sc.Seed = 1, "simulation", int64(s.seed%1e9)+1
	sc.Tenant = scenario.Tenant{ID: "11111111-2222-3333-4444-555555555555", Name: "Contoso", Domain: "contoso.example"}
	sc.Licenses = []scenario.License{{SKU: sku, Seats: 100}}
	crowds := 1 + r.IntN(2)
	for i := range crowds {
		sc.Groups = append(sc.Groups, scenario.Group{Name: fmt.Sprint("grp-", i)})
		sc.Policies = append(sc.Policies, scenario.Policy{Name: fmt.Sprint("P", i), Groups: []string{fmt.Sprint("grp-", i)}})
	}
	if r.IntN(4) == 0 { // the operator has made the user setting already
		sc.Settings = []scenario.Setting{{Name: "Migration", Source: "snapshot", Groups: []string{"grp-0"}}}
	}
	for i := range rows {
		p := person{name: fmt.Sprintf("u%02d", i), crowd: i, trigger: migration.TriggerLicense, takes: time.Duration(4+r.IntN(45)) * time.Minute}
		u := scenario.User{UPN: p.name}
		if r.IntN(3) == 0 {
			p.trigger = migration.TriggerMembership
			u.Licenses = []string{sku}
		}
		p.fate = scenario.Fate{User: p.name, ImportTakes: p.takes.String(), ProvisionTakes: fmt.Sprint(15+r.IntN(90), "m")}
		switch r.IntN(20) {
		case 0:
			p.fate.Import, p.fate.Detail, p.code = "failed", "the file format is incorrect", "import.failed"
		case 1:
			p.fate.Provision, p.fate.Code, p.fate.Message, p.code = "failed", "intuneEnrollFailed", "no", "provision.failed"
		case 2:
			p.fate.Provision, p.code = "image", "proof.not-from-snapshot"
		case 3:
			p.fate.Provision, p.fate.Code, p.fate.Message, p.warned = "warnings", "zone", "time zone", true
		}
		sc.Users = append(sc.Users, u)
		sc.Fates = append(sc.Fates, p.fate)
		sc.Blobs = append(sc.Blobs, scenario.Blob{Path: "disks/" + p.name + ".vhd", GiB: 32 << r.IntN(3)}, scenario.Blob{Path: "disks/" + p.name + otherEnd, GiB: 32})
		s.people = append(s.people, p)
	}
	sc.Knobs = scenario.Knobs{
		RetrieveRoute: pick(r, "", "", "plural", "both"), RetrieveShape: pick(r, "", "collection"),
		SnapshotID: pick(r, "", "", "id"), AssignedUser: pick(r, "", "upn"), SecondImport: pick(r, 400, 409),
		ListImports: r.IntN(4) == 0, UnauditedImports: r.IntN(2) == 0, KeepImportRecord: r.IntN(4) == 0,
		PatchStatus: pick(r, 200, 204), AssignmentID: pick(r, "", "refuse"), NoSnapshot: pick(r, "", "wait", "failed"),
		MembershipLag: pick(r, "", "0s", "10m"), LicenseLag: pick(r, "", "0s", "20m"), StrictPermissions: r.IntN(4) == 0,
		WritesPer20s: pick(r, 0, 0, 1, 5), RequestsPer20s: pick(r, 0, 0, 20), NoRetryAfter: r.IntN(4) == 0,
		PageSize: pick(r, 0, 0, 2, 7), ReuseCloudPCID: r.IntN(2) == 0,
	}
}

// wire draws what goes wrong between the tool and the service.
func (s *story) wire(r *rand.Rand) {
	at := func() string {
		return pick(r, "", "", "importSnapshot", "importSnapshot", "$batch", "members", "assignLicense", "cloudPCs", "retrieveSnapshot",
			"userSettings", "provisioningPolicies", "auditEvents", "devstoreaccount1", "POST ", "GET ")
	}
	rate := func() float64 { return 0.02 + 0.25*r.Float64() }
	for range r.IntN(6) {
		f := scenario.Fault{Match: at(), Rate: rate()}
		switch r.IntN(12) {
		case 0, 1:
			f.Kind, f.RetryAfter, f.Date = "retry-after", pick(r, 0, -1, 1, 45, 300), r.IntN(3) == 0
		case 2, 3:
			f.Kind, f.Status = "status", pick(r, 500, 502, 503, 504)
		case 4:
			f.Kind, f.Status, f.Applied, f.Match = "status", 504, true, pick(r, "importSnapshot", "POST ", "assignLicense", "members")
		case 5:
			f.Kind = "reset"
		case 6, 7:
			f.Kind = "drop-reply"
		case 8:
			f.Kind, f.Delay = "delay", pick(r, "2s", "40s", "4m")
		case 9:
			f.Kind = "malformed"
			if f.Match == "" || f.Match == "devstoreaccount1" { // a HEAD has no body to break
				f.Match = "/deviceManagement/"
			}
		case 10:
			f.Kind, f.Match, f.Delay, f.Rate = "lag", pick(r, "", "member", "license"), pick(r, "3m", "15m"), 0
		case 11:
			f.Kind, f.Match, f.Rate = pick(r, "flip-flop", "reuse-id"), "", 0
		}
		s.faults = append(s.faults, f)
	}
	switch r.IntN(12) {
	case 0: // a night of 503: nothing answers for half an hour of calls
		s.faults = append(s.faults, scenario.Fault{Kind: "status", Status: 503, After: r.IntN(100), Count: 20 + r.IntN(60)})
	case 1:
		s.faults = append(s.faults, scenario.Fault{Kind: "quota", Count: len(s.people)*2/3 + 1})
	case 2: // one surprising answer
		s.faults = append(s.faults, scenario.Fault{Match: pick(r, "retrieveSnapshot", "cloudPCs"), Kind: "status", Status: pick(r, 404, 403), After: r.IntN(20), Count: 1})
	}
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }
