package blobapi

import (
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// mostItems is what one page of a listing holds at most.
const mostItems = 5000

// listing is what the requests that list have in common.
type listing struct {
	prefix, delimiter, marker string
	most                      int
	include                   []string
}

func (c *call) listing() (listing, *refusal) {
	q := c.query
	l := listing{prefix: q.Get("prefix"), delimiter: q.Get("delimiter"), marker: q.Get("marker"), most: mostItems}
	l.include = strings.Split(q.Get("include"), ",")
	if text := q.Get("maxresults"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return listing{}, errQuery
		}
		l.most = min(n, mostItems)
	}
	return l, nil
}

func (l listing) includes(what string) bool { return slices.Contains(l.include, what) }

// open writes the beginning of an answer.
func (l listing) open(b *strings.Builder, attributes string) {
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><EnumerationResults ` + attributes + `>`)
	element(b, "Prefix", l.prefix)
	element(b, "Marker", l.marker)
	element(b, "MaxResults", strconv.Itoa(l.most))
	element(b, "Delimiter", l.delimiter)
}

// listBlobs lists flat, or with a delimiter one level of names. Markers are the name that comes next.
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
	l.open(b, `ServiceEndpoint="http://`+c.Host+`/`+s.account.Name+`" ContainerName="`+from.Name+`"`)
	b.WriteString("<Blobs>")
	next, folder, n := "", "", 0
	for _, name := range names {
		if !strings.HasPrefix(name, l.prefix) {
			break
		}
		if folder != "" && strings.HasPrefix(name, folder) {
			continue
		}
		if n == l.most {
			next = name
			break
		}
		n++
		if folder = l.folder(name); folder != "" {
			b.WriteString("<BlobPrefix>")
			nameElement(b, folder)
			b.WriteString("</BlobPrefix>")
			continue
		}
		from.blobs[name].list(b, c, l)
	}
	b.WriteString("</Blobs>")
	element(b, "NextMarker", next)
	b.WriteString("</EnumerationResults>")
	return nil
}

// folder is the name up to the delimiter behind the prefix; "": it has none.
func (l listing) folder(name string) string {
	if l.delimiter == "" {
		return ""
	}
	i := strings.Index(name[len(l.prefix):], l.delimiter)
	if i < 0 {
		return ""
	}
	return name[:len(l.prefix)+i+len(l.delimiter)]
}

// list writes the blob's entry.
func (b *Blob) list(out *strings.Builder, c *call, l listing) {
	out.WriteString("<Blob>")
	nameElement(out, b.Name)
	out.WriteString("<Properties>")
	element(out, "Creation-Time", httpTime(b.Created))
	element(out, "Last-Modified", httpTime(b.Modified))
	element(out, "Etag", strings.Trim(b.ETag, `"`))
	element(out, "Content-Length", strconv.FormatInt(b.Length, 10))
	element(out, "Content-Type", b.ContentType)
	element(out, "Content-MD5", b.ContentMD5)
	if b.Type == pageBlob {
		element(out, "x-ms-blob-sequence-number", strconv.FormatInt(b.Sequence, 10))
	}
	element(out, "BlobType", b.Type)
	element(out, "AccessTier", b.Tier)
	element(out, "LeaseStatus", lockWord(b.Lease.Locked(c.now)))
	state := b.Lease.State(c.now)
	element(out, "LeaseState", state)
	if state == leased {
		element(out, "LeaseDuration", b.Lease.duration())
	}
	if b.CopyStatus != "" && l.includes("copy") {
		element(out, "CopyId", b.copyID())
		element(out, "CopyStatus", b.CopyStatus)
		element(out, "CopySource", copySource)
		element(out, "CopyProgress", b.copyProgress())
	}
	element(out, "ServerEncrypted", "true")
	out.WriteString("</Properties>")
	if l.includes("metadata") {
		metadata(out, b.Metadata)
	}
	out.WriteString("<OrMetadata /></Blob>")
}

// listContainers lists the account.
func (s *server) listContainers(w http.ResponseWriter, c *call) *refusal {
	l, err := c.listing()
	if err != nil {
		return err
	}
	var b strings.Builder
	s.mu.RLock()
	defer s.mu.RUnlock()
	l.open(&b, `ServiceEndpoint="http://`+c.Host+`/`+s.account.Name+`"`)
	b.WriteString("<Containers>")
	next, n := "", 0
	for _, name := range s.containerNames() {
		if name < l.marker || !strings.HasPrefix(name, l.prefix) {
			continue
		}
		if n == l.most {
			next = name
			break
		}
		n++
		s.containers[name].list(&b, l)
	}
	b.WriteString("</Containers>")
	element(&b, "NextMarker", next)
	b.WriteString("</EnumerationResults>")
	writeXML(w, b.String())
	return nil
}

func (c *container) list(out *strings.Builder, l listing) {
	out.WriteString("<Container>")
	element(out, "Name", c.Name)
	out.WriteString("<Properties>")
	element(out, "Last-Modified", httpTime(c.Modified))
	element(out, "Etag", c.ETag)
	out.WriteString("<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>" +
		"<HasImmutabilityPolicy>false</HasImmutabilityPolicy><HasLegalHold>false</HasLegalHold></Properties>")
	if l.includes("metadata") {
		metadata(out, c.Metadata)
	}
	out.WriteString("</Container>")
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

func metadata(b *strings.Builder, m map[string]string) {
	b.WriteString("<Metadata>")
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		element(b, name, m[name])
	}
	b.WriteString("</Metadata>")
}
