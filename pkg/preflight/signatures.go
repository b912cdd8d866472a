package preflight

import (
	"context"
	"strings"
	"time"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/estimate"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/wave"
)

// reserve is for how long after the expected end of its import a signature should still work: runs begin late, and
// services are slow.
const reserve = 12 * time.Hour

// signature judges the contents of a SAS, if the wave brought one. It returns false when it cannot be used. Its expiry
// is judged later, against the row's place in the wave ([check.expiries]).
func (l *look) signature(column string, ref bloburl.Ref) bool {
	sas := ref.SAS()
	if sas == nil {
		return true
	}
	ok := true
	flag := func(code, message string) {
		l.flag(code, column, ref.URL(), message)
		ok = false
	}
	if expiry := sas.EffectiveExpiry(); !expiry.IsZero() && !expiry.After(l.c.in.Now) {
		flag("sas.expired", "the signature expired at "+l.c.stamp(expiry))
	}
	if from := sas.EffectiveStart(); from.After(l.c.in.Now) {
		flag("sas.not-yet-valid", "the signature becomes valid at "+l.c.stamp(from))
	}
	if !sas.CanRead() {
		flag("sas.no-read", "the signature does not allow reading")
	}
	if sas.IP != "" { // it may be read from here
		l.flag("sas.no-read", column, ref.URL(), "the signature is valid from the IP addresses "+sas.IP+" alone, and the import reads the disk from addresses of the service")
		l.found[len(l.found)-1].Severity = wave.Warning
	}
	if more := sas.Excess(); more != "" {
		l.flag("sas.too-broad", column, ref.URL(), "the signature allows more than reading ("+more+")")
	}
	switch {
	case ref.Insecure():
		flag("sas.http", "the URL is http; the signature would travel unencrypted")
	case sas.AllowsHTTP() && strings.HasPrefix(ref.Root, "https://"):
		// The import itself goes over https, so this one can still be used.
		l.flag("sas.http", column, ref.URL(), "the signature is also accepted over http")
		l.found[len(l.found)-1].Severity = wave.Warning
	}
	if sas.TenantID != "" && l.c.facts.org.ID != "" && !strings.EqualFold(sas.TenantID, l.c.facts.org.ID) {
		flag("sas.cross-tenant", "the signature was made in tenant "+sas.TenantID+"; storage in another tenant is not supported")
	}
	return ok
}

// expiries compares the end of every signature with when its row's import is expected to run in this wave: an error
// when it ends before the import would, a warning when it ends soon after. Every row is reckoned with, also those with
// errors: they may be fixed and run.
func (c *check) expiries(context.Context) error {
	if c.in.AccountID != "" {
		return nil // the service is not given the signatures
	}
	jobs := make([]estimate.Job, len(c.rows))
	for i := range c.rows {
		t := c.rows[i].target
		jobs[i] = estimate.Job{Priority: t.Priority, Bytes: max(t.Disk.Virtual, t.Disk.Length)}
	}
	spans := estimate.New().Spans(jobs, c.in.Slots, c.in.Now)
	for i := range c.rows {
		for _, f := range c.rows[i].files {
			if f.usable && f.ref.SAS() != nil {
				c.expiry(&c.rows[i], f, spans[i])
			}
		}
	}
	return nil
}

func (c *check) expiry(r *row, f file, span estimate.Span) {
	expiry := f.ref.SAS().EffectiveExpiry()
	message := "the signature ends at " + c.stamp(expiry) + "; this row's import is expected from " + c.stamp(span.Start) + " to " + c.stamp(span.End)
	switch {
	case expiry.IsZero(): // a stored policy knows
	case expiry.Before(span.End):
		c.flag("sas.expires-too-soon", r, f.column, f.src.URL, message)
	case expiry.Before(span.End.Add(reserve)):
		c.flag("sas.expires-too-soon", r, f.column, f.src.URL, message+"; less than 12 hours are left for a late start or a slow service")
		c.last.Severity = wave.Warning
	}
}

func (c *check) stamp(t time.Time) string { return clocks.Moment(t.In(c.in.Now.Location())) }
