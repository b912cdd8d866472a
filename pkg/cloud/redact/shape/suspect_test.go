package shape

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestSuspect_missesNothing: whatever the quick look passes over, the thorough one would have left alone, too.
func TestSuspect_missesNothing(t *testing.T) {
	t.Parallel()
	pieces := []string{
		"sig", "SIG", "Sig", "=", "%3d", "&", "?", "\\u003d", "Bearer", "BEARER", " ", "+", "sharedkey", "SharedKeyLite", "sharedKey\u212aey",
		"abcdefghijkl", "0123456789abcdef", "AccountKey", "account\u212aey", "client_secret", "Client_Assertion", "access_token", "ID_Token",
		"refresh_to\u212aen", ":", "\"", "eyJ", "eyJabcdefg.hijk.lmn", "x", "\n", "\u017fig", "s\u0130g", "b", "si", "g=",
	}
	rng := rand.New(rand.NewPCG(1, 2))
	passed, found := 0, 0
	for range 200_000 {
		var b strings.Builder
		for range 1 + rng.IntN(7) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		s := b.String()
		if Suspect(s) != Suspect([]byte(s)) {
			t.Fatalf("%q: text and bytes are looked at differently", s)
		}
		if Suspect(s) {
			found++
			continue
		}
		passed++
		if out := thorough(s); out != s {
			t.Fatalf("%q passed the quick look, but becomes %q", s, out)
		}
	}
	if passed < 1000 || found < 1000 {
		t.Errorf("%d passed, %d found: the pieces do not try both", passed, found)
	}
}
