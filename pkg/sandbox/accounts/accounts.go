// Package accounts holds the storage accounts of a sandbox, and checks blobs for the tenant's imports.
package accounts

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"wave365/pkg/sandbox/blobapi"
	"wave365/pkg/sandbox/blobstore"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant/source"
	"wave365/pkg/vhd"
)

// Accounts records its answers during a change, so that the change can be replayed later, when signatures have expired
// and blobs have changed.
type Accounts struct {
	// stores are the storage accounts by name; the handlers serve them.
	stores      map[string]*blobapi.Account
	handlers    map[string]http.Handler
	unreachable map[string]bool

	mu     sync.Mutex
	said   []Check
	script []Check // the answers to give while a change is replayed
	redo   bool
}

// Check is one answer about a blob.
type Check struct {
	File  source.File `json:"file"`
	Error string      `json:"error,omitempty"`
}

// New returns the accounts of a scenario with their blobs; now is service time. An impossible blob is a fault of kind Invalid.
func New(sc *scenario.Scenario, now func() time.Time) (*Accounts, error) {
	s := &Accounts{stores: map[string]*blobapi.Account{}, handlers: map[string]http.Handler{}, unreachable: map[string]bool{}}
	for _, a := range append([]scenario.Account{{Name: blobapi.DevelopmentAccount}}, sc.Accounts...) {
		store := blobapi.NewAccount(a.Name, blobapi.DevelopmentKey)
		s.stores[a.Name], s.handlers[a.Name], s.unreachable[a.Name] = store, store.Handler(now), a.Unreachable
	}
	for _, b := range sc.Blobs {
		d, err := blobstore.DiskOf(b)
		if err == nil {
			err = s.stores[cmp.Or(b.Account, blobapi.DevelopmentAccount)].Put(d)
		}
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Of returns the storage account that a path begins with; false: it is not one of ours.
func (s *Accounts) Of(path string) (name string, ok bool) {
	name, _, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	_, ok = s.stores[name]
	return name, ok
}

// Serve answers a request to one of the accounts.
func (s *Accounts) Serve(account string, w http.ResponseWriter, r *http.Request) {
	s.handlers[account].ServeHTTP(w, r)
}

// Delete deletes a blob of an account.
func (s *Accounts) Delete(account, container, name string) { s.stores[account].Delete(container, name) }

// CheckSAS implements [source.Disks].
func (s *Accounts) CheckSAS(rawURL string, now time.Time) (source.File, error) {
	return s.say(func() (source.File, error) {
		u, err := url.Parse(rawURL)
		if err != nil {
			return source.File{}, errors.New("the URL cannot be read")
		}
		name, ok := s.Of(u.Path)
		if !ok || s.unreachable[name] {
			return source.File{Unreachable: true}, nil
		}
		b, err := s.stores[name].CheckReadSAS(u, now)
		if err != nil {
			return source.File{}, err
		}
		return fileOf(b), nil
	})
}

// CheckBlob implements [source.Disks].
func (s *Accounts) CheckBlob(account, container, name string) (source.File, error) {
	return s.say(func() (source.File, error) {
		// Any other account of a configuration made for the cloud is played by the development account.
		store := cmp.Or(s.stores[account[strings.LastIndex(account, "/")+1:]], s.stores[blobapi.DevelopmentAccount])
		if s.unreachable[store.Name()] {
			return source.File{}, errors.New("the storage account refuses the service")
		}
		b, ok := store.Lookup(container, name)
		switch {
		case !ok:
			return source.File{}, errors.New("the blob was not found")
		case b.Forbidden:
			return source.File{}, errors.New("access to the blob is denied")
		}
		return fileOf(b), nil
	})
}

// fileOf checks a blob as an import does: its type, its length and its ends.
func fileOf(b blobstore.Blob) source.File {
	first, last := b.Ends(vhd.HeadLength, vhd.TailLength)
	d, problems := vhd.Inspect(b.Length, first, last)
	f := source.File{Name: b.Name, PageBlob: b.Type == "PageBlob", Length: b.Length, Kind: string(d.Kind), CopyPending: b.CopyStatus == "pending"}
	if d.Kind == vhd.Fixed {
		f.Virtual = b.Length - vhd.FooterLength
	}
	for _, p := range problems {
		switch {
		case slices.Contains(unbootable, p.Code):
			f.Unbootable = p.Message
		case !p.Warning:
			f.Virtual = 0
		}
	}
	return f
}

// unbootable are the problems of a disk that can be imported; only the machine made from it does not start.
var unbootable = []string{"vhd.not-gpt", "vhd.generation-1", "vhd.unwritten", "vhd.not-windows", "vhd.no-efi-partition"}

func (s *Accounts) say(ask func() (source.File, error)) (source.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.redo {
		if len(s.script) == 0 {
			return source.File{}, errors.New("the journal says nothing about this blob")
		}
		c := s.script[0]
		s.script = s.script[1:]
		if c.Error != "" {
			return c.File, errors.New(c.Error)
		}
		return c.File, nil
	}
	f, err := ask()
	c := Check{File: f}
	if err != nil {
		c.Error = err.Error()
	}
	s.said = append(s.said, c)
	return f, err
}

// Heard returns the answers since the last call.
func (s *Accounts) Heard() []Check {
	s.mu.Lock()
	defer s.mu.Unlock()
	said := s.said
	s.said = nil
	return said
}

// Replay answers from a script until [Accounts.Live].
func (s *Accounts) Replay(script []Check) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.redo, s.script = true, script
}

// Live answers from the accounts again.
func (s *Accounts) Live() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.redo, s.script = false, nil
}

// Touch implements [source.Disks].
func (s *Accounts) Touch(path string, now time.Time) {
	container, name, _ := strings.Cut(path, "/")
	s.stores[blobapi.DevelopmentAccount].Touch(container, name, now)
}
