package notify

import (
	"context"
	"errors"
	"slices"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/permit"
	"wave365/pkg/fault"
	"wave365/pkg/migration"
)

// MailSend is the effect under which the ledger records a message, whatever the channel.
const MailSend migration.Effect = "message.send"

// Channel sends messages. An error of kind OutcomeUnknown means that the message may have gone out; any other means that
// it did not. Send is called by one goroutine at a time.
type Channel interface {
	// Name identifies the channel in the ledger: "graph", "smtp", "webhook", "folder".
	Name() string
	Send(ctx context.Context, m Message) error
}

// Journal is where messages are recorded before they are sent; *ledger.Ledger is one. IntendWrite refuses a message
// that was recorded before with the fault code "ledger.once".
type Journal interface {
	IntendWrite(ctx context.Context, w migration.Write) (migration.Write, error)
	ConcludeWrite(ctx context.Context, w migration.Write, out migration.Outcome) error
	// Holds fails if the ledger's lock was taken away: then nothing may be sent.
	Holds(ctx context.Context) error
}

// Post sends the messages of one run through one channel.
type Post struct {
	Journal Journal
	Channel Channel
	Run     string
	// Command and By are recorded with each message.
	Command, By string
	Now         func() time.Time
}

// Result is the outcome of one message.
type Result string

// The results.
const (
	Sent    Result = "sent"
	Before  Result = "sent before"
	NotSent Result = "not sent"
	Unknown Result = "unknown"
)

// sendTime is the longest that sending one message may take.
const sendTime = 2 * time.Minute

// Send sends one message, at most once: it is recorded before it goes out, and one whose outcome is not known is not sent
// again. NotSent and Unknown come with the channel's error, which is for people and no reason to stop a wave. The last
// error is the journal's alone.
func (p Post) Send(ctx context.Context, m Message) (Result, error, error) {
	sure := context.WithoutCancel(ctx)
	w, err := p.Journal.IntendWrite(sure, migration.Write{
		Command: p.Command, By: p.By, Run: p.Run, Row: m.Row, UserID: m.UserID, User: m.User, Effect: MailSend, Target: p.Channel.Name() + " " + string(m.Event),
		Once: once(p.Run, p.Channel.Name(), m), ClientRequestID: cloud.NewOperationID(), At: p.Now(),
	})
	if fault.CodeOf(err) == "ledger.once" {
		return Before, nil, nil
	}
	if err != nil {
		return NotSent, nil, err
	}
	// Checked now, and by channels that use our transports once more just before the message leaves: it may have waited
	// in line, or for a sign-in.
	holds := permit.New(func() error { return p.Journal.Holds(sure) })
	var failed error
	if holds.Settle() == nil {
		sendCtx, cancel := context.WithTimeout(cloud.WithOperation(ctx, w.ClientRequestID), sendTime)
		defer cancel()
		failed = p.Channel.Send(permit.AskFirst(sendCtx, holds), m)
	}
	if err := holds.Refused(); err != nil && !holds.Sent() {
		none := migration.Outcome{Status: migration.OutcomeRefused, Detail: "nothing was sent: " + err.Error(), At: p.Now()}
		return NotSent, nil, errors.Join(err, p.Journal.ConcludeWrite(sure, w, none))
	}
	out, result := migration.Outcome{Status: migration.OutcomeDone, At: p.Now()}, Sent
	switch {
	case failed == nil:
	case fault.Is(failed, fault.OutcomeUnknown), fault.Is(failed, fault.Internal), errors.Is(failed, context.DeadlineExceeded):
		out.Status, out.Detail, result = migration.OutcomeUnknown, failed.Error(), Unknown
	default:
		out.Status, out.Detail, result = migration.OutcomeRefused, failed.Error(), NotSent
	}
	return result, failed, p.Journal.ConcludeWrite(sure, w, out)
}

// Sent reports whether a message was sent before; past are the writes of the run. doubt reports that it may have been,
// and nobody knows.
func (p Post) Sent(past []migration.Write, m Message) (sent, doubt bool) {
	key := once(p.Run, p.Channel.Name(), m)
	i := slices.IndexFunc(past, func(w migration.Write) bool {
		return w.Once == key && (w.Outcome == nil || w.Outcome.Status != migration.OutcomeRefused && w.Outcome.Status != migration.OutcomeNoEffect)
	})
	return i >= 0, i >= 0 && past[i].Undecided()
}
