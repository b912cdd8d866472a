package main

import "testing"

// A command that is shown works where it is copied from.
func TestHere(t *testing.T) {
	t.Parallel()
	const text = "mend the disk, then run `wave365 retry`; or `wave365 reconcile r1 --row ada --ledger x.db`, see `wave365 validate --explain vhd.dynamic`"
	for _, tc := range []struct{ ledger, want string }{
		{"", text},
		{".wave365/ledger.db", text},
		{"my ledgers/a.db", "mend the disk, then run `wave365 retry --ledger 'my ledgers/a.db'`; or `wave365 reconcile r1 --row ada --ledger x.db`, see `wave365 validate --explain vhd.dynamic`"},
	} {
		if got := here(tc.ledger, text); got != tc.want {
			t.Errorf("on ledger %q:\n%s\nwant\n%s", tc.ledger, got, tc.want)
		}
	}
}
