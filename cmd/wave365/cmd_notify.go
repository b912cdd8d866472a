package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/cmd/wave365/internal/telling"
	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/notify"
	"wave365/pkg/run"
	"wave365/pkg/summary"
	"wave365/pkg/summary/wording"
	"wave365/pkg/tenantcare"
)

// notifying holds the flags of notify.
type notifying struct {
	messaging
	events      []string
	row, dryRun string
}

func newNotifyCommand(a *app, g *globals) *cobra.Command {
	var o notifying
	cmd := &cobra.Command{
		Use: "notify [RUN]", Short: "Send messages to the users of a run, once for each row and event", Args: cobra.MaximumNArgs(1),
		Long: `Tell the users of a run the state of their row: scheduled, started, ready, failed or postponed; to the address in the
column notify, else to the user. Each message goes out at most once for a row, an event and a channel: it is recorded
before it is sent, and one whose outcome is not known is not sent again. ` + "`wave365 run --notify`" + ` does it as things happen. Without a name, the newest run that is not finished, else the newest.

--dry-run writes the messages to a folder instead, and records nothing. Templates are built in, in English and German; a
folder of your own may replace any of them.

Exit codes: 0 all sent, 3 some were not, 6 nothing to send.`,
		Example: "  wave365 notify 20261120-1715-ab12 --dry-run messages\n  wave365 notify --event ready --notify-from it@contoso.com",
		RunE: func(cmd *cobra.Command, args []string) error {
			var names []string
			for _, e := range notify.UserEvents() {
				names = append(names, string(e))
			}
			for _, e := range o.events {
				if !slices.Contains(names, e) {
					return usageError{fault.New(fault.Invalid, "usage", "invalid --event "+e, "use one of "+strings.Join(names, ", "))}
				}
			}
			if o.dryRun != "" {
				return a.notifyDryRun(cmd.Context(), g, runArg(args), o)
			}
			return a.withRecorded(cmd.Context(), g, runArg(args), func(ctx context.Context, t *afterwards) error { return a.notify(ctx, g, t, o) })
		},
	}
	o.addFlags(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&o.events, "event", nil, "only these events: scheduled, started, ready, failed, postponed")
	f.StringVar(&o.row, "row", "", "only the row of this user")
	f.StringVar(&o.dryRun, "dry-run", "", "write the messages to this folder instead of sending them")
	return cmd
}

// leftOut is the result of a message that is not sent because it would not be true.
const leftOut notify.Result = "left out"

// sentMessage is one message of the answer of `notify` with --json.
type sentMessage struct {
	User   string        `json:"user"`
	Event  notify.Event  `json:"event"`
	To     string        `json:"to"`
	Result notify.Result `json:"result"`
	Error  string        `json:"error,omitempty"`
}

type notifyDocument struct {
	Schema   string        `json:"schema"`
	Run      string        `json:"run"`
	Messages []sentMessage `json:"messages"`
	ExitCode int           `json:"exit_code"`
}

func (a *app) notify(ctx context.Context, g *globals, t *afterwards, o notifying) error {
	messages, err := o.messages(ctx, t.Ledger, t.Run, t.Rows, t.Now().In(a.zone))
	if err != nil {
		return err
	}
	channel, err := a.channel(o.messaging, t.conn.graph, t.Run)
	if err != nil {
		return err
	}
	post := notify.Post{Journal: t.Ledger, Channel: channel, Run: t.Run.ID, Command: "notify", By: t.Driver().String(), Now: t.Now}
	past, err := t.Ledger.Writes(ctx, migration.WriteFilter{Run: t.Run.ID})
	if err != nil {
		return err
	}
	var doubtful []string
	messages = slices.DeleteFunc(messages, func(m notify.Message) bool {
		sent, doubt := post.Sent(past, m)
		if doubt {
			doubtful = append(doubtful, m.User)
		}
		return sent
	})
	messages, gone, err := telling.StillReady(ctx, t.conn.graph, t.Rows, messages)
	if err != nil {
		return err
	}
	if len(gone) > 0 && !g.json {
		console.Say(a.err, "", "not notified that the Cloud PC is ready, because "+telling.NotReady+": "+strings.Join(usersOf(gone), ", "))
	}
	notKnown := fmt.Sprintf("it is not known whether %s arrived, and nothing is sent again: %s", wording.Count(len(doubtful), "message"), strings.Join(doubtful, ", "))
	switch {
	case len(messages) == 0 && len(doubtful) > 0:
		return nothing(notKnown+"; everybody else has been notified already, or there is nothing to tell", "ask whether it arrived; tell those who did not get it by other means")
	case len(messages) == 0:
		return nothing("everybody has been notified already, or there is nothing to tell", "")
	case len(doubtful) > 0 && !g.json:
		console.Say(a.err, "", notKnown)
	}
	if err := a.ask(ctx, g, fmt.Sprintf("Send %s by %s?", wording.Count(len(messages), "message"), channel.Name())); err != nil {
		return err
	}
	return a.sendAll(ctx, g, post, messages, gone)
}

// messages returns those for the current state of the run's rows, or of one user's row.
func (o notifying) messages(ctx context.Context, l *ledger.Ledger, r migration.Run, rows []migration.Row, at time.Time) ([]notify.Message, error) {
	set, err := o.set()
	if err != nil {
		return nil, err
	}
	if o.row != "" {
		if rows, err = tenantcare.RowsOf(rows, o.row); err != nil {
			return nil, err
		}
	}
	events, err := l.Events(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	since, err := run.Since(ctx, l, rows)
	if err != nil {
		return nil, err
	}
	back := summary.TakenBack(events)
	var messages []notify.Message
	for _, row := range rows {
		e := notify.EventOf(row)
		if _, gone := back[row.Index]; gone && e == notify.Ready {
			continue // what was ready was undone since
		}
		if _, elsewhere := since[row.Index]; elsewhere {
			continue // another run of the ledger has the user, and notifies them
		}
		if e == "" || len(o.events) > 0 && !slices.Contains(o.events, string(e)) {
			continue
		}
		messages = append(messages, set.ForRow(r, row, e, at))
	}
	return messages, nil
}

// notifyDryRun writes the messages of a run to a folder. It only reads the ledger, also while another process runs the wave.
func (a *app) notifyDryRun(ctx context.Context, g *globals, id string, o notifying) error {
	return a.inRun(ctx, g, ledger.Options{ReadOnly: true}, id, func(l *ledger.Ledger, r migration.Run) error {
		rows, err := l.Rows(ctx, r.ID)
		if err != nil {
			return err
		}
		now := time.Now()
		if r.Sandbox != "" { // this process does not know the time of a rehearsal
			now = run.LastChange(r, rows)
		}
		messages, err := o.messages(ctx, l, r, rows, now.In(a.zone))
		if err != nil {
			return err
		}
		return a.dryRun(g, r, messages, o.dryRun)
	})
}

func (a *app) sendAll(ctx context.Context, g *globals, post notify.Post, messages, gone []notify.Message) error {
	doc := notifyDocument{Schema: "wave365/notify/v1", Run: post.Run, Messages: []sentMessage{}}
	for _, m := range gone {
		doc.Messages = append(doc.Messages, sentMessage{User: m.User, Event: m.Event, To: m.To, Result: leftOut, Error: telling.NotReady})
	}
	untold := 0 // after an error about the sender, which would be the same for every message
	for i, m := range messages {
		if ctx.Err() != nil {
			return tenantcare.Stopped(ctx)
		}
		result, failed, err := post.Send(ctx, m)
		if err != nil {
			return err
		}
		s := sentMessage{User: m.User, Event: m.Event, To: m.To, Result: result}
		if failed != nil {
			s.Error, doc.ExitCode = wording.OneLine(failed.Error()), exitFailedRows
		}
		doc.Messages = append(doc.Messages, s)
		if !g.json {
			said := m.User
			if s.Error != "" {
				said += ": " + s.Error
			}
			console.Say(a.out, fmt.Sprintf("%-9s  %-9s  ", s.Result, s.Event), said)
		}
		if aboutSender(post.Channel, failed) {
			for _, left := range messages[i+1:] {
				doc.Messages = append(doc.Messages, sentMessage{User: left.User, Event: left.Event, To: left.To, Result: notify.NotSent, Error: s.Error})
			}
			untold = len(messages) - i
			break
		}
	}
	if g.json {
		console.JSON(a.out, doc)
	}
	if untold > 0 {
		console.Say(a.err, "", fmt.Sprintf("wave365: the problem is with the sender, so nothing else was tried: %s not sent; give --notify-from a mailbox of this tenant that this sign-in may send from, and run the same command again", wording.Count(untold, "message")))
		return exit(doc.ExitCode)
	}
	if doc.ExitCode != exitOK {
		fmt.Fprintln(a.err, "wave365: some messages were not sent; run the same command again: it sends those that were refused, and leaves out those that may have arrived")
		return exit(doc.ExitCode)
	}
	return nil
}

// aboutSender reports whether a message was refused because of the mailbox it is sent from: Graph names no recipient in the
// path, so that not found and denied mean the sender.
func aboutSender(c notify.Channel, failed error) bool {
	_, mail := c.(notify.Graph)
	return mail && (fault.Is(failed, fault.NotFound) || fault.Is(failed, fault.Denied))
}

// dryRun writes the messages to a folder.
func (a *app) dryRun(g *globals, r migration.Run, messages []notify.Message, dir string) error {
	if len(messages) == 0 {
		return nothing("there is nothing to send", "")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.Wrap(fault.Invalid, "notify.folder", "the folder "+dir+" cannot be made: "+err.Error(), "choose another one", err)
	}
	doc := notifyDocument{Schema: "wave365/notify/v1", Run: r.ID, Messages: []sentMessage{}}
	for _, m := range messages {
		if err := (notify.Folder{Dir: dir, Run: r.ID}).Write(m); err != nil {
			return err
		}
		doc.Messages = append(doc.Messages, sentMessage{User: m.User, Event: m.Event, To: m.To, Result: notify.NotSent})
	}
	if g.json {
		return a.answer(doc)
	}
	nowhere := slices.DeleteFunc(slices.Clone(messages), func(m notify.Message) bool { return m.To != "" })
	fmt.Fprintf(a.out, "Wrote %s to %s; nothing was sent.\n", wording.Count(len(messages), "message"), strings.TrimSuffix(dir, "/"))
	for _, m := range nowhere {
		fmt.Fprintf(a.out, "  %s has no address\n", wording.OneLine(m.User))
	}
	return nil
}

func usersOf(messages []notify.Message) []string {
	users := make([]string, len(messages))
	for i, m := range messages {
		users[i] = m.User
	}
	return users
}
