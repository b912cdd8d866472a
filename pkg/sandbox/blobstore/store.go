// Package blobstore holds the blobs of the sandbox's storage accounts. It keeps only the pages with content, so that a
// thousand disks of any size cost little, and it can serve real files. It knows neither HTTP nor signatures.
package blobstore

import (
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
)

// The types of a blob.
const (
	PageBlob  = "PageBlob"
	BlockBlob = "BlockBlob"
)

// Store is an account's content: the blobs of the scenario, less those that were deleted. Safe for concurrent use.
type Store struct {
	mu         sync.RWMutex
	containers map[string]*container
	// shared are disk heads that many disks have in common.
	shared map[headKey][]byte
}

type container struct {
	blobs map[string]*Blob
	// order are the sorted names; nil: they have to be sorted again.
	order []string
}

// Blob is one blob at the time of its lookup.
type Blob struct {
	Container, Name string
	// Type is PageBlob or BlockBlob, Length in bytes.
	Type   string
	Length int64
	// ETag includes its quotes.
	ETag              string
	Created, Modified time.Time
	// Tier is empty, or [Archive]. CopyStatus is empty or pending.
	Tier, CopyStatus string
	// Forbidden blobs refuse every read; Leased ones are leased by somebody else forever.
	Forbidden, Leased bool

	content content
}

// Open opens the content, which the caller closes; what was never written reads as zeros, without an end. The error is
// that of a file that no longer exists.
func (b Blob) Open() (io.ReaderAt, io.Closer, error) { return b.content.open() }

// Lease returns a blob's lease status, state and duration; duration is empty when there is no lease.
func (b Blob) Lease() (status, state, duration string) {
	if b.Leased {
		return "locked", "leased", "infinite"
	}
	return "unlocked", "available", ""
}

// ContentType is that of every blob here.
const ContentType = "application/octet-stream"

// CopySource is where a pending copy comes from: the export of a snapshot.
const CopySource = "https://md-example.z1.blob.storage.azure.net/export/disk"

// CopyID returns the id of the copy into the blob, a GUID.
func (b Blob) CopyID() string {
	return formatGUID([]byte((strings.Trim(b.ETag, `"`) + "0123456789abcdef")[:16]))
}

// CopyProgress returns the progress of the copy into the blob: bytes copied, of total bytes.
func (b Blob) CopyProgress() string { return fmt.Sprintf("%d/%d", b.Length/3, b.Length) }

// Ends returns the first head and the last tail bytes, or all of the blob when it is shorter; nothing when the file behind
// it cannot be read.
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

// New returns an empty store.
func New() *Store {
	return &Store{containers: make(map[string]*container), shared: make(map[headKey][]byte)}
}

// HasContainer reports whether there is a container of that name. An emptied container still exists.
func (s *Store) HasContainer(name string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.containers[name] != nil
}

// List returns up to most blobs of a container whose names begin with prefix, sorted, starting at the name from, and the
// name that comes next, empty at the end. False: there is no such container.
func (s *Store) List(containerName, prefix, from string, most int) (page []Blob, next string, ok bool) {
	s.mu.Lock() // the names may have to be sorted
	defer s.mu.Unlock()
	c := s.containers[containerName]
	if c == nil {
		return nil, "", false
	}
	names := c.names()
	for _, name := range names[sort.SearchStrings(names, max(prefix, from)):] {
		if !strings.HasPrefix(name, prefix) {
			break
		}
		if len(page) == most {
			return page, name, true
		}
		page = append(page, *c.blobs[name])
	}
	return page, "", true
}

// Lookup returns a blob.
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

// Delete deletes a blob; false: there is none.
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

// Touch gives a blob a new version, as if somebody had written to it at now. False: there is none.
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

// etag returns the same tag for the same parts.
func etag(parts ...any) string {
	h := fnv.New64a()
	_, _ = fmt.Fprintln(h, parts...)
	return fmt.Sprintf(`"0x8C%014X"`, h.Sum64()>>8)
}

// names returns the container's blobs, sorted. The caller holds the store's write lock.
func (c *container) names() []string {
	if c.order == nil {
		c.order = slices.Sorted(maps.Keys(c.blobs))
	}
	return c.order
}
