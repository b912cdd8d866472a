package blobapi

import (
	"encoding/json"
	"slices"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/blobapi/pages"
)

// saved is what is kept of a store: what differs from what was put.
type saved struct {
	Sequence   uint64       `json:"sequence"`
	Containers []*container `json:"containers,omitempty"`
	Blobs      []savedBlob  `json:"blobs,omitempty"`
	Gone       [][2]string  `json:"gone,omitempty"`
}

type savedBlob struct {
	Blob
	Content []pages.Extent `json:"content,omitempty"`
}

// Snapshot gives what was changed by requests since the disks were put: uploads, leases, tiers, deletions. The same
// state gives the same bytes.
func (s *Store) Snapshot() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := saved{Sequence: s.sequence}
	for _, name := range s.containerNames() {
		c := s.containers[name]
		if c.made {
			out.Containers = append(out.Containers, c)
		}
		for _, blob := range c.names() {
			if b := c.blobs[blob]; b.changed {
				out.Blobs = append(out.Blobs, savedBlob{*b, b.content.Extents()})
			}
		}
	}
	for key := range s.gone {
		out.Gone = append(out.Gone, key)
	}
	slices.SortFunc(out.Gone, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	data, err := json.Marshal(out)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "", "write down the storage account", "", err)
	}
	return data, nil
}

// Restore does to a store with the same disks what a [Store.Snapshot] says was done. The error is a fault of kind
// Invalid; the store is unchanged then.
func (s *Store) Restore(data []byte) error {
	var in saved
	if err := json.Unmarshal(data, &in); err != nil {
		return fault.Wrap(fault.Invalid, "sandbox.state", "the storage account's saved state cannot be read", "start with an empty state folder", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sequence = in.Sequence
	for _, key := range in.Gone {
		s.gone[key] = true
		c := s.containers[key[0]]
		switch {
		case c == nil:
		case key[1] == "":
			delete(s.containers, key[0])
		default:
			delete(c.blobs, key[1])
			c.order = nil
		}
	}
	for _, c := range in.Containers {
		c.made, c.blobs = true, make(map[string]*Blob)
		s.containers[c.Name] = c
	}
	for _, b := range in.Blobs {
		c := s.containers[b.Container]
		if c == nil {
			c = &container{Name: b.Container, ETag: firstETag(b.Container), Modified: b.Modified, blobs: make(map[string]*Blob)}
			s.containers[b.Container] = c
		}
		blob := b.Blob
		blob.changed = true
		for _, e := range b.Content {
			blob.content.Write(e.Offset, e.Data)
		}
		c.set(&blob)
	}
	return nil
}
