package blobapi

import (
	"fmt"
	"io"
	"net/http"
	"strconv"

	"wave365/pkg/sandbox/blobapi/condition"
	"wave365/pkg/sandbox/blobapi/listing"
	"wave365/pkg/sandbox/blobstore"
)

// look returns the blob of a request, if it may be read.
func (s *server) look(c *call) (blobstore.Blob, *refusal) {
	if !s.HasContainer(c.container) {
		return blobstore.Blob{}, errNoContainer
	}
	b, ok := s.Lookup(c.container, c.blob)
	if !ok {
		return blobstore.Blob{}, errNoBlob
	}
	switch {
	case !condition.Met(c.Header, b.ETag):
		return blobstore.Blob{}, refuse(http.StatusPreconditionFailed, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")
	case b.Forbidden:
		return blobstore.Blob{}, errRights
	}
	return b, nil
}

// listBlobs lists flat. Markers are the name that comes next.
func (s *server) listBlobs(w http.ResponseWriter, c *call) *refusal {
	q, ok := listing.Parse(c.query)
	if !ok {
		return refuse(http.StatusBadRequest, "InvalidQueryParameterValue", "Value for one of the query parameters specified in the request URI is invalid.")
	}
	page, next, ok := s.List(c.container, q.Prefix, q.Marker, q.Most)
	if !ok {
		return errNoContainer
	}
	writeXML(w, listing.XML("http://"+c.Host+"/"+s.account.Name, c.container, q, page, next))
	return nil
}

func (s *server) headBlob(w http.ResponseWriter, c *call) *refusal {
	b, err := s.look(c)
	if err != nil {
		return err
	}
	describe(b, w.Header())
	w.Header().Set("Content-Length", strconv.FormatInt(b.Length, 10))
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *server) getBlob(w http.ResponseWriter, c *call) *refusal {
	b, err := s.look(c)
	if err != nil {
		return err
	}
	if b.Tier == blobstore.Archive {
		return errArchived
	}
	content, closer, openErr := b.Open()
	if openErr != nil {
		return refuse(http.StatusInternalServerError, "InternalError", "The file behind the blob cannot be read.")
	}
	defer func() { _ = closer.Close() }()
	h := w.Header()
	r, ranged := condition.ParseSpan(c.header("x-ms-range", "Range"))
	if ranged && r.Start >= b.Length {
		e := refuse(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The range specified is invalid for the current size of the resource.")
		e.header = map[string]string{"Content-Range": fmt.Sprintf("bytes */%d", b.Length)}
		return e
	}
	status := http.StatusOK
	if ranged {
		r.End = min(r.End, b.Length-1)
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", r.Start, r.End, b.Length))
		status = http.StatusPartialContent
	} else {
		r = condition.Span{Start: 0, End: b.Length - 1}
	}
	describe(b, h)
	h.Set("Content-Length", strconv.FormatInt(r.Length(), 10))
	w.WriteHeader(status)
	send(w, c, content, r)
	return nil
}

// deleteBlob deletes a blob permanently. The conditions are those of every request; somebody else's lease prevents it.
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

// send writes the range piece by piece, until the client goes away: it can be a whole disk.
func send(w io.Writer, c *call, from io.ReaderAt, r condition.Span) {
	buf := make([]byte, min(r.Length(), 64<<10))
	for at := r.Start; at <= r.End && c.Context().Err() == nil; {
		piece := buf[:min(int64(len(buf)), r.End-at+1)]
		if _, err := from.ReadAt(piece, at); err != nil {
			return // the answer is shorter than announced, and the client notices
		}
		if _, err := w.Write(piece); err != nil {
			return
		}
		at += int64(len(piece))
	}
}

// describe writes the headers that describe the blob.
func describe(b blobstore.Blob, h http.Header) {
	h.Set("ETag", b.ETag)
	h.Set("Last-Modified", httpTime(b.Modified))
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Type", blobstore.ContentType)
	h.Set("x-ms-blob-type", b.Type)
	h.Set("x-ms-creation-time", httpTime(b.Created))
	h.Set("x-ms-server-encrypted", "true")
	if b.Type == blobstore.PageBlob {
		h.Set("x-ms-blob-sequence-number", "0")
	}
	if b.Tier != "" {
		h.Set("x-ms-access-tier", b.Tier)
	}
	if b.CopyStatus != "" {
		h.Set("x-ms-copy-status", b.CopyStatus)
		h.Set("x-ms-copy-id", b.CopyID())
		h.Set("x-ms-copy-progress", b.CopyProgress())
		h.Set("x-ms-copy-source", blobstore.CopySource)
	}
	status, state, duration := b.Lease()
	h.Set("x-ms-lease-status", status)
	h.Set("x-ms-lease-state", state)
	if duration != "" {
		h.Set("x-ms-lease-duration", duration)
	}
}

func writeXML(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, body) // the caller has gone
}
