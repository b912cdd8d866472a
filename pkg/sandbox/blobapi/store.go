package blobapi

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"os"
	"slices"
	"sync"
	"time"

	"wave365/pkg/sandbox/blobapi/pages"
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

// Store is the account's content. Safe for concurrent use.
type Store struct {
	account signature.Account

	mu         sync.RWMutex
	containers map[string]*container
	// sequence numbers the changes; ETags are made of it.
	sequence uint64
	// shared are disk heads that many disks have in common.
	shared map[headKey][]byte
	// gone are the blobs that were put and deleted since.
	gone map[[2]string]bool
}

type container struct {
	Name     string            `json:"name"`
	ETag     string            `json:"etag"`
	Modified time.Time         `json:"modified"`
	Metadata map[string]string `json:"metadata,omitempty"`

	blobs map[string]*Blob
	// order are the names in order; nil: has to be made again.
	order []string
	// made: by a request, not by Put.
	made bool
}

// Blob is one blob as it was when it was looked up.
type Blob struct {
	Container string `json:"container"`
	Name      string `json:"name"`
	// Type is PageBlob or BlockBlob, Length in bytes.
	Type   string `json:"type"`
	Length int64  `json:"length"`
	// ETag has quotes round it.
	ETag              string    `json:"etag"`
	Created, Modified time.Time `json:",omitzero"`
	ContentType       string    `json:"content_type,omitempty"`
	ContentMD5        string    `json:"content_md5,omitempty"`
	// Tier is empty, or Hot, Archive and so on.
	Tier string `json:"tier,omitempty"`
	// CopyStatus is empty, pending or success.
	CopyStatus string `json:"copy_status,omitempty"`
	// Forbidden blobs refuse every read.
	Forbidden bool              `json:"forbidden,omitempty"`
	Metadata  map[string]string `json:"metadata,omitempty"`
	Sequence  int64             `json:"sequence_number,omitempty"`
	Lease     Lease             `json:"lease,omitzero"`

	content pages.Pages
	// file holds the content where it is a real file.
	file    string
	changed bool
}

// open gives the content to read from, which the caller closes. What lies behind a sparse blob's end reads as zeros. The
// error is that of a file that is gone.
func (b Blob) open() (readAt func(p []byte, offset int64) error, closed func(), err error) {
	if b.file == "" {
		return func(p []byte, offset int64) error { b.content.ReadAt(p, offset); return nil }, func() {}, nil
	}
	f, err := os.Open(b.file)
	if err != nil {
		return nil, nil, err
	}
	return func(p []byte, offset int64) error {
		_, err := f.ReadAt(p, offset)
		return err
	}, func() { _ = f.Close() }, nil
}

// Ends gives the first head and the last tail bytes, or all of the blob when it is shorter; nothing when the file behind it
// cannot be read.
func (b Blob) Ends(head, tail int64) (first, last []byte) {
	first, last = make([]byte, min(head, b.Length)), make([]byte, min(tail, b.Length))
	readAt, closed, err := b.open()
	if err != nil {
		return nil, nil
	}
	defer closed()
	if readAt(first, 0) != nil || readAt(last, b.Length-int64(len(last))) != nil {
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
		gone:       make(map[[2]string]bool),
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

// nextETag numbers a change. It holds quotes.
func (s *Store) nextETag() string {
	s.sequence++
	return fmt.Sprintf(`"0x8D%013X"`, s.sequence)
}

// firstETag is that of a blob nobody has changed: always the same for the same disk.
func firstETag(parts ...any) string {
	h := fnv.New64a()
	_, _ = fmt.Fprintln(h, parts...)
	return fmt.Sprintf(`"0x8C%014X"`, h.Sum64()>>8)
}

// names are the container's blobs in order. The caller holds the store's write lock.
func (c *container) names() []string {
	if c.order == nil {
		c.order = make([]string, 0, len(c.blobs))
		for name := range c.blobs {
			c.order = append(c.order, name)
		}
		slices.Sort(c.order)
	}
	return c.order
}

// set puts the blob in; replaced by name. The caller holds the store's write lock.
func (c *container) set(b *Blob) {
	if c.blobs[b.Name] == nil {
		c.order = nil
	}
	c.blobs[b.Name] = b
}
