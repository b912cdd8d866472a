package main

import (
	"context"
	"io"
	"strings"
	"testing"

	"wave365/pkg/fault"
)

// Only yes continues; Ctrl-C at the prompt is an answer, although nothing was typed.
func TestAsk(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		typed string
		want  int
	}{
		{"y\n", exitOK}, {" YES \n", exitOK}, {"n\n", exitNothing}, {"\n", exitNothing}, {"", exitNothing}, {"yesterday\n", exitNothing},
	} {
		a := &app{in: strings.NewReader(tc.typed), err: io.Discard, inTerm: true}
		if code, _ := exitCode(a.ask(t.Context(), &globals{}, "Start?")); code != tc.want {
			t.Errorf("%q: exit code %d, want %d", tc.typed, code, tc.want)
		}
	}
	silent, writer := io.Pipe()
	defer writer.Close()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	a := &app{in: silent, err: io.Discard, inTerm: true}
	if err := a.ask(stopped, &globals{}, "Start?"); !fault.Is(err, fault.Interrupted) {
		t.Errorf("a stop at the question: %v", err)
	}
	if err := a.ask(t.Context(), &globals{yes: true}, "Start?"); err != nil {
		t.Errorf("--yes: %v", err)
	}
}
