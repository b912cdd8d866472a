package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/ledger"
	"wave365/pkg/ledger/process"
	"wave365/pkg/migration"
	"wave365/pkg/run"
)

// orderPatience is how long a command waits for the running process to obey.
const orderPatience = 20 * time.Second

func newPauseCommand(a *app, g *globals) *cobra.Command {
	return orderCommand(a, g, ledger.RequestPause, "pause [RUN]", "Let a live run start nothing new until continue",
		"Let the process that drives the run start nothing new. What is in flight continues and is watched. Works from a second\nterminal; `wave365 continue` ends it. Without a name, the latest run.")
}

func newContinueCommand(a *app, g *globals) *cobra.Command {
	return orderCommand(a, g, ledger.RequestContinue, "continue [RUN]", "End a pause of a live run",
		"Let the process that drives the run start rows again. To continue an interrupted run use `wave365 resume`.")
}

func newDrainCommand(a *app, g *globals) *cobra.Command {
	return orderCommand(a, g, ledger.RequestDrain, "drain [RUN]", "Let a live run end with what is in flight",
		"The same as one Ctrl-C at the terminal of the run: nothing new starts, what is in flight runs to completion, and the\nprocess ends with exit code 9. Continue it with `wave365 resume`.")
}

func newSlotsCommand(a *app, g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "slots N [RUN]", Short: "Change how many imports a live run has in flight",
		Long: "Change how many imports the process that drives the run has in flight. Imports above the new\nnumber continue; no new one starts until there is room. The number stays with the run.",
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[0])
			if err != nil {
				return usageError{fault.New(fault.Invalid, "usage", "invalid number of slots "+strconv.Quote(args[0]), "give a number from 1 to "+strconv.Itoa(run.MaxSlots))}
			}
			if err := run.CheckSlots(n); err != nil {
				return usageError{err}
			}
			return runOrder(cmd.Context(), a, g, runArg(args[1:]), ledger.RequestSlots, strconv.Itoa(n))
		},
	}
}

func orderCommand(a *app, g *globals, kind, use, short, long string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Long: long, Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runOrder(cmd.Context(), a, g, runArg(args), kind, "")
		},
	}
}

// runArg is the run that a command names; "": the latest.
func runArg(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// runOrder asks the process that drives the run for something and tells what it answers.
func runOrder(ctx context.Context, a *app, g *globals, id, kind, arg string) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	l, err := run.OpenLedger(ctx, g.ledger, ledger.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	r, err := run.Pick(ctx, l, id)
	if err != nil {
		return whichRuns(ctx, l, err)
	}
	if kind == ledger.RequestCancel && arg != "" {
		rows, err := l.Rows(ctx, r.ID)
		if err == nil {
			_, err = run.RowOf(rows, arg) // a typing mistake is one also while the run goes on
		}
		if err != nil {
			return err
		}
	}
	if r.State == migration.RunFinished {
		return nothing("run "+r.ID+" has ended", "status shows how", fault.NewCommand("status").For(r.ID))
	}
	answer, err := a.ordered(ctx, g, l, r, kind, arg)
	if err != nil {
		return err
	}
	if g.json {
		printJSON(a.out, orderDocument{"wave365/order/v1", r.ID, kind, arg, answer})
		return nil
	}
	fmt.Fprint(a.out, folded("", "Run "+r.ID+": "+answer, columns(a.out)))
	return nil
}

// ordered has an order followed by whoever can: the process that drives the run, the workers' queue, or this process, which ends
// a pause.
func (a *app) ordered(ctx context.Context, g *globals, l *ledger.Ledger, r migration.Run, kind, arg string) (string, error) {
	answer, err := order(ctx, l, ledger.Request{Run: r.ID, By: run.ThisProcess(version).String(), Kind: kind, Arg: arg})
	if code := fault.CodeOf(err); code == "ledger.not-driven" || code == "run.deaf" {
		slots := 0
		if kind == ledger.RequestSlots {
			slots, _ = strconv.Atoi(arg) // it was read before
		}
		if said, ok, failed := a.orderQueued(ctx, g, r.ID, kind, slots); ok || failed != nil {
			answer, err = said, failed
		}
	}
	if fault.CodeOf(err) == "ledger.not-driven" && kind == ledger.RequestContinue && r.Settings.Paused {
		answer, err = a.endPause(ctx, g, r.ID)
	}
	if fault.CodeOf(err) == "ledger.not-driven" {
		err = fault.New(fault.Conflict, "ledger.not-driven", err.Error(), fault.HintOf(err), resumeNow(ctx, l, r.ID))
	}
	return answer, err
}

// endPause takes back the pause of a run that no process drives.
func (a *app) endPause(ctx context.Context, g *globals, id string) (answer string, err error) {
	s, err := run.Lock(ctx, a.session(g), id)
	if err != nil {
		return "", err
	}
	defer s.Close()
	next := s.Run.Settings
	next.Paused = false
	if err := s.Choose(ctx, 0, next, "continue"); err != nil {
		return "", err
	}
	return "the pause is over; no process drives the run now, resume it with: " + g.shell(id).Line(resumeNow(ctx, s.Ledger, s.Run.ID)), nil
}

// orderDocument is the answer of pause, continue, slots, drain and cancel with --json.
type orderDocument struct {
	Schema string `json:"schema"`
	Run    string `json:"run"`
	Order  string `json:"order"`
	Arg    string `json:"arg,omitempty"`
	Answer string `json:"answer"`
}

// order records an order and waits until the process that drives the run has obeyed it.
func order(ctx context.Context, l *ledger.Ledger, o ledger.Request) (answer string, err error) {
	if o, err = l.RecordRequest(ctx, o); err != nil {
		return "", err
	}
	limit := time.NewTimer(orderPatience)
	defer limit.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for gone := false; ; {
		all, err := l.Requests(ctx, o.Run)
		if err != nil {
			return "", err
		}
		for _, known := range all {
			if known.ID == o.ID && !known.AnsweredAt.IsZero() {
				return known.Answer, nil
			}
		}
		if gone {
			return "", fault.New(fault.Conflict, "ledger.not-driven", "the process that drove the run "+o.Run+" has ended", "resume continues it", fault.NewCommand("resume").For(o.Run))
		}
		h, held, err := l.Holder(ctx)
		if gone = err == nil && (!held || h.ID != o.Holder || h.Life == process.Gone); gone {
			continue // it may have obeyed as its last deed
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return "", fault.Wrap(fault.Interrupted, "", "stopped waiting for the running process; the order is kept", "", ctx.Err())
		case <-limit.C:
			return "", fault.New(fault.Unavailable, "run.deaf", "the process that drives the run did not respond within "+clocks.Long(orderPatience),
				"check whether it still runs; the order is kept and carried out as soon as possible", fault.NewCommand("status"))
		}
	}
}
