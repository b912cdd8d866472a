package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/pilot"
	"wave365/pkg/pilot/recording"
	"wave365/pkg/summary/wording"
)

// pilotDocument is the answer of `pilot --json`.
type pilotDocument struct {
	Schema    string         `json:"schema"`
	Exchanges int            `json:"exchanges"`
	First     time.Time      `json:"first"`
	Last      time.Time      `json:"last"`
	Answers   []pilot.Answer `json:"answers"`
	Knobs     map[string]any `json:"knobs"`
}

func newPilotCommand(a *app, g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "pilot FILE", Short: "Show what a recorded run says about the service",
		Long: `Read what --record FILE recorded of a real run, and answer the questions that the public sources about Windows 365
leave open: each with the exchanges that show it, and with the knob that makes a sandbox behave the same way. It opens no
connection.`,
		Example: "  wave365 run waves/pilot.csv --canary 1 --record pilot.jsonl\n  wave365 pilot pilot.jsonl",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return fault.Wrap(fault.Invalid, "usage", "the recording cannot be read: "+err.Error(), "name a file that --record FILE has written", err)
			}
			defer func() { _ = f.Close() }()
			rec, err := recording.Read(f)
			if err != nil {
				return err
			}
			answers := pilot.Answers(rec)
			knobs := pilot.Knobs(answers)
			if g.json {
				return a.answer(pilotDocument{"wave365/pilot/v1", rec.Exchanges, rec.First, rec.Last, answers, knobs})
			}
			return printPilot(a, rec, answers, knobs)
		},
	}
}

func printPilot(a *app, rec *recording.Recording, answers []pilot.Answer, knobs map[string]any) error {
	fmt.Fprintf(a.out, "%d exchanges, %s to %s\n", rec.Exchanges, clocks.Second(rec.First.In(a.zone)), clocks.Second(rec.Last.In(a.zone)))
	var open []pilot.Answer
	for _, q := range answers {
		if q.Answer == "" {
			open = append(open, q)
			continue
		}
		fmt.Fprint(a.out, "\n", console.Fold("", q.Question, console.Width(a.out)), console.Fold("  ", wording.OneLine(q.Answer), console.Width(a.out)))
		if q.Knob != "" && q.Value != nil {
			console.Say(a.out, "  knob   ", fmt.Sprintf("%s: %v", q.Knob, q.Value))
		}
		for i, e := range q.Evidence[:min(len(q.Evidence), 2)] {
			label := "       "
			if i == 0 {
				label = "shown  "
			}
			console.Say(a.out, "  "+label, fmt.Sprintf("line %d: %s %s, %d%s", e.Line, e.Method, wording.OneLine(shortPath(e.Path)), e.Status, requestText(e.RequestID)))
		}
	}
	if len(open) > 0 {
		fmt.Fprintf(a.out, "\nNot answered by this recording:\n")
		for _, q := range open {
			console.Say(a.out, "  ", q.Question+" It takes "+q.Missing+".")
		}
	}
	if len(knobs) == 0 {
		return nil
	}
	text, err := yaml.Marshal(map[string]any{"knobs": knobs})
	if err != nil {
		return fault.Wrap(fault.Internal, "", "the knobs cannot be written", "", err)
	}
	fmt.Fprintf(a.out, "\nTo make a scenario behave the same way:\n%s", text)
	return nil
}

func requestText(id string) string {
	if id == "" {
		return ""
	}
	return ", request id " + wording.OneLine(id)
}

// shortPath drops the query.
func shortPath(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return path
}
