// Package faults decides which requests of a sandbox are spoiled, and how. It holds rules and counts; the server does
// the spoiling.
package faults

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"time"

	"wave365/pkg/sandbox/chance"
	"wave365/pkg/sandbox/scenario"
)

// Rule is a fault with its counts.
type Rule struct {
	scenario.Fault
	// Seen is how many requests matched, Hits how many of them were spoiled.
	Seen int `json:"seen"`
	Hits int `json:"hits"`
}

// Set is the rules in force, in order. Which requests a rule with a rate hits depends only on the seed, the rule's position and
// how many requests matched before. Safe for concurrent use.
type Set struct {
	mu    sync.Mutex
	seed  int64
	rules []Rule
}

// New returns a set.
func New(seed int64, rules ...scenario.Fault) *Set {
	s := &Set{seed: seed}
	s.Add(rules...)
	return s
}

// Add adds rules after those in force.
func (s *Set) Add(rules ...scenario.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range rules {
		s.rules = append(s.rules, Rule{Fault: f})
	}
}

// Rules returns a copy of the rules in force.
func (s *Set) Rules() []Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.rules)
}

// Restore replaces the rules and their counts.
func (s *Set) Restore(rules []Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = slices.Clone(rules)
}

// Knobs returns a scenario's knobs as changed by the rules in force that the tenant itself acts on: lag is a delay until a
// write is seen (of memberships or licenses when match says so), expire-import the life of an unused import, quota the imports
// allowed per day.
func (s *Set) Knobs(k scenario.Knobs) scenario.Knobs {
	for _, f := range s.Rules() {
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

// Plan is what happens to one request. The zero Plan changes nothing.
type Plan struct {
	// Delay is how long the request waits first, in service time.
	Delay time.Duration
	// Spoil is the rule that spoils the answer; nil: none does.
	Spoil *scenario.Fault
	// Changed: the count of a rule changed.
	Changed bool
}

// Kinds names the faults of the plan, for the request log.
func (p Plan) Kinds() string {
	var kinds []string
	if p.Delay > 0 {
		kinds = append(kinds, "delay")
	}
	if p.Spoil != nil {
		kinds = append(kinds, p.Spoil.Kind)
	}
	return strings.Join(kinds, ",")
}

// Request is what rules are matched with.
type Request struct {
	Method, Path string
	// Blob: it is for a storage account; otherwise it is for Graph.
	Blob bool
	// At is service time since the beginning of the story.
	At time.Duration
}

// Match counts a request and returns its plan: all delays that hit add up, and of the other rules the first that hits spoils
// the answer. Kinds that the tenant itself acts on never hit a request.
func (s *Set) Match(q Request) Plan {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rules) == 0 {
		return Plan{}
	}
	var p Plan
	line := strings.ToLower(q.Method + " " + q.Path)
	for i := range s.rules {
		r := &s.rules[i]
		if ofTenant(r.Kind) || (p.Spoil != nil && r.Kind != "delay") || !strings.Contains(line, strings.ToLower(r.Match)) || !concerns(r.Fault, q) {
			continue
		}
		if r.Count > 0 && r.Hits >= r.Count {
			continue
		}
		r.Seen++
		p.Changed = true
		if r.Seen <= r.After || (r.Rate > 0 && s.chance(i, r.Seen) >= r.Rate) {
			continue
		}
		r.Hits++
		if r.Kind == "delay" {
			d, _ := time.ParseDuration(r.Delay)
			p.Delay += d
			continue
		}
		hit := r.Fault
		p.Spoil = &hit
	}
	return p
}

// concerns reports whether a rule is in force and about the service of a request.
func concerns(f scenario.Fault, q Request) bool {
	if f.Service != "" && (f.Service == "blob") != q.Blob {
		return false
	}
	from, _ := time.ParseDuration(f.From)
	until, err := time.ParseDuration(f.Until)
	return q.At >= from && (err != nil || q.At < until)
}

// ofTenant reports whether the tenant, rather than the server, acts on the kind.
func ofTenant(kind string) bool {
	switch kind {
	case "lag", "flip-flop", "reuse-id", "expire-import", "quota":
		return true
	}
	return false
}

// chance returns a number in [0,1) for the n-th match of rule i.
func (s *Set) chance(i, n int) float64 {
	what := binary.LittleEndian.AppendUint64(nil, uint64(i))
	return chance.Of(s.seed, binary.LittleEndian.AppendUint64(what, uint64(n)))
}
