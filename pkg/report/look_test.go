package report_test

import (
	"os"
	"testing"

	"wave365/pkg/report"
	"wave365/pkg/report/reporttest"
)

func TestLook(t *testing.T) {
	base := os.Getenv("LOOK")
	if base == "" {
		t.Skip()
	}
	for name, a := range map[string]report.Account{"sample": reporttest.Sample(), "running": reporttest.Running(), "large": reporttest.Large(1000), "huge": reporttest.Large(10000)} {
		if err := report.Write(base+"/"+name, a); err != nil {
			t.Fatal(err)
		}
		t.Log(name, report.Verdict(a))
	}
}
