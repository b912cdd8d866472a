package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"wave365/pkg/fault"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	denied := fault.New(fault.Denied, "permission.missing", "no", "ask")
	for _, tc := range []struct {
		name string
		err  error
		want fault.Kind
	}{
		{"Nil", nil, ""},
		{"Plain", errors.New("x"), fault.Internal},
		{"Direct", denied, fault.Denied},
		{"Wrapped", fmt.Errorf("list users: %w", denied), fault.Denied},
		{"Outermost", fault.Wrap(fault.Unavailable, "", "list", "", denied), fault.Unavailable},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := fault.KindOf(tc.err); got != tc.want {
				t.Errorf("KindOf = %q, want %q", got, tc.want)
			}
			if got := fault.Is(tc.err, tc.want); got != (tc.err != nil) {
				t.Errorf("Is = %v", got)
			}
		})
	}
}

func TestHintOfLooksThroughWrappers(t *testing.T) {
	t.Parallel()
	inner := fault.New(fault.Denied, "permission.missing", "no", "ask a Global Administrator")
	outer := fault.Wrap(fault.Invalid, "x.y", "list users", "", fmt.Errorf("call: %w", inner))
	if got := fault.HintOf(outer); got != "ask a Global Administrator" {
		t.Errorf("HintOf = %q", got)
	}
	if got := fault.CodeOf(outer); got != "x.y" {
		t.Errorf("CodeOf = %q", got)
	}
	if got := fault.HintOf(errors.New("plain")); got != "" {
		t.Errorf("HintOf(plain) = %q", got)
	}
}

func TestErrorNamesTheServiceCode(t *testing.T) {
	t.Parallel()
	f := fault.New(fault.Invalid, "", "import snapshot", "")
	f.Remote = &fault.Remote{Service: "graph", Code: "invalidStorageInformation"}
	if got, want := f.Error(), "import snapshot (graph: invalidStorageInformation)"; got != want {
		t.Errorf("Error = %q, want %q", got, want)
	}
	if got := fault.Wrap(fault.Internal, "", "", "", errors.New("cause")).Error(); got != "cause" {
		t.Errorf("Error without message = %q", got)
	}
}
