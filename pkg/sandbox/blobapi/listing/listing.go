// Package listing writes the list of a container's blobs as the service does.
package listing

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"wave365/pkg/sandbox/blobstore"
)

// mostItems is the largest number of blobs on one page.
const mostItems = 5000

// Query is a request for a listing.
type Query struct {
	Prefix, Marker string
	// Most is the largest number of blobs on the page.
	Most int
	// Copies includes the copies into the blobs.
	Copies bool
}

// Parse parses the query; false: a value is invalid.
func Parse(q url.Values) (Query, bool) {
	l := Query{Prefix: q.Get("prefix"), Marker: q.Get("marker"), Most: mostItems, Copies: strings.Contains(q.Get("include"), "copy")}
	if text := q.Get("maxresults"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return Query{}, false
		}
		l.Most = min(n, mostItems)
	}
	return l, true
}

// XML returns one page, flat. endpoint is the account's address; next is the name that the next page begins with, empty
// on the last page.
func XML(endpoint, container string, q Query, page []blobstore.Blob, next string) string {
	b := &strings.Builder{}
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="` + endpoint + `" ContainerName="` + container + `">`)
	element(b, "Prefix", q.Prefix)
	element(b, "Marker", q.Marker)
	element(b, "MaxResults", strconv.Itoa(q.Most))
	b.WriteString("<Blobs>")
	for _, x := range page {
		entry(b, x, q.Copies)
	}
	b.WriteString("</Blobs>")
	element(b, "NextMarker", next)
	b.WriteString("</EnumerationResults>")
	return b.String()
}

// entry writes a blob's entry of the listing.
func entry(out *strings.Builder, b blobstore.Blob, copies bool) {
	out.WriteString("<Blob>")
	nameElement(out, b.Name)
	out.WriteString("<Properties>")
	element(out, "Creation-Time", httpTime(b.Created))
	element(out, "Last-Modified", httpTime(b.Modified))
	element(out, "Etag", strings.Trim(b.ETag, `"`))
	element(out, "Content-Length", strconv.FormatInt(b.Length, 10))
	element(out, "Content-Type", blobstore.ContentType)
	if b.Type == blobstore.PageBlob {
		element(out, "x-ms-blob-sequence-number", "0")
	}
	element(out, "BlobType", b.Type)
	element(out, "AccessTier", b.Tier)
	status, state, duration := b.Lease()
	element(out, "LeaseStatus", status)
	element(out, "LeaseState", state)
	element(out, "LeaseDuration", duration)
	if b.CopyStatus != "" && copies {
		element(out, "CopyId", b.CopyID())
		element(out, "CopyStatus", b.CopyStatus)
		element(out, "CopySource", blobstore.CopySource)
		element(out, "CopyProgress", b.CopyProgress())
	}
	element(out, "ServerEncrypted", "true")
	out.WriteString("</Properties><OrMetadata /></Blob>")
}

// element writes <name>value</name>; nothing for an empty value, except for the marker, which is empty at the end of a
// listing.
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

func httpTime(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

// text writes s as XML text.
func text(b *strings.Builder, s string) { _ = xml.EscapeText(b, []byte(s)) } // a Builder never fails
