package blobapi

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"wave365/pkg/sandbox/blobapi/pages"
)

// look gives the blob that a read is about, when it may be read.
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
	return *b, b.Lease.mayRead(c)
}

func (s *server) headBlob(w http.ResponseWriter, c *call) *refusal {
	b, err := s.look(c)
	if err != nil {
		return err
	}
	h := w.Header()
	b.describe(h, c)
	if c.operation.name == "Get Blob Properties" {
		h.Set("Content-Length", strconv.FormatInt(b.Length, 10))
	}
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
	readAt, closed, openErr := b.open()
	if openErr != nil {
		return refuse(http.StatusInternalServerError, "InternalError", "The file behind the blob cannot be read.")
	}
	defer closed()
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
	b.describe(h, c)
	h.Set("Content-Length", strconv.FormatInt(r.length(), 10))
	w.WriteHeader(status)
	send(w, c, readAt, r)
	return nil
}

// send writes the stretch piece by piece, until the caller goes away: it can be a whole disk.
func send(w io.Writer, c *call, readAt func([]byte, int64) error, r span) {
	buf := make([]byte, min(r.length(), 64<<10))
	for at := r.start; at <= r.end && c.Context().Err() == nil; {
		piece := buf[:min(int64(len(buf)), r.end-at+1)]
		if readAt(piece, at) != nil {
			return // the answer ends before its length, and the client sees that
		}
		if _, err := w.Write(piece); err != nil {
			return
		}
		at += int64(len(piece))
	}
}

// describe writes the headers that tell about the blob.
func (b *Blob) describe(h http.Header, c *call) {
	b.stamp(h)
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Type", b.ContentType)
	h.Set("x-ms-blob-type", b.Type)
	h.Set("x-ms-creation-time", httpTime(b.Created))
	h.Set("x-ms-server-encrypted", "true")
	if b.ContentMD5 != "" {
		h.Set("Content-MD5", b.ContentMD5)
	}
	if b.Type == pageBlob {
		h.Set("x-ms-blob-sequence-number", strconv.FormatInt(b.Sequence, 10))
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
	b.Lease.headers(h, c.now)
	for k, v := range b.Metadata {
		h["x-ms-meta-"+k] = []string{v}
	}
}

// copySource is where a pending copy comes from: the export of a snapshot.
const copySource = "https://md-example.z1.blob.storage.azure.net/export/disk"

func (b *Blob) copyID() string {
	return formatGUID([]byte((strings.Trim(b.ETag, `"`) + "0123456789abcdef")[:16]))
}

func (b *Blob) copyProgress() string {
	done := b.Length
	if b.CopyStatus == "pending" {
		done = b.Length / 3
	}
	return fmt.Sprintf("%d/%d", done, b.Length)
}

// stamp writes the version of the blob.
func (b *Blob) stamp(h http.Header) {
	h.Set("ETag", b.ETag)
	h.Set("Last-Modified", httpTime(b.Modified))
}

// pageRanges lists what was written.
func (s *server) pageRanges(w http.ResponseWriter, c *call) *refusal {
	b, err := s.look(c)
	if err != nil {
		return err
	}
	if b.Type != pageBlob {
		return errBlobType
	}
	if c.query.Get("prevsnapshot") != "" {
		return refuse(http.StatusNotImplemented, "NotImplemented", "The sandbox does not know the difference between snapshots.")
	}
	r, ranged := parseSpan(c.header("x-ms-range", "Range"))
	if !ranged {
		r = span{0, b.Length - 1}
	} else if r.start >= b.Length {
		return errPageRange
	}
	var out strings.Builder
	out.WriteString(`<?xml version="1.0" encoding="utf-8"?><PageList>`)
	written := b.content
	if b.file != "" {
		written = pages.Pages{}
		fmt.Fprintf(&out, "<PageRange><Start>%d</Start><End>%d</End></PageRange>", r.start/pageSize*pageSize, min(r.end, b.Length-1))
	}
	for _, p := range written.Written(r.start/pageSize*pageSize, min(r.end+1, b.Length)) {
		// Pages are written whole.
		fmt.Fprintf(&out, "<PageRange><Start>%d</Start><End>%d</End></PageRange>", p.Start/pageSize*pageSize, (p.End+pageSize-1)/pageSize*pageSize-1)
	}
	out.WriteString("</PageList>")
	b.stamp(w.Header())
	w.Header().Set("x-ms-blob-content-length", strconv.FormatInt(b.Length, 10))
	writeXML(w, out.String())
	return nil
}

func writeXML(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, body) // the caller has gone
}
