package bloburl_test

import (
	"net/url"
	"strings"
	"testing"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/fault"
)

// The laws: an error comes alone, has a code and a hint, and quotes no signature; a SAS reads the same from its own
// query, and its effective life lies within what it says.
func FuzzParseSAS(f *testing.F) {
	for _, seed := range []string{query, query + delegation, "?" + query, strings.ReplaceAll(query, "&", "&amp;"),
		"sv=2024-11-04&ss=b&srt=sco&sp=rl&se=2026-11-25&sig=" + url.QueryEscape(sig), "sig=", "", "sv=2018-03-28&sr=b&si=x&sig=" + url.QueryEscape(sig)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := bloburl.ParseSAS(text)
		if err != nil {
			if s != (bloburl.SAS{}) {
				t.Error("a SAS beside an error")
			}
			lawful(t, err, text)
			return
		}
		again, err := bloburl.ParseSAS(s.Query())
		if err != nil || again.EffectiveExpiry() != s.EffectiveExpiry() || again.Permissions != s.Permissions {
			t.Errorf("its own query reads as %v, %v", again, err)
		}
		if end := s.EffectiveExpiry(); !s.Expiry.IsZero() && end.After(s.Expiry) || !s.KeyExpiry.IsZero() && end.After(s.KeyExpiry) {
			t.Errorf("effective expiry %v is after se %v or ske %v", end, s.Expiry, s.KeyExpiry)
		}
		if s.EffectiveStart().Before(s.Start) || s.EffectiveStart().Before(s.KeyStart) {
			t.Errorf("effective start %v", s.EffectiveStart())
		}
	})
}

// The laws: the signature shows in nothing that is printed, a reference reads the same from its own URL, and its URL has
// no query.
func FuzzParseRef(f *testing.F) {
	for _, seed := range []string{"vhds/alice.vhd", azure + "/vhds/a%20b.vhd", azure + "/vhds/a.vhd?" + query, local + "/vhds/a.vhd?" + query,
		`vhds\w1\a.vhd`, "https://md-1.z4.blob.storage.azure.net/abcd/abcd?" + query, "http://[::1]:1/acct/vhds/ü.vhd", "vhds/q?" + query} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := bloburl.Parse(text, azure)
		if err != nil {
			if r != (bloburl.Ref{}) {
				t.Error("a reference beside an error")
			}
			_, query, _ := strings.Cut(text, "?")
			lawful(t, err, query)
			return
		}
		if strings.ContainsAny(r.URL(), "?#") {
			t.Errorf("URL = %s", r.URL())
		}
		again, err := bloburl.Parse(r.URL(), r.Root)
		if err != nil || again.Container != r.Container || again.Name != r.Name || !again.In(r.Root) {
			t.Errorf("%q: its URL %s reads as %q %q %q, %v", text, r.URL(), again.Root, again.Container, again.Name, err)
		}
		if r.SAS() == nil {
			return
		}
		signature := signatureIn(r.SAS().Query())
		out := shown(t, r)
		for _, secret := range []string{signature, url.QueryEscape(signature), r.SAS().Query()} {
			if strings.Contains(out, secret) && !strings.Contains(r.URL(), secret) {
				t.Errorf("%q shows in %s", secret, out)
			}
		}
	})
}

func signatureIn(query string) string {
	q, _ := url.ParseQuery(query) // half-bad queries give their good half
	return q.Get("sig")
}

func lawful(t *testing.T, err error, query string) {
	f := fault.As(err)
	if f == nil || f.Kind != fault.Invalid || f.Code == "" || f.Hint == "" {
		t.Errorf("fault = %+v", f)
	}
	if s := signatureIn(query); len(s) >= 8 && strings.Contains(err.Error(), s) {
		t.Errorf("the signature shows in %v", err)
	}
}
