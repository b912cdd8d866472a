package blobstore

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
