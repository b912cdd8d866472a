package preflight_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/preflight"
)

// When imports name the disks by their storage account, the service sees no signature: when one ends does not matter, and
// a disk in another account cannot be imported at all.
func TestCheck_byAccount(t *testing.T) {
	t.Parallel()
	const account = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a"
	sc := newScenario()
	for _, n := range []string{"ada", "bob", "cyd"} {
		person(sc, n)
	}
	s := newStage(t, sc)
	csv := head +
		"ada@" + domain + ",disks/ada.vhd,P," + sku + "\n" +
		"bob@" + domain + "," + signed(t, "disks/bob.vhd", "r", s.now.Add(10*time.Minute)) + ",P," + sku + "\n" +
		"cyd@" + domain + "," + elsewhere("https", "cyd") + ",P," + sku + "\n"
	res := s.check(csv, func(in *preflight.Input) { in.AccountID = account })
	if diff := cmp.Diff([]string{"4 blob.wrong-host"}, brief(res.Findings)); diff != "" {
		t.Errorf("by account (-want +got):\n%s", diff)
	}
	for i, want := range []string{account, account} {
		if got := res.Targets[i].Disk.Account; got != want {
			t.Errorf("row %d is imported from account %q, want %q", i, got, want)
		}
	}
	res = s.check(csv)
	if diff := cmp.Diff([]string{"3 sas.expires-too-soon", "4 blob.wrong-host"}, brief(res.Findings)); diff != "" {
		t.Errorf("by signature (-want +got):\n%s", diff)
	}
	if got := res.Targets[0].Disk.Account; got != "" {
		t.Errorf("by signature the import names the account %q", got)
	}
}
