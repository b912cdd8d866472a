package wave_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault/catalogue"
	"wave365/pkg/wave"
)

func TestNewFinding(t *testing.T) {
	t.Parallel()
	got := wave.NewFinding("blob.leased", 7, "blob", "a@contoso.com", "https://x/v/a?sig=abc", "https://x/v/a?sig=abc is leased")
	e, _ := catalogue.Find("blob.leased")
	want := wave.Finding{Severity: wave.Warning, Code: "blob.leased", Line: 7, Column: "blob", User: "a@contoso.com",
		Value: "https://x/v/a", Message: "https://x/v/a", Hint: e.Remedy, Commands: e.Commands}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if f := wave.NewFinding("no.such-code", 0, "", "", "", "m"); f.Severity != wave.Error || f.Hint != "" {
		t.Errorf("%+v", f)
	}
}
