package progress

import "testing"

// A frame that a narrower window has wrapped into more lines is rewound completely.
func TestRewound(t *testing.T) {
	t.Parallel()
	frame := []string{"0123456789", "01234", "", "\x1b[31m0123456789\x1b[0m01234"}
	for width, want := range map[int]string{20: "\r\x1b[4A\x1b[J", 15: "\r\x1b[4A\x1b[J", 14: "\r\x1b[5A\x1b[J", 10: "\r\x1b[5A\x1b[J", 9: "\r\x1b[6A\x1b[J", 4: "\r\x1b[10A\x1b[J"} {
		if got := rewound(frame, width); got != want {
			t.Errorf("%d columns: %q, want %q", width, got, want)
		}
	}
	if got := rewound(nil, 10); got != "\r" {
		t.Errorf("before the first frame: %q", got)
	}
}
