package blobapi

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"sync"
	"time"

	"wave365/pkg/sandbox/blobapi/signature"
)

// The development account that every Azure storage client and emulator knows, with its published key.
const (
	DevelopmentAccount = "devstoreaccount1"
	DevelopmentKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// The types of a blob.
const (
	pageBlob  = "PageBlob"
	blockBlob = "BlockBlob"
)

// Store is the account's content: what the scenario put there, less what was deleted. Safe for concurrent use.
type Store struct {
	account signature.Account

	mu         sync.RWMutex
	containers map[string]*container
	// shared are disk heads that many disks have in common.
	shared map[headKey][]byte
}

type container struct {
	blobs map[string]*Blob
	// order are the names in order; nil: has to be made again.
	order []string
}

// Blob is one blob as it was when it was looked up.
type Blob struct {
	Container, Name string
	// Type is PageBlob or BlockBlob, Length in bytes.
	Type   string
	Length int64
	// ETag has quotes round it.
	ETag              string
	Created, Modified time.Time
	// Tier is empty, or Archive. CopyStatus is empty or pending.
	Tier, CopyStatus string
	// Forbidden blobs refuse every read; a stranger holds Leased ones for ever.
	Forbidden, Leased bool

	content content
}

// Ends gives the first head and the last tail bytes, or all of the blob when it is shorter; nothing when the file behind it
// cannot be read.
func (b Blob) Ends(head, tail int64) (first, last []byte) {
	first, last = make([]byte, min(head, b.Length)), make([]byte, min(tail, b.Length))
	r, closer, err := b.content.open()
	if err != nil {
		return nil, nil
	}
	defer func() { _ = closer.Close() }()
	_, err = r.ReadAt(first, 0)
	_, err2 := r.ReadAt(last, b.Length-int64(len(last)))
	if err != nil || err2 != nil {
		return nil, nil
	}
	return first, last
}

// NewStore makes an empty account. key is base64; both empty: the development account. It panics when key is not base64:
// that is a bug of the program, no input.
func NewStore(account, key string) *Store {
	if account == "" {
		account, key = DevelopmentAccount, DevelopmentKey
	}
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil || len(raw) == 0 {
		panic("blobapi: the account key is not base64")
	}
	return &Store{
		account:    signature.Account{Name: account, Key: raw},
		containers: make(map[string]*container),
		shared:     make(map[headKey][]byte),
	}
}

// Account is the account's name.
func (s *Store) Account() string { return s.account.Name }

// Lookup gives a blob.
func (s *Store) Lookup(containerName, name string) (Blob, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if c := s.containers[containerName]; c != nil {
		if b := c.blobs[name]; b != nil {
			return *b, true
		}
	}
	return Blob{}, false
}

// Len is the number of blobs.
func (s *Store) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := 0
	for _, c := range s.containers {
		n += len(c.blobs)
	}
	return n
}

// Delete takes a blob out; false: there is none.
func (s *Store) Delete(containerName, name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.containers[containerName]
	if c == nil || c.blobs[name] == nil {
		return false
	}
	delete(c.blobs, name)
	c.order = nil
	return true
}

// Touch lets somebody have written to a blob at the time now: it is another version since. False: there is none.
func (s *Store) Touch(containerName, name string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.containers[containerName]
	if c == nil || c.blobs[name] == nil {
		return false
	}
	b := *c.blobs[name]
	b.ETag, b.Modified = etag(b.ETag, now.UnixNano()), now.UTC()
	c.blobs[name] = &b
	return true
}

// etag is always the same for the same parts.
func etag(parts ...any) string {
	h := fnv.New64a()
	_, _ = fmt.Fprintln(h, parts...)
	return fmt.Sprintf(`"0x8C%014X"`, h.Sum64()>>8)
}

// names are the container's blobs in order. The caller holds the store's write lock.
func (c *container) names() []string {
	if c.order == nil {
		c.order = slices.Sorted(maps.Keys(c.blobs))
	}
	return c.order
}
