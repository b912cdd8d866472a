package blobapi

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// look gives the blob that a request is about, when it may be seen.
func (s *server) look(c *call) (Blob, *refusal) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	container := s.containers[c.container]
	if container == nil {
		return Blob{}, errNoContainer
	}
	b := container.blobs[c.blob]
	if b == nil {
		return Blob{}, errNoBlob
	}
	if err := conditions(c, b); err != nil {
		return Blob{}, err
	}
	if b.Forbidden {
		return Blob{}, errRights
	}
	return *b, nil
}

func (s *server) headBlob(w http.ResponseWriter, c *call) *refusal {
	b, err := s.look(c)
	if err != nil {
		return err
	}
	b.describe(w.Header())
	w.Header().Set("Content-Length", strconv.FormatInt(b.Length, 10))
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *server) getBlob(w http.ResponseWriter, c *call) *refusal {
	b, err := s.look(c)
	if err != nil {
		return err
	}
	if b.Tier == tierSleep {
		return errArchived
	}
	content, closer, openErr := b.content.open()
	if openErr != nil {
		return refuse(http.StatusInternalServerError, "InternalError", "The file behind the blob cannot be read.")
	}
	defer func() { _ = closer.Close() }()
	h := w.Header()
	r, ranged := parseSpan(c.header("x-ms-range", "Range"))
	if ranged && r.start >= b.Length {
		e := refuse(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The range specified is invalid for the current size of the resource.")
		e.header = map[string]string{"Content-Range": fmt.Sprintf("bytes */%d", b.Length)}
		return e
	}
	status := http.StatusOK
	if ranged {
		r.end = min(r.end, b.Length-1)
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", r.start, r.end, b.Length))
		status = http.StatusPartialContent
	} else {
		r = span{0, b.Length - 1}
	}
	b.describe(h)
	h.Set("Content-Length", strconv.FormatInt(r.length(), 10))
	w.WriteHeader(status)
	send(w, c, content, r)
	return nil
}

// deleteBlob removes a blob for good. The conditions are those of every request; a lease of somebody else keeps it.
func (s *server) deleteBlob(w http.ResponseWriter, c *call) *refusal {
	b, err := s.look(c)
	switch {
	case err != nil:
		return err
	case b.Leased:
		return refuse(http.StatusPreconditionFailed, "LeaseIdMissing", "There is currently a lease on the blob and no lease ID was specified in the request.")
	case !s.Delete(c.container, c.blob):
		return errNoBlob
	}
	w.Header().Set("x-ms-delete-type-permanent", "true")
	w.WriteHeader(http.StatusAccepted)
	return nil
}

// send writes the stretch piece by piece, until the caller goes away: it can be a whole disk.
func send(w io.Writer, c *call, from io.ReaderAt, r span) {
	buf := make([]byte, min(r.length(), 64<<10))
	for at := r.start; at <= r.end && c.Context().Err() == nil; {
		piece := buf[:min(int64(len(buf)), r.end-at+1)]
		if _, err := from.ReadAt(piece, at); err != nil {
			return // the answer ends before its length, and the client sees that
		}
		if _, err := w.Write(piece); err != nil {
			return
		}
		at += int64(len(piece))
	}
}

// describe writes the headers that tell about the blob.
func (b *Blob) describe(h http.Header) {
	h.Set("ETag", b.ETag)
	h.Set("Last-Modified", httpTime(b.Modified))
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Type", contentType)
	h.Set("x-ms-blob-type", b.Type)
	h.Set("x-ms-creation-time", httpTime(b.Created))
	h.Set("x-ms-server-encrypted", "true")
	if b.Type == pageBlob {
		h.Set("x-ms-blob-sequence-number", "0")
	}
	if b.Tier != "" {
		h.Set("x-ms-access-tier", b.Tier)
	}
	if b.CopyStatus != "" {
		h.Set("x-ms-copy-status", b.CopyStatus)
		h.Set("x-ms-copy-id", b.copyID())
		h.Set("x-ms-copy-progress", b.copyProgress())
		h.Set("x-ms-copy-source", copySource)
	}
	status, state, duration := b.lease()
	h.Set("x-ms-lease-status", status)
	h.Set("x-ms-lease-state", state)
	if duration != "" {
		h.Set("x-ms-lease-duration", duration)
	}
}

const (
	contentType = "application/octet-stream"
	// copySource is where a pending copy comes from: the export of a snapshot.
	copySource = "https://md-example.z1.blob.storage.azure.net/export/disk"
)

func (b *Blob) lease() (status, state, duration string) {
	if b.Leased {
		return "locked", "leased", "infinite"
	}
	return "unlocked", "available", ""
}

func (b *Blob) copyID() string {
	return formatGUID([]byte((strings.Trim(b.ETag, `"`) + "0123456789abcdef")[:16]))
}

func (b *Blob) copyProgress() string { return fmt.Sprintf("%d/%d", b.Length/3, b.Length) }

func writeXML(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, body) // the caller has gone
}
