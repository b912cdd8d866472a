package sandbox

import (
	"cmp"
	"net/http"
	"strings"

	"wave365/pkg/sandbox/faults"
	"wave365/pkg/sandbox/graphapi"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant"
)

// live is the tenant that answers now, with the faults that it acts on itself.
type live struct {
	tenant *tenant.Tenant
	graph  http.Handler
	own    []faults.Rule
}

// bring makes the tenant with the faults of its own that are among the rules; data is what it is to hold, nil: what the scenario says.
func (s *Sandbox) bring(rules []faults.Rule, data []byte) error {
	sc := *s.scenario
	own := ownFaults(rules)
	sc.Knobs = knobsWith(sc.Knobs, own)
	t, err := tenant.New(&sc, s.seed, s.origin, s.storage)
	if err != nil {
		return err
	}
	if data != nil {
		if err := t.Restore(data); err != nil {
			return err
		}
	}
	s.live.Store(&live{tenant: t, own: own, graph: graphapi.New(graphapi.Config{
		Tenant: t, Now: s.now, Self: func() http.Handler { return http.HandlerFunc(s.serveInner) },
		Knobs: sc.Knobs, Permissions: sc.Permissions,
	})})
	return nil
}

// follow makes the tenant act on its own faults among the rules in force. The caller holds s.order for writing (or is alone).
func (s *Sandbox) follow() error {
	rules := s.faults.Rules()
	l := s.live.Load()
	if knobsWith(s.scenario.Knobs, ownFaults(rules)) == knobsWith(s.scenario.Knobs, l.own) {
		return nil
	}
	data, err := l.tenant.Snapshot()
	if err != nil {
		return err
	}
	return s.bring(rules, data)
}

func ownFaults(rules []faults.Rule) []faults.Rule {
	var own []faults.Rule
	for _, r := range rules {
		if faults.OfTenant(r.Kind) {
			own = append(own, r)
		}
	}
	return own
}

// knobsWith turns the tenant's own faults into knobs: lag is a delay until a write is seen (of memberships or licenses when match says
// so), expire-import the life of an unused import, quota the imports that a day allows.
func knobsWith(k scenario.Knobs, own []faults.Rule) scenario.Knobs {
	for _, f := range own {
		switch f.Kind {
		case "lag":
			match := strings.ToLower(f.Match)
			if !strings.Contains(match, "license") {
				k.MembershipLag = cmp.Or(f.Delay, "10m")
			}
			if !strings.Contains(match, "member") {
				k.LicenseLag = cmp.Or(f.Delay, "10m")
			}
		case "flip-flop":
			k.FlipFlop = "on"
		case "reuse-id":
			k.ReuseCloudPCID = true
		case "expire-import":
			k.ImportExpires = cmp.Or(f.Delay, "1h")
		case "quota":
			k.DailyImports = cmp.Or(f.Count, 1)
		}
	}
	return k
}
