package preflight

import (
	"strings"
	"time"

	"wave365/pkg/blob"
	"wave365/pkg/wave"
)

// importTime and reserve are what a signature must cover: an import of the largest disk takes about this long, and
// the copy may begin late.
const (
	importTime = 90 * time.Minute
	reserve    = 12 * time.Hour
)

// forecast is when a row's import is expected to start and end, from its place in the wave and the slots.
func (c *check) forecast(index int) (start, end time.Time) {
	slots := max(c.in.Slots, 1)
	start = c.in.Now.Add(time.Duration(index/slots) * importTime / 2)
	return start, start.Add(importTime)
}

// signature judges the SAS that the wave brought, if any. It answers false when it cannot be used.
func (l *look) signature(column string, ref blob.Ref) bool {
	sas := ref.SAS()
	if sas == nil {
		return true
	}
	ok := true
	flag := func(code, message string) {
		l.flag(code, column, ref.URL(), message)
		ok = false
	}
	start, end := l.c.forecast(l.index)
	expiry := sas.EffectiveExpiry()
	switch {
	case expiry.IsZero():
	case !expiry.After(l.c.in.Now):
		flag("sas.expired", "the signature ended at "+expiry.Format(time.RFC3339))
	case expiry.Before(end):
		flag("sas.expires-too-soon", "the signature ends at "+expiry.Format(time.RFC3339)+"; this row's import is expected from "+
			start.Format(time.RFC3339)+" to "+end.Format(time.RFC3339))
	case expiry.Before(end.Add(reserve)):
		l.flag("sas.expires-too-soon", column, ref.URL(), "the signature ends at "+expiry.Format(time.RFC3339)+", less than 12 h after this row's import is expected to end")
		l.found[len(l.found)-1].Severity = wave.Warning
	}
	if from := sas.EffectiveStart(); from.After(l.c.in.Now) {
		flag("sas.not-yet-valid", "the signature begins to work at "+from.Format(time.RFC3339))
	}
	if !sas.CanRead() {
		flag("sas.no-read", "the signature does not allow reading")
	}
	if more := sas.Excess(); more != "" {
		l.flag("sas.too-broad", column, ref.URL(), "the signature allows more than reading ("+more+")")
	}
	if ref.Insecure() {
		flag("sas.http", "the URL is http; the signature would travel in clear")
	}
	if sas.TenantID != "" && l.c.facts.org.ID != "" && !strings.EqualFold(sas.TenantID, l.c.facts.org.ID) {
		flag("sas.cross-tenant", "the signature was made in tenant "+sas.TenantID+"; storage in another tenant is not supported")
	}
	return ok
}
