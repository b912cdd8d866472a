package tenant

import (
	"cmp"
	"slices"
	"time"

	"wave365/pkg/fault"
)

// AuditEvent is one entry of the Cloud PC audit log.
type AuditEvent struct {
	Entry
	Activity, Operation       string // Operation: create, delete or patch
	Result                    string // success or clientError
	Correlation, ResourceType string
	// Resources are the ids of what was changed.
	Resources []string
	// Admin is the user name of the person who did it; empty: the signed-in application.
	Admin string
	At    time.Time
}

// auditKeep is the largest number of entries of the audit log; the oldest are dropped.
const auditKeep = 50_000

// Audit records an event, with an id, the time and its position.
func (t *Tenant) Audit(now time.Time, e AuditEvent) {
	defer t.enter(now)()
	t.note(e)
}

func (t *Tenant) note(e AuditEvent) {
	e.Seq, e.At = t.next(), t.now
	e.ID = t.idFor("audit", itoa(int(e.Seq)))
	if len(t.audit) >= auditKeep {
		t.audit = slices.Delete(t.audit, 0, auditKeep/10)
	}
	t.audit = append(t.audit, e)
}

// AuditEvents returns up to n events after seq, oldest first, and whether there are more.
func (t *Tenant) AuditEvents(now time.Time, after int64, n int) ([]AuditEvent, bool) {
	return read(t, now, &t.audit, after, n, func(e AuditEvent) AuditEvent { return e })
}

// Mail is a message that was accepted for sending; nothing is ever sent.
type Mail struct {
	At            time.Time
	From, Subject string
	To            []string
	ContentType   string
	Body          string
}

// SendMail accepts a message from the mailbox of a user.
func (t *Tenant) SendMail(now time.Time, sender string, m Mail) (string, error) {
	defer t.enter(now)()
	u, err := t.mustUser(sender)
	if err != nil {
		return "", err
	}
	if len(m.To) == 0 {
		return u.ID, fault.New(fault.Invalid, "ErrorInvalidRecipients", "At least one recipient isn't valid.", "")
	}
	m.At, m.From, m.ContentType = t.now, u.UPN, cmp.Or(m.ContentType, "text")
	t.mails = append(t.mails, m)
	return u.ID, nil
}
