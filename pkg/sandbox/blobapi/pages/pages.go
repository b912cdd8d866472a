// Package pages holds the content of a huge file of which only a few bytes were ever written: what was written is kept,
// the rest is zeros. It is not for files that are mostly written.
package pages

import "sort"

// Pages is a sparse content. The zero value is all zeros. A copy is a snapshot: later changes to the original are not
// seen in it, and it may be read while the original is changed by somebody else. Changes are not safe for concurrent use.
type Pages struct {
	// extents are in order and do not overlap. Neither the slice nor the data in it is ever changed: a change makes a
	// new slice, so that copies stay what they were, and thousands of contents can share the same data.
	extents []Extent
}

// Extent is a stretch of written bytes.
type Extent struct {
	Offset int64  `json:"offset"`
	Data   []byte `json:"data"`
}

// End is the offset behind the last byte.
func (e Extent) End() int64 { return e.Offset + int64(len(e.Data)) }

// Range is from Start up to, not including, End.
type Range struct{ Start, End int64 }

// Write puts data at offset. It keeps data: the caller must not change it afterwards.
func (p *Pages) Write(offset int64, data []byte) {
	if len(data) == 0 {
		return
	}
	p.replace(offset, offset+int64(len(data)), []Extent{{offset, data}})
}

// Clear makes the bytes from start up to, not including, end zeros that count as never written.
func (p *Pages) Clear(start, end int64) {
	if start < end {
		p.replace(start, end, nil)
	}
}

// replace cuts out what lies in [start, end) and puts with there.
func (p *Pages) replace(start, end int64, with []Extent) {
	next := make([]Extent, 0, len(p.extents)+2)
	for _, e := range p.extents {
		if e.Offset < start {
			next = append(next, Extent{e.Offset, e.Data[:min(int64(len(e.Data)), start-e.Offset)]})
		}
	}
	next = append(next, with...)
	for _, e := range p.extents {
		if e.End() > end {
			cut := max(0, end-e.Offset)
			next = append(next, Extent{e.Offset + cut, e.Data[cut:]})
		}
	}
	p.extents = next
}

// ReadAt fills b with the bytes from offset on.
func (p Pages) ReadAt(b []byte, offset int64) {
	clear(b)
	end := offset + int64(len(b))
	for _, e := range p.extents[p.first(offset):] {
		if e.Offset >= end {
			return
		}
		if at := e.Offset - offset; at >= 0 {
			copy(b[at:], e.Data)
		} else {
			copy(b, e.Data[-at:])
		}
	}
}

// Written gives the stretches of [start, end) that were written, neighbours joined.
func (p Pages) Written(start, end int64) []Range {
	var out []Range
	for _, e := range p.extents[p.first(start):] {
		from, to := max(e.Offset, start), min(e.End(), end)
		if from >= to {
			break
		}
		if n := len(out); n > 0 && out[n-1].End == from {
			out[n-1].End = to
		} else {
			out = append(out, Range{from, to})
		}
	}
	return out
}

// Extents gives what was written, in order. The result must not be changed.
func (p Pages) Extents() []Extent { return p.extents }

// first is the index of the first extent that ends behind offset.
func (p Pages) first(offset int64) int {
	return sort.Search(len(p.extents), func(i int) bool { return p.extents[i].End() > offset })
}
