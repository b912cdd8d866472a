package blobapi

import (
	"net/http"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// mostItems is what one page of a listing holds at most.
const mostItems = 5000

// listing is what is asked for.
type listing struct {
	prefix, marker string
	most           int
}

func (c *call) listing() (listing, *refusal) {
	q := c.query
	l := listing{prefix: q.Get("prefix"), marker: q.Get("marker"), most: mostItems}
	if text := q.Get("maxresults"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return listing{}, refuse(http.StatusBadRequest, "InvalidQueryParameterValue", "Value for one of the query parameters specified in the request URI is invalid.")
		}
		l.most = min(n, mostItems)
	}
	return l, nil
}

// listBlobs lists flat. Markers are the name that comes next.
func (s *server) listBlobs(w http.ResponseWriter, c *call) *refusal {
	l, err := c.listing()
	if err != nil {
		return err
	}
	var b strings.Builder
	if err := s.listInto(&b, c, l); err != nil {
		return err
	}
	writeXML(w, b.String())
	return nil
}

func (s *server) listInto(b *strings.Builder, c *call, l listing) *refusal {
	s.mu.Lock() // the order of the names may have to be made
	defer s.mu.Unlock()
	from := s.containers[c.container]
	if from == nil {
		return errNoContainer
	}
	names := from.names()
	names = names[sort.SearchStrings(names, max(l.prefix, l.marker)):]
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="http://` + c.Host + `/` + s.account.Name +
		`" ContainerName="` + c.container + `">`)
	element(b, "Prefix", l.prefix)
	element(b, "Marker", l.marker)
	element(b, "MaxResults", strconv.Itoa(l.most))
	b.WriteString("<Blobs>")
	next, n := "", 0
	for _, name := range names {
		if !strings.HasPrefix(name, l.prefix) {
			break
		}
		if n == l.most {
			next = name
			break
		}
		n++
		from.blobs[name].list(b, strings.Contains(c.query.Get("include"), "copy"))
	}
	b.WriteString("</Blobs>")
	element(b, "NextMarker", next)
	b.WriteString("</EnumerationResults>")
	return nil
}

// list writes the blob's entry.
func (b *Blob) list(out *strings.Builder, copies bool) {
	out.WriteString("<Blob>")
	nameElement(out, b.Name)
	out.WriteString("<Properties>")
	element(out, "Creation-Time", httpTime(b.Created))
	element(out, "Last-Modified", httpTime(b.Modified))
	element(out, "Etag", strings.Trim(b.ETag, `"`))
	element(out, "Content-Length", strconv.FormatInt(b.Length, 10))
	element(out, "Content-Type", contentType)
	if b.Type == pageBlob {
		element(out, "x-ms-blob-sequence-number", "0")
	}
	element(out, "BlobType", b.Type)
	element(out, "AccessTier", b.Tier)
	status, state, duration := b.lease()
	element(out, "LeaseStatus", status)
	element(out, "LeaseState", state)
	element(out, "LeaseDuration", duration)
	if b.CopyStatus != "" && copies {
		element(out, "CopyId", b.copyID())
		element(out, "CopyStatus", b.CopyStatus)
		element(out, "CopySource", copySource)
		element(out, "CopyProgress", b.copyProgress())
	}
	element(out, "ServerEncrypted", "true")
	out.WriteString("</Properties><OrMetadata /></Blob>")
}

// element writes <name>value</name>; nothing for an empty value but for the marker, which ends a listing by being empty.
func element(b *strings.Builder, name, value string) {
	switch {
	case value != "":
		b.WriteString("<" + name + ">")
		text(b, value)
		b.WriteString("</" + name + ">")
	case name == "NextMarker":
		b.WriteString("<NextMarker />")
	}
}

// nameElement writes a blob's name; names that XML cannot carry are encoded, as the service does.
func nameElement(b *strings.Builder, name string) {
	if strings.ContainsFunc(name, func(r rune) bool { return r < 0x20 || r == 0xFFFE || r == 0xFFFF }) || !utf8.ValidString(name) {
		b.WriteString(`<Name Encoded="true">`)
		text(b, percent(name))
		b.WriteString("</Name>")
		return
	}
	element(b, "Name", name)
}

func percent(name string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; c < 0x21 || c == '%' || c > 0x7E {
			b.WriteString("%" + string(digits[c>>4]) + string(digits[c&15]))
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
