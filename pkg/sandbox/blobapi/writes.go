package blobapi

import (
	"crypto/md5"
	"encoding/base64"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	pageSize = 512
	// mostPages is what one Put Page takes, mostBlob what one Put Blob takes here: the sandbox is no place for data.
	mostPages = 4 << 20
	mostBlob  = 64 << 20
)

// change runs f on the blob that the request is about, with the store locked.
func (s *server) change(c *call, f func(*Blob) *refusal) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	container := s.containers[c.container]
	if container == nil {
		return errNoContainer
	}
	b := container.blobs[c.blob]
	if b == nil {
		return errNoBlob
	}
	if err := conditions(c, b); err != nil {
		return err
	}
	return f(b)
}

// edit is a change that makes a new version of the blob and needs its lease.
func (s *server) edit(w http.ResponseWriter, c *call, status int, f func(*Blob) *refusal) *refusal {
	return s.change(c, func(b *Blob) *refusal {
		if err := b.Lease.mayWrite(c); err != nil {
			return err
		}
		if err := f(b); err != nil {
			return err
		}
		b.ETag, b.Modified, b.changed = s.nextETag(), c.now, true
		b.stamp(w.Header())
		w.Header().Set("x-ms-request-server-encrypted", "true")
		if b.Type == pageBlob {
			w.Header().Set("x-ms-blob-sequence-number", strconv.FormatInt(b.Sequence, 10))
		}
		w.WriteHeader(status)
		return nil
	})
}

// putBlob makes a page blob of zeros, or a small block blob.
func (s *server) putBlob(w http.ResponseWriter, c *call) *refusal {
	next := &Blob{
		Container: c.container, Name: c.blob, Type: c.header("x-ms-blob-type"), Created: c.now, Modified: c.now,
		ContentType: c.header("x-ms-blob-content-type", "Content-Type"), ContentMD5: c.header("x-ms-blob-content-md5"),
		Tier: c.header("x-ms-access-tier"), Metadata: c.metadata(), changed: true,
	}
	if next.ContentType == "" {
		next.ContentType = "application/octet-stream"
	}
	switch next.Type {
	case pageBlob:
		length, err := strconv.ParseInt(c.header("x-ms-blob-content-length"), 10, 64)
		if err != nil || length < 0 || length%pageSize != 0 || length > longest {
			return errHeader
		}
		next.Length = length
	case blockBlob:
		data, err := c.body(mostBlob)
		if err != nil {
			return err
		}
		next.Length = int64(len(data))
		next.content.Write(0, data)
		sum := md5.Sum(data)
		next.ContentMD5 = base64.StdEncoding.EncodeToString(sum[:])
	case "":
		return errMissingHeader
	default:
		return refuse(http.StatusNotImplemented, "NotImplemented", "The sandbox does not know the request "+c.describe()+".")
	}
	return s.place(w, c, next)
}

// place puts a new blob where the request says.
func (s *server) place(w http.ResponseWriter, c *call, next *Blob) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	container := s.containers[c.container]
	if container == nil {
		return errNoContainer
	}
	old := container.blobs[c.blob]
	if err := conditions(c, old); err != nil {
		return err
	}
	if old != nil {
		if err := old.Lease.mayWrite(c); err != nil {
			return err
		}
		next.Lease, next.Created = old.Lease, old.Created
	}
	next.ETag = s.nextETag()
	container.set(next)
	next.stamp(w.Header())
	w.Header().Set("x-ms-request-server-encrypted", "true")
	w.WriteHeader(http.StatusCreated)
	return nil
}

// putPage writes or clears whole pages.
func (s *server) putPage(w http.ResponseWriter, c *call) *refusal {
	r, ok := parseSpan(c.header("x-ms-range", "Range"))
	if !ok || r.start%pageSize != 0 || (r.end+1)%pageSize != 0 {
		return errPageRange
	}
	var data []byte
	switch strings.ToLower(c.header("x-ms-page-write")) {
	case "update":
		var err *refusal
		if data, err = c.body(mostPages); err != nil {
			return err
		}
		if int64(len(data)) != r.length() {
			return errHeader
		}
		if want := c.header("Content-MD5"); want != "" {
			if sum := md5.Sum(data); want != base64.StdEncoding.EncodeToString(sum[:]) {
				return refuse(http.StatusBadRequest, "Md5Mismatch", "The MD5 value specified in the request did not match with the MD5 value calculated by the server.")
			}
		}
	case "clear":
	default:
		return errHeader
	}
	return s.edit(w, c, http.StatusCreated, func(b *Blob) *refusal {
		switch {
		case b.Type != pageBlob:
			return errBlobType
		case r.end >= b.Length:
			return errPageRange
		case data == nil:
			b.content.Clear(r.start, r.end+1)
		default:
			b.content.Write(r.start, data)
		}
		return nil
	})
}

func (s *server) setMetadata(w http.ResponseWriter, c *call) *refusal {
	return s.edit(w, c, http.StatusOK, func(b *Blob) *refusal {
		b.Metadata = c.metadata()
		return nil
	})
}

// setProperties changes the content type, or the length of a page blob.
func (s *server) setProperties(w http.ResponseWriter, c *call) *refusal {
	return s.edit(w, c, http.StatusOK, func(b *Blob) *refusal {
		if text := c.header("x-ms-blob-content-length"); text != "" {
			length, err := strconv.ParseInt(text, 10, 64)
			if err != nil || length < 0 || length%pageSize != 0 || length > longest {
				return errHeader
			}
			if b.Type != pageBlob {
				return errBlobType
			}
			b.content.Clear(length, b.Length)
			b.Length = length
			return nil
		}
		b.ContentMD5 = c.header("x-ms-blob-content-md5")
		if t := c.header("x-ms-blob-content-type"); t != "" {
			b.ContentType = t
		}
		return nil
	})
}

// setTier moves the blob to another tier. Waking one up from the archive takes no time here.
func (s *server) setTier(w http.ResponseWriter, c *call) *refusal {
	tier := c.header("x-ms-access-tier")
	if !slices.Contains([]string{"Hot", "Cool", "Cold", tierSleep, "P4", "P6", "P10", "P15", "P20", "P30", "P40", "P50", "P60"}, tier) {
		return errHeader
	}
	return s.change(c, func(b *Blob) *refusal {
		b.Tier, b.changed = tier, true
		w.WriteHeader(http.StatusOK)
		return nil
	})
}

func (s *server) deleteBlob(w http.ResponseWriter, c *call) *refusal {
	return s.change(c, func(b *Blob) *refusal {
		if err := b.Lease.mayWrite(c); err != nil {
			return err
		}
		s.remove(s.containers[c.container], c.blob)
		w.Header().Set("x-ms-delete-type-permanent", "true")
		w.WriteHeader(http.StatusAccepted)
		return nil
	})
}

// remove takes the blob out and remembers that it is gone. The caller holds the lock.
func (s *Store) remove(from *container, name string) {
	delete(from.blobs, name)
	from.order = nil
	s.gone[[2]string{from.Name, name}] = true
}

// body reads what the request brings, up to most bytes.
func (c *call) body(most int64) ([]byte, *refusal) {
	if c.ContentLength > most {
		return nil, errTooLarge
	}
	data, err := io.ReadAll(io.LimitReader(c.Body, most+1))
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "InvalidInput", "The request body could not be read.")
	}
	if int64(len(data)) > most {
		return nil, errTooLarge
	}
	return data, nil
}

// metadata are the x-ms-meta- headers; nil: there are none.
func (c *call) metadata() map[string]string {
	var out map[string]string
	for k, v := range c.Header {
		if name, ok := strings.CutPrefix(strings.ToLower(k), "x-ms-meta-"); ok {
			if out == nil {
				out = make(map[string]string)
			}
			out[name] = strings.Join(v, ",")
		}
	}
	return out
}
