package bloburl

import (
	"encoding/base64"
	"encoding/hex"
	"net"
	"net/url"
	"strings"
	"time"

	"wave365/pkg/cloud/redact"
	"wave365/pkg/fault"
)

// SAS is what a shared access signature says about itself. Whether the service believes it is another matter. Printing
// one shows no query.
type SAS struct {
	// Version is sv. Resource is sr: b blob, c container, bs, bv, d; empty for an account SAS.
	Version, Resource string
	// Services and ResourceTypes are ss and srt: an account SAS has both, any other neither.
	Services, ResourceTypes string
	// Permissions is sp, one letter a right. Identifier is si, a stored policy that may hold rights and times instead.
	Permissions, Identifier string
	// Start and Expiry are st and se, in UTC; zero: not given. A date without a time is midnight.
	Start, Expiry time.Time
	// Protocol is spr: "https", "https,http", or empty, which allows both. IP is sip, an address or a range.
	Protocol, IP string
	Delegation

	query *string
}

// Delegation is the key behind a user delegation SAS, which has all of it; any other has none. The fields are skoid, sktid, skv,
// skt and ske.
type Delegation struct {
	ObjectID, TenantID, KeyVersion string
	KeyStart, KeyExpiry            time.Time
}

const codeMalformed = "sas.malformed"

// ParseSAS reads the query part of a SAS URL, with or without its question mark. Errors are faults of kind Invalid with
// code sas.malformed that name the part at fault and never show its value. Parts it does not know are let through.
func ParseSAS(query string) (SAS, error) {
	query = strings.TrimPrefix(strings.TrimSpace(query), "?")
	p, err := splitQuery(query)
	if err != nil {
		return SAS{}, err
	}
	s := SAS{
		Version: p["sv"], Resource: p["sr"], Services: p["ss"], ResourceTypes: p["srt"],
		Permissions: p["sp"], Identifier: p["si"], Protocol: p["spr"], IP: p["sip"],
		Delegation: Delegation{ObjectID: p["skoid"], TenantID: strings.ToLower(p["sktid"]), KeyVersion: p["skv"]}, query: &query,
	}
	for _, part := range []struct {
		name string
		to   *time.Time
	}{{"st", &s.Start}, {"se", &s.Expiry}, {"skt", &s.KeyStart}, {"ske", &s.KeyExpiry}} {
		text, given := p[part.name]
		if !given {
			continue
		}
		if *part.to, err = parseTime(text); err != nil {
			return SAS{}, malformed(part.name, "is not a UTC time such as 2026-11-21T18:00:00Z")
		}
	}
	for _, check := range []func(map[string]string, SAS) error{checkSignature, checkResource, checkRights, checkTimes, checkDelegation, checkLimits} {
		if err := check(p, s); err != nil {
			return SAS{}, err
		}
	}
	return s, nil
}

// splitQuery decodes the parts; it refuses what was mangled on its way through mails and spreadsheets.
func splitQuery(query string) (map[string]string, error) {
	parts := make(map[string]string)
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "amp;") {
			return nil, fault.New(fault.Invalid, codeMalformed, "the SAS has &amp; where & belongs",
				"it was copied from a web page's source: copy it again, or replace every &amp; by &")
		}
		text, err := url.QueryUnescape(value)
		if err != nil {
			return nil, malformed(part(name), "has a % that is not followed by two hexadecimal digits")
		}
		if _, twice := parts[name]; twice {
			return nil, malformed(part(name), "is there twice")
		}
		parts[name] = text
	}
	for _, name := range []string{"snapshot", "versionid", "comp", "restype"} {
		if _, given := parts[name]; given {
			return nil, malformed(name, "does not belong in a signature for the blob itself")
		}
	}
	return parts, nil
}

// part is what a part is called in a message: a name that is not known may be anything.
func part(name string) string {
	switch name {
	case "sv", "sr", "ss", "srt", "sp", "si", "st", "se", "spr", "sip", "sig", "skoid", "sktid", "skt", "ske", "sks", "skv":
		return name
	}
	return "query"
}

func checkSignature(p map[string]string, _ SAS) error {
	sig, given := p["sig"]
	if !given || sig == "" {
		return malformed("sig", "is missing: this is not a SAS, or only its beginning")
	}
	redact.Know(sig) // a wave's own signatures are looked for in all that is written, sent or not
	if strings.Contains(sig, " ") {
		return malformed("sig", "has spaces in it: its + must be written %2B")
	}
	raw, err := base64.StdEncoding.DecodeString(sig)
	if err != nil || len(raw) != 32 {
		return malformed("sig", "is not a whole signature of 32 bytes in base64: it was cut off or changed")
	}
	if t, err := time.Parse("2006-01-02", p["sv"]); err != nil || t.IsZero() {
		return malformed("sv", "is not a service version such as 2024-11-04")
	}
	return nil
}

func checkResource(_ map[string]string, s SAS) error {
	account := s.Services != "" || s.ResourceTypes != ""
	switch {
	case account && s.Resource != "":
		return malformed("sr", "is there beside ss and srt, which make an account SAS")
	case account && (s.Services == "" || !only(s.Services, "bqtf")):
		return malformed("ss", "does not name services by the letters b, q, t and f")
	case account && (s.ResourceTypes == "" || !only(s.ResourceTypes, "sco")):
		return malformed("srt", "does not name resource types by the letters s, c and o")
	case account:
		return nil
	}
	switch s.Resource {
	case "b", "c", "bs", "bv", "d":
		return nil
	}
	return malformed("sr", "does not say what was signed: b for a blob, c for a container")
}

func checkRights(_ map[string]string, s SAS) error {
	switch {
	case s.Permissions == "" && s.Identifier == "":
		return malformed("sp", "is missing: the signature grants no permission")
	case !only(s.Permissions, "racwdxyltmeopifu"):
		return malformed("sp", "has a letter that is not a permission, or one twice")
	}
	return nil
}

func checkTimes(_ map[string]string, s SAS) error {
	switch {
	case s.Expiry.IsZero() && s.Identifier == "":
		return malformed("se", "is missing: the signature has no end")
	case !s.Expiry.IsZero() && !s.Start.IsZero() && !s.Expiry.After(s.Start):
		return malformed("se", "is not after st: the signature ends before it starts")
	}
	return nil
}

func checkDelegation(p map[string]string, s SAS) error {
	names := []string{"skoid", "sktid", "skt", "ske", "sks", "skv"}
	missing := ""
	given := 0
	for _, name := range names {
		if p[name] != "" {
			given++
		} else {
			missing = name
		}
	}
	switch {
	case given == 0:
		return nil
	case given < len(names):
		return malformed(missing, "is missing, though other parts of a user delegation are there")
	case !guid(s.ObjectID):
		return malformed("skoid", "is not a GUID")
	case !guid(s.TenantID):
		return malformed("sktid", "is not a GUID")
	case !s.KeyExpiry.After(s.KeyStart):
		return malformed("ske", "is not after skt: the key ends before it starts")
	case p["sks"] != "b":
		return malformed("sks", "is not b: the key is not one for blobs")
	}
	return nil
}

func checkLimits(_ map[string]string, s SAS) error {
	switch s.Protocol {
	case "", "https", "https,http":
	default:
		return malformed("spr", `is neither "https" nor "https,http"`)
	}
	if s.IP == "" {
		return nil
	}
	from, to, isRange := strings.Cut(s.IP, "-")
	if net.ParseIP(from) == nil || isRange && net.ParseIP(to) == nil {
		return malformed("sip", "is neither an address nor two with a hyphen between them")
	}
	return nil
}

// Query is the signature as it came. It is a secret.
func (s SAS) Query() string {
	if s.query == nil {
		return ""
	}
	return *s.query
}

// EffectiveStart is when the signature begins to work: the later of st and skt. Zero: no beginning is given.
func (s SAS) EffectiveStart() time.Time {
	if s.KeyStart.After(s.Start) {
		return s.KeyStart
	}
	return s.Start
}

// EffectiveExpiry is when the signature stops working: the earlier of se and ske. Zero: a stored policy knows.
func (s SAS) EffectiveExpiry() time.Time {
	if !s.KeyExpiry.IsZero() && (s.Expiry.IsZero() || s.KeyExpiry.Before(s.Expiry)) {
		return s.KeyExpiry
	}
	return s.Expiry
}

// CanRead reports whether the rights, as far as they are in the signature, allow reading a blob.
func (s SAS) CanRead() bool {
	if s.Services != "" && (!strings.Contains(s.Services, "b") || !strings.Contains(s.ResourceTypes, "o")) {
		return false
	}
	return strings.Contains(s.Permissions, "r") || s.Permissions == "" && s.Identifier != ""
}

// Excess gives the letters of the rights that change something: all but read, list, tag lookup and execute.
func (s SAS) Excess() string {
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune("rlfe", c) {
			return -1
		}
		return c
	}, s.Permissions)
}

// AllowsHTTP reports whether the signature would also be taken over plain http.
func (s SAS) AllowsHTTP() bool { return s.Protocol != "https" }

// String says that there is a signature, and until when.
func (s SAS) String() string {
	if s.query == nil {
		return "no SAS"
	}
	end := "by its stored policy"
	if t := s.EffectiveExpiry(); !t.IsZero() {
		end = "until " + t.Format(time.RFC3339)
	}
	return "SAS valid " + end
}

// GoString is String.
func (s SAS) GoString() string { return "bloburl.SAS(" + s.String() + ")" }

func parseTime(text string) (t time.Time, err error) {
	for _, layout := range []string{"2006-01-02T15:04:05Z", "2006-01-02T15:04:05.9999999Z", "2006-01-02T15:04Z", "2006-01-02", time.RFC3339} {
		if t, err = time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, err
}

// only reports whether text has letters of allowed only, each at most once.
func only(text, allowed string) bool {
	for i, c := range text {
		if !strings.ContainsRune(allowed, c) || strings.ContainsRune(text[:i], c) {
			return false
		}
	}
	return true
}

func guid(text string) bool {
	raw, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	return err == nil && len(raw) == 16 && len(text) == 36
}

func malformed(part, why string) error {
	return fault.New(fault.Invalid, codeMalformed, "the SAS cannot be read: "+part+" "+why,
		"make a new read-only SAS, or leave it out: the tool then makes one itself")
}
