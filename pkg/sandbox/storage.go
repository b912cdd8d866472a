package sandbox

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
	"wave365/pkg/sandbox/tenant"
	"wave365/pkg/vhd"
)

// Account is the storage account's name: the development account that storage clients know. AccountKey is its published key.
const (
	Account    = blobapi.DevelopmentAccount
	AccountKey = blobapi.DevelopmentKey
)

// storage is the storage accounts, and how the tenant sees it. It remembers what it said during a change, so that the change can be
// made again later, when signatures have run out and blobs have changed.
type storage struct {
	// stores are the storage accounts by name; the handlers serve them.
	stores      map[string]*blobapi.Account
	handlers    map[string]http.Handler
	unreachable map[string]bool

	mu     sync.Mutex
	said   []blobCheck
	script []blobCheck // what to say while a change is made again
	redo   bool
}

// blobCheck is one answer about a blob.
type blobCheck struct {
	File  tenant.File `json:"file"`
	Error string      `json:"error,omitempty"`
}

func newStorage(sc *Scenario, now func() time.Time) (*storage, error) {
	s := &storage{stores: map[string]*blobapi.Account{}, handlers: map[string]http.Handler{}, unreachable: map[string]bool{}}
	for _, a := range append([]scenario.Account{{Name: Account}}, sc.Accounts...) {
		store := blobapi.NewAccount(a.Name, AccountKey)
		s.stores[a.Name], s.handlers[a.Name], s.unreachable[a.Name] = store, store.Handler(now), a.Unreachable
	}
	for _, b := range sc.Blobs {
		d, err := blobstore.DiskOf(b)
		if err == nil {
			err = s.stores[cmp.Or(b.Account, Account)].Put(d)
		}
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// account is the storage account that a path begins with; false: none of ours.
func (s *storage) account(path string) (name string, ok bool) {
	name, _, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	_, ok = s.stores[name]
	return name, ok
}

// CheckSAS implements [tenant.Disks].
func (s *storage) CheckSAS(rawURL string, now time.Time) (tenant.File, error) {
	return s.say(func() (tenant.File, error) {
		u, err := url.Parse(rawURL)
		if err != nil {
			return tenant.File{}, errors.New("the URL cannot be read")
		}
		name, ok := s.account(u.Path)
		if !ok || s.unreachable[name] {
			return tenant.File{Unreachable: true}, nil
		}
		b, err := s.stores[name].CheckReadSAS(u, now)
		if err != nil {
			return tenant.File{}, err
		}
		return fileOf(b), nil
	})
}

// CheckBlob implements [tenant.Disks].
func (s *storage) CheckBlob(account, container, name string) (tenant.File, error) {
	return s.say(func() (tenant.File, error) {
		// Any other account of a configuration made for the cloud is played by the development account.
		store := cmp.Or(s.stores[account[strings.LastIndex(account, "/")+1:]], s.stores[Account])
		if s.unreachable[store.Name()] {
			return tenant.File{}, errors.New("the storage account refuses the service")
		}
		b, ok := store.Lookup(container, name)
		switch {
		case !ok:
			return tenant.File{}, errors.New("the blob was not found")
		case b.Forbidden:
			return tenant.File{}, errors.New("the blob may not be read")
		}
		return fileOf(b), nil
	})
}

// fileOf judges a blob as an import does: by its type, its length and its ends.
func fileOf(b blobstore.Blob) tenant.File {
	first, last := b.Ends(vhd.HeadLength, vhd.TailLength)
	d, problems := vhd.Inspect(b.Length, first, last)
	f := tenant.File{Name: b.Name, PageBlob: b.Type == "PageBlob", Length: b.Length, Kind: string(d.Kind), CopyPending: b.CopyStatus == "pending"}
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

// unbootable are the problems of a disk that can be imported all the same; only the machine made of it will not start.
var unbootable = []string{"vhd.not-gpt", "vhd.generation-1", "vhd.unwritten", "vhd.not-windows", "vhd.no-efi-partition"}

func (s *storage) say(ask func() (tenant.File, error)) (tenant.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.redo {
		if len(s.script) == 0 {
			return tenant.File{}, errors.New("the journal says nothing about this blob")
		}
		c := s.script[0]
		s.script = s.script[1:]
		if c.Error != "" {
			return c.File, errors.New(c.Error)
		}
		return c.File, nil
	}
	f, err := ask()
	c := blobCheck{File: f}
	if err != nil {
		c.Error = err.Error()
	}
	s.said = append(s.said, c)
	return f, err
}

// heard gives what was said since the last call.
func (s *storage) heard() []blobCheck {
	s.mu.Lock()
	defer s.mu.Unlock()
	said := s.said
	s.said = nil
	return said
}

// replay answers from a script until [storage.live].
func (s *storage) replay(script []blobCheck) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.redo, s.script = true, script
}

func (s *storage) live() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.redo, s.script = false, nil
}

// Touch implements [tenant.Disks].
func (s *storage) Touch(path string, now time.Time) {
	container, name, _ := strings.Cut(path, "/")
	s.stores[Account].Touch(container, name, now)
}
