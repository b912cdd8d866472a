// Package sandbox is a Windows 365 tenant and a storage account on loopback, for rehearsals and tests: it speaks the same HTTP as
// Microsoft Graph and Azure Blob storage, with the same peculiarities, on a clock of its own that can run faster. It combines
// scenario, tenant, graphapi, blobapi, faults, request log and state folder. It is not for production data: there is no real
// authentication, and it listens on loopback only.
package sandbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/accounts"
	"wave365/pkg/sandbox/admin"
	"wave365/pkg/sandbox/answer"
	"wave365/pkg/sandbox/blobapi"
	"wave365/pkg/sandbox/change"
	"wave365/pkg/sandbox/clock"
	"wave365/pkg/sandbox/faults"
	"wave365/pkg/sandbox/graphapi"
	"wave365/pkg/sandbox/journal"
	"wave365/pkg/sandbox/loopback"
	"wave365/pkg/sandbox/reqlog"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/scenario/load"
	"wave365/pkg/sandbox/tenant"
)

// Scenario is what a sandbox contains and what will go wrong for which user.
type Scenario = scenario.Scenario

// Account is the storage account's name: the development account that storage clients know. AccountKey is its published key.
const (
	Account    = blobapi.DevelopmentAccount
	AccountKey = blobapi.DevelopmentKey
)

// Config configures a sandbox.
type Config struct {
	Scenario *Scenario
	// Speed is service seconds per wall second; 0 means 1.
	Speed float64
	// Seed replaces the scenario's own; 0 keeps it.
	Seed int64
	// StateDir keeps the state: a sandbox created again with the same scenario and folder continues as if it had never
	// stopped. Empty: the state is in memory.
	StateDir string
	// Logger gets what the person who runs the sandbox should know; nil: it is discarded.
	Logger *slog.Logger
}

// Sandbox is safe for concurrent use. It keeps no goroutine of its own. The caller closes it.
type Sandbox struct {
	log      *slog.Logger
	clock    *clock.Clock
	scenario *Scenario
	tenant   *tenant.Tenant
	graph    http.Handler
	storage  *accounts.Accounts
	admin    http.Handler
	faults   *faults.Set
	requests *reqlog.Log
	seed     int64
	origin   time.Time

	durable
	pinned atomic.Pointer[time.Time]
	spoils atomic.Uint64

	servers loopback.Servers
}

// durable makes changes outlive the process.
type durable struct {
	// order is held for reading by requests that read, for writing by those that may change something: changes happen one
	// after the other, each at one moment, and are in the journal in the same order.
	order   sync.RWMutex
	journal *journal.Journal // nil: in memory
	broken  atomic.Pointer[fault.Fault]
}

// New returns a sandbox and restores what StateDir holds. Faults: Invalid for an impossible scenario, for a folder that cannot be
// used and for a state that belongs to another scenario or seed; Conflict for a folder that another process uses.
func New(cfg Config) (*Sandbox, error) {
	if cfg.Scenario == nil {
		return nil, fault.New(fault.Invalid, "scenario.missing", "a sandbox needs a scenario", "name a scenario file with --scenario")
	}
	if cfg.Speed < 0 {
		return nil, fault.New(fault.Invalid, "sandbox.speed", "the speed of a sandbox cannot be negative", "use --speed 1 or more")
	}
	s := &Sandbox{
		log:      cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler)),
		scenario: cfg.Scenario,
		seed:     cmp.Or(cfg.Seed, cfg.Scenario.Seed, 1),
	}
	s.faults = faults.New(s.seed, cfg.Scenario.Faults...)
	path := ""
	if cfg.StateDir != "" {
		path = filepath.Join(cfg.StateDir, "requests.jsonl")
	}
	if err := s.open(cfg, path); err != nil {
		return nil, s.fail(err)
	}
	s.admin = admin.Handler(admin.Sandbox{Scenario: s.scenario.Name, Seed: s.seed, Start: s.origin, Clock: s.clock, Requests: s.requests, Faults: s.faults,
		State: s.state, Advance: s.advance, Rules: s.rules, Others: s.others})
	return s, nil
}

// open builds the tenant as its story began and replays what happened since.
func (s *Sandbox) open(cfg Config, requests string) error {
	wall := time.Now()
	at := clock.Mark{Wall: wall, Service: wall.UTC().Truncate(time.Millisecond), Speed: 1}
	if cfg.StateDir == "" {
		if err := s.build(at); err != nil {
			return err
		}
	} else {
		begin, err := json.Marshal(at)
		if err != nil {
			return err
		}
		last := time.Time{}
		s.journal, err = journal.Open(cfg.StateDir, identity(cfg.Scenario, s.seed), s.scenario.Name, begin, func(begin []byte) error {
			if err := json.Unmarshal(begin, &at); err != nil {
				return err
			}
			return s.build(at)
		}, func(line []byte) error { return s.retell(line, &at, &last) })
		if err == nil && s.tenant == nil {
			err = s.build(at)
		}
		if err != nil {
			return err
		}
		s.clock = clock.New(at, at.Speed)
		if now := s.clock.Now(); now.Before(last) {
			s.clock.Advance(last.Sub(now)) // the wall clock was set back while the sandbox was down
		}
		at = s.clock.Mark()
	}
	s.clock = clock.New(at, cmp.Or(cfg.Speed, 1))
	var err error
	if s.requests, err = reqlog.Open(requests); err != nil {
		return err
	}
	m := s.clock.Mark()
	return s.record(change.Change{Clock: &m})
}

// fail closes what New has opened.
func (s *Sandbox) fail(err error) error {
	if s.requests != nil {
		s.requests.Close()
	}
	if s.journal != nil {
		s.journal.Close()
	}
	return err
}

// build makes the parts as at the beginning of the story, at the mark.
func (s *Sandbox) build(at clock.Mark) error {
	s.origin, s.clock = at.Service, clock.New(at, at.Speed)
	var err error
	if s.storage, err = accounts.New(s.scenario, s.now); err != nil {
		return err
	}
	sc := *s.scenario
	sc.Knobs = s.faults.Knobs(s.scenario.Knobs)
	if s.tenant, err = tenant.New(&sc, s.seed, s.origin, s.storage); err != nil {
		return err
	}
	s.graph = graphapi.New(graphapi.Config{Tenant: s.tenant, Now: s.now, Self: func() http.Handler { return http.HandlerFunc(s.serveInner) },
		Knobs: s.scenario.Knobs, Permissions: s.scenario.Permissions})
	return nil
}

// now returns service time; during a change, the one moment of that change.
func (s *Sandbox) now() time.Time {
	if t := s.pinned.Load(); t != nil {
		return *t
	}
	return s.clock.Now()
}

// identity returns what a state folder belongs to: the scenario as it was read, and the seed.
func identity(sc *Scenario, seed int64) string {
	h := sha256.New()
	enc := json.NewEncoder(h)
	if err := errors.Join(enc.Encode(sc), enc.Encode(seed)); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Close ends the servers, syncs the state and releases the state folder. The sandbox cannot be used after that.
func (s *Sandbox) Close() error {
	err := s.servers.Close()
	s.order.Lock()
	defer s.order.Unlock()
	s.broken.CompareAndSwap(nil, fault.New(fault.Interrupted, "sandbox.closed", "the sandbox is closed", ""))
	if s.journal != nil {
		err = errors.Join(err, s.journal.Close())
		s.journal = nil
		err = errors.Join(err, s.requests.Close())
	}
	return err
}

// Serve serves a listener until [Sandbox.Close], and then returns nil; it closes the listener. A listener that other machines can
// reach is a fault of kind Invalid.
func (s *Sandbox) Serve(l net.Listener) error { return s.servers.Serve(l, s.handler()) }

// Transport returns the same service without a network; see [answer.Transport]. Address it as http://127.0.0.1: signed URLs of
// other hosts are not the account's.
func (s *Sandbox) Transport() http.RoundTripper { return answer.Transport(s.handler()) }

// LoadScenario reads and checks a scenario file: a bad one is a fault of kind Invalid that lists path, line, field and
// what was expected, for every problem.
func LoadScenario(path string) (*Scenario, error) { return load.File(path) }

// ParseScenario is [LoadScenario] for a scenario in memory; name is the file's name in messages.
func ParseScenario(name string, data []byte) (*Scenario, error) { return load.Text(name, data) }
