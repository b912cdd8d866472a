package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wave365/pkg/fault"
)

// explainMistakes makes a command and those below it say, of a mistake in the command line, what they take.
func explainMistakes(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(mistakenFlag)
	takes := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if err := takes(cmd, args); err != nil {
			return mistakenArgs(cmd, args, err)
		}
		return nil
	}
	for _, below := range cmd.Commands() {
		explainMistakes(below)
	}
}

func mistakenArgs(cmd *cobra.Command, args []string, err error) error {
	hint, help := "usage: "+strings.TrimSuffix(cmd.UseLine(), " [flags]"), helpOf(cmd)
	last := ""
	if len(args) > 0 {
		last = args[len(args)-1]
	}
	switch {
	case !cmd.HasParent():
		hint = "the help lists the commands"
		cmd.SuggestionsMinimumDistance = 2
		if why, other := elsewhere(args[0]); other != "" {
			hint, help = why, fault.NewCommand(other)
		} else if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			hint, help = "did you mean this?", fault.NewCommand(near[0])
		}
		return fault.Wrap(fault.Invalid, "usage", fmt.Sprintf("unknown command %q", args[0]), hint, err, help)
	case cmd.Flags().Lookup("sandbox").Value.String() == besideWave && len(args) > 1 && (sandboxURL(last) || strings.HasSuffix(last, ".yaml")):
		return fault.Wrap(fault.Invalid, "usage", "too many arguments: "+strings.Join(args, " "),
			"a scenario or URL is given to --sandbox with an equals sign: --sandbox="+last, err)
	case len(args) == 0:
		return fault.Wrap(fault.Invalid, "usage", cmd.Name()+" needs an argument", hint, err, help)
	}
	return fault.Wrap(fault.Invalid, "usage", cmd.Name()+": unexpected argument "+strings.Join(args, " "), hint, err, help)
}

// elsewhere says which command does what a command of that name does in other tools; "" when none comes near.
func elsewhere(name string) (why, command string) {
	switch strings.ToLower(name) {
	case "apply", "start", "migrate", "import", "execute":
		return "run validates a wave, shows the plan, asks, and migrates it", "run"
	case "list", "ls", "history":
		return "runs lists the runs of this ledger; what is in the tenant is listed by policy, setting, image, cloudpc and license", "runs"
	case "show", "info", "describe", "ps", "watch":
		return "status shows where a run stands", "status"
	case "check", "verify", "lint", "test", "preflight":
		return "validate checks a wave and changes nothing", "validate"
	case "init", "new", "create":
		return "template writes an empty wave", "template"
	case "stop", "quit", "kill":
		return "drain lets a live run end with what is in flight", "drain"
	case "abort", "delete", "remove":
		return "cancel abandons rows that have no import yet", "cancel"
	case "rollback", "revert", "destroy":
		return "undo takes back what a run did for one row, as far as it can be", "undo"
	case "dry-run", "simulate":
		return "plan shows what run would do; rehearse plays the wave on a simulated tenant", "plan"
	}
	return "", ""
}

func mistakenFlag(cmd *cobra.Command, err error) error {
	hint, help := "the help lists the flags", []fault.Command{helpOf(cmd)}
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		name := unknown.GetSpecifiedName()
		switch near := nearestFlag(cmd.Flags(), name); {
		case name == "dry-run" || name == "what-if" || name == "check":
			hint, help = "plan shows what run would do, and changes nothing", []fault.Command{fault.NewCommand("plan", "WAVE.csv")}
		case name == "force" || name == "assume-yes" || name == "y":
			hint, help = "--yes answers the question before anything is changed", nil
		case near != "":
			hint, help = "did you mean --"+near+"?", nil
		}
	}
	return fault.Wrap(fault.Invalid, "usage", flagText(err), hint, err, help...)
}

// helpOf is the command that prints a command's help.
func helpOf(cmd *cobra.Command) fault.Command {
	return fault.NewCommand(strings.TrimSpace(strings.TrimPrefix(cmd.CommandPath(), "wave365")), "--help")
}

// flagText says what is wrong with a flag or its value.
func flagText(err error) string {
	if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		what := bad.Unwrap().Error()
		switch bad.GetFlag().Value.Type() {
		case "int", "int64":
			what = "this is not a whole number"
		case "float64":
			what = "this is not a number"
		case "bool":
			what = "this is neither true nor false"
		}
		return fmt.Sprintf("--%s %s: %s", bad.GetFlag().Name, bad.GetValue(), what)
	}
	return err.Error()
}

// nearestFlag is the flag that a name which is no flag was probably meant to be; "" when none is much like it.
func nearestFlag(flags *pflag.FlagSet, name string) string {
	best, near := max(2, len(name)-3), ""
	flags.VisitAll(func(f *pflag.Flag) {
		if n := alike(name, f.Name); n > best {
			best, near = n, f.Name
		}
	})
	return near
}

// alike is how many letters two names have in common at their beginnings and at their ends.
func alike(a, b string) int {
	most, head, tail := min(len(a), len(b)), 0, 0
	for head < most && a[head] == b[head] {
		head++
	}
	for tail < most-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return head + tail
}
