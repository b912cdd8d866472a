package pages_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"wave365/pkg/sandbox/blobapi/pages"
)

// Whatever is written and cleared in whatever order: reading gives what an ordinary array would, what was written is
// known exactly, and a copy stays what it was.
func TestPagesAreAnArray(t *testing.T) {
	t.Parallel()
	const size = 64
	rapid.Check(t, func(t *rapid.T) {
		var p, earlier pages.Pages
		plain, written, before := make([]byte, size), make([]bool, size), make([]byte, size)
		for step := range rapid.IntRange(0, 12).Draw(t, "steps") {
			at := rapid.IntRange(0, size-1).Draw(t, "at")
			n := rapid.IntRange(0, size-at).Draw(t, "n")
			if rapid.Bool().Draw(t, "clear") {
				p.Clear(int64(at), int64(at+n))
				clear(plain[at : at+n])
				clear(written[at : at+n])
			} else {
				data := bytes.Repeat([]byte{byte(step + 1)}, n)
				p.Write(int64(at), data)
				copy(plain[at:], data)
				for i := range n {
					written[at+i] = true
				}
			}
			if step == 3 {
				earlier = p
				copy(before, plain)
			}
		}
		from := rapid.IntRange(0, size-1).Draw(t, "from")
		got := bytes.Repeat([]byte{0xAA}, size-from)
		if p.ReadAt(got, int64(from)); !bytes.Equal(got, plain[from:]) {
			t.Fatalf("read %v, want %v", got, plain[from:])
		}
		seen := make([]bool, size)
		last := int64(-1)
		for _, r := range p.Written(int64(from), size) {
			if r.Start <= last || r.Start >= r.End {
				t.Fatalf("ranges are not apart and in order: %v", p.Written(int64(from), size))
			}
			last = r.End
			for i := r.Start; i < r.End; i++ {
				seen[i] = true
			}
		}
		for i := from; i < size; i++ {
			if seen[i] != written[i] {
				t.Fatalf("byte %d: written %v, told %v", i, written[i], seen[i])
			}
		}
		if earlier.Extents() != nil {
			all := make([]byte, size)
			if earlier.ReadAt(all, 0); !bytes.Equal(all, before) {
				t.Fatal("a copy changed with its original")
			}
		}
	})
}

func TestReadOutsideIsZeros(t *testing.T) {
	t.Parallel()
	var p pages.Pages
	p.Write(1<<40, []byte{1, 2, 3})
	got := []byte{9, 9, 9, 9, 9}
	p.ReadAt(got, 1<<40-1)
	if !bytes.Equal(got, []byte{0, 1, 2, 3, 0}) {
		t.Errorf("read %v", got)
	}
	p.ReadAt(got, 0)
	if !bytes.Equal(got, make([]byte, 5)) {
		t.Errorf("read %v", got)
	}
}
