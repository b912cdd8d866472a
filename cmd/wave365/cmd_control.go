package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/run"
)

func newPauseCommand(a *app, g *globals) *cobra.Command {
	return orderCommand(a, g, ledger.RequestPause, "pause [RUN]", "Keep a live run from starting anything new until continue",
		"Tell the process that drives the run to start nothing new. What is in flight continues and is tracked. Works from a second\nterminal; `wave365 continue` ends it. Without a name, the newest run that is not finished.")
}

func newContinueCommand(a *app, g *globals) *cobra.Command {
	return orderCommand(a, g, ledger.RequestContinue, "continue [RUN]", "End a pause of a live run",
		"Tell the process that drives the run to start rows again. Without a name, the newest run that is not finished. To continue an interrupted run use `wave365 resume`.")
}

func newDrainCommand(a *app, g *globals) *cobra.Command {
	return orderCommand(a, g, ledger.RequestDrain, "drain [RUN]", "End a live run once what is in flight is done",
		"The same as one Ctrl-C at the terminal of the run: nothing new starts, what is in flight runs to completion, and the\nprocess ends with exit code 9. Continue it with `wave365 resume`. Without a name, the newest run that is not finished.")
}

func newSlotsCommand(a *app, g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "slots N [RUN]", Short: "Change how many imports a live run has in flight",
		Long: "Change how many imports the process that drives the run has in flight. Imports above the new\nnumber continue; no new one starts until there is room. The number stays with the run.\nWithout a name, the newest run that is not finished.",
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

// runArg returns the run that a command names; "": the latest.
func runArg(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// runOrder sends a request to the process that drives the run and prints its answer.
func runOrder(ctx context.Context, a *app, g *globals, id, kind, arg string) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	return a.inRun(ctx, g, ledger.Options{}, id, func(l *ledger.Ledger, r migration.Run) error {
		if kind == ledger.RequestCancel && arg != "" {
			rows, err := l.Rows(ctx, r.ID)
			if err == nil {
				_, err = run.RowOf(rows, arg) // a typing error is reported also while the run is in progress
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
			return a.answer(orderDocument{"wave365/order/v1", r.ID, kind, arg, answer})
		}
		console.Say(a.out, "", "Run "+r.ID+": "+answer)
		return nil
	})
}

// ordered has a request carried out by the process that drives the run, by the workers' queue, or by this process, which can
// end a pause.
func (a *app) ordered(ctx context.Context, g *globals, l *ledger.Ledger, r migration.Run, kind, arg string) (string, error) {
	answer, err := run.Order(ctx, l, ledger.Request{Run: r.ID, By: run.ThisProcess(version).String(), Kind: kind, Arg: arg})
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

// endPause ends the pause of a run that no process drives.
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
