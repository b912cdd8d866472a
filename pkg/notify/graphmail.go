package notify

import (
	"context"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
)

// Mailer is the one call that Graph mail needs; *graph.Client is one.
type Mailer interface {
	SendMail(ctx context.Context, sender string, m graph.Mail) error
}

// Graph sends mail from a mailbox of the tenant.
type Graph struct {
	Mailer Mailer
	// From is the mailbox's address or object id.
	From string
}

// Name is "graph".
func (Graph) Name() string { return "graph" }

// Send sends a message. Success means only that the service accepted it.
func (g Graph) Send(ctx context.Context, m Message) error {
	if m.To == "" {
		return noAddress(m)
	}
	return g.Mailer.SendMail(ctx, g.From, graph.Mail{To: []string{m.To}, Subject: m.Subject, Text: m.Text, HTML: m.HTML})
}

func noAddress(m Message) error {
	return fault.New(fault.Invalid, "notify.address", m.User+" has no mail address", "put one into the column notify")
}
