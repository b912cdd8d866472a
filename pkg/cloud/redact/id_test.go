package redact_test

import (
	"encoding/base64"
	"strings"
	"testing"
)

// TestIDsHideNothing: base64 of whatever betrays a secret has a character that no id has, wherever in it the word begins
// and whatever surrounds it. Ids are not looked into for that reason.
func TestIDsHideNothing(t *testing.T) {
	t.Parallel()
	words := []string{"eyJ"}
	for _, w := range []string{"bearer", "sharedkey", "accountkey", "client_secret", "client_assertion", "access_token", "refresh_token", "id_token"} {
		words = append(words, w, strings.ToUpper(w))
	}
	for _, sig := range []string{"sig", "SIG", "Sig", "sIg", "siG"} {
		for _, next := range []string{"=", "%", `\`, "&"} {
			words = append(words, sig+next)
		}
	}
	for _, w := range words {
		for _, form := range []string{w, strings.Join(strings.Split(w, ""), "\x00"), "\x00" + strings.Join(strings.Split(w, ""), "\x00")} {
			for before := range 3 {
				text := strings.Repeat("x", before) + form
				// Only characters that the word alone makes: what surrounds it may be anything.
				first, last := (before*8+5)/6, len(text)*8/6
				sure := base64.RawURLEncoding.EncodeToString([]byte(text))[first:last]
				if strings.Trim(sure, "0123456789abcdef-") == "" {
					t.Errorf("%q, %d bytes into a run, may look like an id: %q", form, before, sure)
				}
			}
		}
	}
}
