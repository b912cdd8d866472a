package main

import (
	"strings"
	"testing"

	"wave365/pkg/runner/awake"
)

func TestPowerTexts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name       string
		power      awake.Power
		kept       bool
		start, low string // what the texts say; "": there is none
	}{
		{"a server", awake.Power{}, false, "", ""},
		{"plugged in", awake.Power{Battery: true, Percent: 80}, true, "lid of this machine open", ""},
		{"plugged in, almost empty", awake.Power{Battery: true, Percent: 4}, true, "lid of this machine open", ""},
		{"nothing keeps it awake", awake.Power{Battery: true, Percent: 80}, false, "turn its sleep off", ""},
		{"on the battery", awake.Power{Battery: true, Draining: true, Percent: 80}, true, "battery (80 %): plug it in", ""},
		{"running out", awake.Power{Battery: true, Draining: true, Percent: 25}, true, "battery (25 %)", "25 %: plug the machine in"},
	} {
		if got := powerText(tc.power, tc.kept); got != "" != (tc.start != "") || !strings.Contains(got, tc.start) {
			t.Errorf("%s: at the start %q, want %q", tc.name, got, tc.start)
		}
		if got := lowText(tc.power); got != "" != (tc.low != "") || !strings.Contains(got, tc.low) {
			t.Errorf("%s: meanwhile %q, want %q", tc.name, got, tc.low)
		}
	}
}
