package rehearsal

import (
	"fmt"
	"strings"

	"wave365/pkg/sandbox/scenario"
)

// weather adds what goes wrong: for people by shares, for answers by rules.
func (b *builder) weather(w Weather, people []Person) {
	switch w {
	case Rough:
		b.misfortunes(people, 0.03, 0.02, 0.03)
		b.s.Faults = append(b.s.Faults,
			scenario.Fault{Match: "virtualEndpoint", Kind: "retry-after", Rate: 0.01, RetryAfter: 20},
			scenario.Fault{Match: "GET", Service: "graph", Kind: "status", Status: 503, Rate: 0.005},
			scenario.Fault{Match: "cloudPCs", Kind: "flip-flop", Rate: 0.05})
	case Storm:
		b.misfortunes(people, 0.06, 0.05, 0.04)
		b.s.Faults = append(b.s.Faults,
			scenario.Fault{Match: "virtualEndpoint", Kind: "retry-after", Rate: 0.05, RetryAfter: 60},
			scenario.Fault{Match: "importSnapshot", Kind: "drop-reply", Rate: 0.05},
			scenario.Fault{Match: "importSnapshot", Kind: "reset", Rate: 0.03},
			scenario.Fault{Match: "assignLicense", Kind: "status", Status: 409, Rate: 0.1},
			scenario.Fault{Match: "members", Kind: "status", Status: 504, Rate: 0.05, Applied: true},
			scenario.Fault{Match: "", Service: "graph", Kind: "status", Status: 503, From: "40m", Until: "55m"},
			scenario.Fault{Match: "GET", Service: "graph", Kind: "malformed", Rate: 0.002},
			scenario.Fault{Match: "cloudPCs", Kind: "flip-flop", Rate: 0.1})
		b.meddling(people)
	}
}

// misfortunes draws for each person whether the import fails, the provisioning fails, or the Cloud PC comes with
// warnings.
func (b *builder) misfortunes(people []Person, imports, provision, warnings float64) {
	for _, p := range people {
		f := scenario.Fate{User: userOf(p)}
		if !b.seen["user\x00"+strings.ToLower(p.User)] {
			continue
		}
		switch x := b.random.Float64(); {
		case x < imports:
			f.Import, f.Detail = "failed", "The source file could not be read."
		case x < imports+provision:
			f.Provision, f.Code, f.Message = "failed", "intuneEnrollFailed", "Intune enrollment failed."
		case x < imports+provision+warnings:
			f.Provision, f.Code, f.Message = "warnings", "regionalSettingsNotApplied", "Regional settings could not be applied."
		default:
			continue
		}
		if b.first("fate", f.User) {
			b.s.Fates = append(b.s.Fates, f)
		}
	}
}

// meddling makes a colleague write to one disk of the wave while it runs.
func (b *builder) meddling(people []Person) {
	if len(people) < 8 {
		return // a small wave has enough problems
	}
	n := b.random.IntN(len(people))
	if !b.seen["blob\x00"+strings.ToLower(people[n].Disk)] {
		return
	}
	b.s.Events = append(b.s.Events, scenario.Event{At: fmt.Sprintf("%dm", 15+b.random.IntN(60)), Do: "write-blob", What: people[n].Disk})
}

func userOf(p Person) string {
	if guid.MatchString(p.User) {
		return userName(p.User)
	}
	return p.User
}
