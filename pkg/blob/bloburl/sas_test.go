package bloburl_test

import (
	"strings"
	"testing"
	"time"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/fault"
)

const delegation = "&skoid=11111111-2222-3333-4444-555555555555&sktid=AAAAAAAA-2222-3333-4444-555555555555" +
	"&skt=2026-11-19T00:00:00Z&ske=2026-11-22T00:00:00Z&sks=b&skv=2024-11-04"

func TestParseSAS(t *testing.T) {
	t.Parallel()
	s, err := bloburl.ParseSAS("?" + query + delegation + "&sip=10.0.0.1-10.0.0.9")
	if err != nil {
		t.Fatal(err)
	}
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	if s.Version != "2024-11-04" || s.Resource != "b" || s.Permissions != "r" || s.Protocol != "https" || s.IP != "10.0.0.1-10.0.0.9" ||
		!s.Start.Equal(day(20)) || !s.Expiry.Equal(day(25)) || !s.KeyStart.Equal(day(19)) || !s.KeyExpiry.Equal(day(22)) ||
		s.TenantID != "aaaaaaaa-2222-3333-4444-555555555555" || s.KeyVersion != "2024-11-04" || s.ObjectID == "" || s.AllowsHTTP() {
		t.Errorf("SAS = %+v", s)
	}
	if !s.EffectiveExpiry().Equal(day(22)) {
		t.Errorf("effective expiry = %v: the key's end comes first", s.EffectiveExpiry())
	}
	if !s.EffectiveStart().Equal(day(20)) {
		t.Errorf("effective start = %v", s.EffectiveStart())
	}
	if s.Query() != query+delegation+"&sip=10.0.0.1-10.0.0.9" {
		t.Error("the query is not kept as it came")
	}
}

func TestSASTimes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		"2026-11-25":                   time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC),
		"2026-11-25T08:30Z":            time.Date(2026, 11, 25, 8, 30, 0, 0, time.UTC),
		"2026-11-25T08:30:15Z":         time.Date(2026, 11, 25, 8, 30, 15, 0, time.UTC),
		"2026-11-25T08:30:15.0000000Z": time.Date(2026, 11, 25, 8, 30, 15, 0, time.UTC),
		"2026-11-25T08:30:15%2B02:00":  time.Date(2026, 11, 25, 6, 30, 15, 0, time.UTC),
	} {
		s, err := bloburl.ParseSAS("sv=2024-11-04&sr=b&sp=r&se=" + text + "&sig=" + strings.ReplaceAll(sig, "=", "%3D"))
		if err != nil || !s.Expiry.Equal(want) || !s.EffectiveExpiry().Equal(want) {
			t.Errorf("%s: %v, %v", text, s.Expiry, err)
		}
	}
}

func TestSASRights(t *testing.T) {
	t.Parallel()
	end := "&sig=" + strings.ReplaceAll(sig, "=", "%3D")
	for _, tc := range []struct {
		query    string
		read     bool
		excess   string
		noExpiry bool
	}{
		{"sv=2024-11-04&sr=b&sp=r&se=2026-11-25", true, "", false},
		{"sv=2024-11-04&sr=c&sp=racwdl&se=2026-11-25", true, "acwd", false},
		{"sv=2024-11-04&sr=b&sp=w&se=2026-11-25", false, "w", false},
		{"sv=2024-11-04&ss=bfqt&srt=sco&sp=rl&se=2026-11-25", true, "", false},
		{"sv=2024-11-04&ss=f&srt=sco&sp=r&se=2026-11-25", false, "", false},
		{"sv=2024-11-04&ss=b&srt=sc&sp=r&se=2026-11-25", false, "", false},
		{"sv=2018-03-28&sr=b&si=policy", true, "", true},
	} {
		s, err := bloburl.ParseSAS(tc.query + end)
		if err != nil {
			t.Errorf("%s: %v", tc.query, err)
			continue
		}
		if s.CanRead() != tc.read || s.Excess() != tc.excess || s.EffectiveExpiry().IsZero() != tc.noExpiry {
			t.Errorf("%s: read %v, excess %q, expiry %v", tc.query, s.CanRead(), s.Excess(), s.EffectiveExpiry())
		}
	}
}

func TestMalformedSASNamesThePart(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, query, part string }{
		{"Empty", "", "sig"},
		{"NoSignature", strings.Split(query, "&sig=")[0], "sig"},
		{"CutSignature", strings.TrimSuffix(query, "tA%3D"), "sig"},
		{"PlusBecameSpace", strings.Replace(query, "S3cr3t", "S3c+3t", 1), "sig"},
		{"HTML", strings.ReplaceAll(query, "&", "&amp;"), "&amp;"},
		{"Twice", query + "&sp=rw", "sp"},
		{"BadPercent", strings.Replace(query, "spr=https", "spr=%zz", 1), "spr"},
		{"NoVersion", strings.Replace(query, "sv=2024-11-04", "", 1), "sv"},
		{"NoExpiry", strings.Replace(query, "&se=2026-11-25T00%3A00%3A00Z", "", 1), "se"},
		{"ExpiryNoTime", strings.Replace(query, "2026-11-25T00%3A00%3A00Z", "tomorrow", 1), "se"},
		{"StartNoTime", strings.Replace(query, "2026-11-20T00:00:00Z", "20.11.2026", 1), "st"},
		{"EndsBeforeItStarts", strings.Replace(query, "2026-11-20", "2026-11-26", 1), "se"},
		{"NoRights", strings.Replace(query, "sp=r", "sp=", 1), "sp"},
		{"UnknownRight", strings.Replace(query, "sp=r", "sp=rq", 1), "sp"},
		{"NoResource", strings.Replace(query, "sr=b", "sr=x", 1), "sr"},
		{"AccountHalf", strings.Replace(query, "sr=b", "ss=b", 1), "srt"},
		{"AccountServices", strings.Replace(query, "sr=b", "ss=z&srt=o", 1), "ss"},
		{"AccountAndService", query + "&ss=b&srt=o", "sr"},
		{"Protocol", strings.Replace(query, "spr=https", "spr=http", 1), "spr"},
		{"IP", query + "&sip=10.0.0.300", "sip"},
		{"IPRange", query + "&sip=10.0.0.3-x", "sip"},
		{"HalfADelegation", query + "&skoid=11111111-2222-3333-4444-555555555555", "skv"},
		{"Tenant", strings.Replace(query+delegation, "AAAAAAAA", "XAAAAAAA", 1), "sktid"},
		{"Object", strings.Replace(query+delegation, "11111111", "1", 1), "skoid"},
		{"KeyEnds", strings.Replace(query+delegation, "ske=2026-11-22", "ske=2026-11-18", 1), "ske"},
		{"KeyStart", strings.Replace(query+delegation, "skt=2026-11-19", "skt=x2026", 1), "skt"},
		{"KeyService", strings.Replace(query+delegation, "sks=b", "sks=q", 1), "sks"},
		{"Snapshot", query + "&snapshot=2026-11-20T00:00:00Z", "snapshot"},
		{"Operation", query + "&comp=lease", "comp"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s, err := bloburl.ParseSAS(tc.query)
			f := fault.As(err)
			if f == nil || f.Kind != fault.Invalid || f.Code != "sas.malformed" || f.Hint == "" {
				t.Fatalf("fault = %+v, SAS %v", f, s)
			}
			if !strings.Contains(f.Msg, " "+tc.part+" ") {
				t.Errorf("message %q does not name %s", f.Msg, tc.part)
			}
			if s != (bloburl.SAS{}) {
				t.Error("a SAS beside an error")
			}
			noSecret(t, err.Error())
		})
	}
}

func TestSASPrintsItsEnd(t *testing.T) {
	t.Parallel()
	s, err := bloburl.ParseSAS(query)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.String(); got != "SAS valid until 2026-11-25T00:00:00Z" {
		t.Errorf("String = %q", got)
	}
	if got := (bloburl.SAS{}).String(); got != "no SAS" || (bloburl.SAS{}).Query() != "" {
		t.Errorf("String of nothing = %q", got)
	}
}
