package usage

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/loopback"
)

// Explain makes a command and its subcommands describe, after a mistake in the command line, what they take.
func Explain(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(mistakenFlag)
	if cmd.HasSubCommands() && !cmd.Runnable() { // otherwise cobra prints the help, as if nothing were wrong
		cmd.Args, cmd.RunE = cobra.NoArgs, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	takes := cmd.Args
	if takes == nil {
		takes = cobra.ArbitraryArgs
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if err := pasted(args); err != nil {
			return err
		}
		if err := emptyArgs(cmd, args); err != nil {
			return err
		}
		if err := waveForRun(cmd, args); err != nil {
			return err
		}
		if err := takes(cmd, args); err != nil {
			return mistakenArgs(cmd, args, surplus(cmd, args, takes), err)
		}
		return nil
	}
	for _, below := range cmd.Commands() {
		Explain(below)
	}
}

// pasted refuses what a word processor or another shell makes of a flag or of quotation marks, which would be mistaken for a
// name.
func pasted(args []string) error {
	for _, arg := range args {
		if name := strings.TrimLeft(arg, "-‐‑‒–—―−﹣－"); arg != "" && arg[0] != '-' && name != arg {
			return fault.New(fault.Invalid, "usage", arg+" begins with a dash that is not the hyphen of the keyboard", "type it: --"+name)
		}
		if name := strings.Trim(arg, "\"'`“”„‟‘’‚‛«»"); name != arg && !strings.HasPrefix(arg, name) {
			return fault.New(fault.Invalid, "usage", arg+": the quotation marks have become part of the name", "type straight double quotes, or none where the name has no spaces: "+strconv.Quote(name))
		}
	}
	return nil
}

// waveForRun refuses a wave file where a run is named.
func waveForRun(cmd *cobra.Command, args []string) error {
	for _, arg := range args {
		if info, err := os.Stat(arg); err == nil && info.Mode().IsRegular() && strings.Contains(cmd.Use, "RUN") && strings.HasSuffix(arg, ".csv") {
			return fault.New(fault.Invalid, "usage", arg+" is a wave file, and "+Name(cmd)+" takes the ID of a run", "runs lists the runs of this ledger; without a name the latest is meant", fault.NewCommand("runs"))
		}
	}
	return nil
}

// surplus returns the arguments beyond those that a command takes; none when too few were given.
func surplus(cmd *cobra.Command, args []string, takes cobra.PositionalArgs) []string {
	for n := len(args) - 1; n >= 0; n-- {
		if takes(cmd, args[:n]) == nil {
			return args[n:]
		}
	}
	return nil
}

func mistakenArgs(cmd *cobra.Command, args, surplus []string, err error) error {
	if !cmd.HasParent() || cmd.HasSubCommands() && len(args) > 0 {
		return unknownCommand(cmd, args[0], err)
	}
	name, hint := Name(cmd), "usage: "+Line(cmd)
	what := name + ": unexpected argument " + strings.Join(surplus, " ")
	switch scenario := misplacedScenario(cmd, args); {
	case scenario != "":
		what, hint = "too many arguments: "+strings.Join(args, " "), "a scenario or URL is given to --sandbox with an equals sign: --sandbox="+scenario
	case len(surplus) == 1 && strings.HasSuffix(cmd.Use, " WAVE") && strings.HasSuffix(surplus[0], ".csv"):
		hint = "one wave at a time: start the second one when the first has ended, or copy its rows into the first"
	case len(args) == 0:
		what = name + " needs an argument"
	case len(surplus) == 0:
		what = name + " needs one more argument"
	}
	return fault.Wrap(fault.Invalid, "usage", what, hint, err, HelpOf(cmd))
}

// unknownCommand refuses a word that is not a subcommand of cmd, and names the one that was probably meant.
func unknownCommand(cmd *cobra.Command, word string, err error) error {
	lead, hint, help := "", "the help lists the commands", HelpOf(cmd)
	if cmd.HasParent() {
		lead, hint = Name(cmd)+": ", "the help lists what there is"
	} else if why, other := elsewhere(word); other != "" {
		return fault.Wrap(fault.Invalid, "usage", fmt.Sprintf("unknown command %q", word), why, err, fault.NewCommand(other))
	}
	if near := nearestHelp(cmd, word); near != "" {
		hint, help = "did you mean this?", fault.NewCommand(near)
		if cmd.HasParent() {
			help = fault.NewCommand(Name(cmd), near)
		}
	}
	return fault.Wrap(fault.Invalid, "usage", fmt.Sprintf("%sunknown command %q", lead, word), hint, err, help)
}

// misplacedScenario returns the last argument if it was meant for a --sandbox before it; "" when it was not.
func misplacedScenario(cmd *cobra.Command, args []string) string {
	if len(args) < 2 || !bare(cmd.Flags().Lookup("sandbox")) {
		return ""
	}
	if last := args[len(args)-1]; loopback.IsURL(last) || strings.HasSuffix(last, ".yaml") {
		return last
	}
	return ""
}

// bare reports whether a flag was given without its value, which it may be.
func bare(f *pflag.Flag) bool { return f.Value.String() == f.NoOptDefVal }

// Line returns what a command takes, with its required flags.
func Line(cmd *cobra.Command) string {
	line := strings.TrimSuffix(cmd.UseLine(), " [flags]")
	for _, f := range requiredFlags(cmd) {
		if !strings.Contains(line, " -") {
			line += " --" + f.Name + " VALUE"
		}
	}
	return line
}

// requiredFlags returns the flags that a command requires.
func requiredFlags(cmd *cobra.Command) []*pflag.Flag {
	var required []*pflag.Flag
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if len(f.Annotations[cobra.BashCompOneRequiredFlag]) > 0 {
			required = append(required, f)
		}
	})
	return required
}

// MissingFlags refuses a command without one of its required flags.
func MissingFlags(cmd *cobra.Command) error {
	for _, f := range requiredFlags(cmd) {
		if !f.Changed {
			return fault.New(fault.Invalid, "usage", Name(cmd)+" needs --"+f.Name, flagHelp(f), HelpOf(cmd))
		}
	}
	return nil
}

// emptyArgs refuses an empty argument, which an unset variable in a script produces: the latest run would be used instead
// of the one that was meant.
func emptyArgs(cmd *cobra.Command, args []string) error {
	if !slices.Contains(args, "") {
		return nil
	}
	return fault.New(fault.Invalid, "usage", Name(cmd)+" has an empty argument", "leave it out, or give a value; usage: "+Line(cmd), HelpOf(cmd))
}

// EmptyFlags refuses a flag with an empty value, which an unset variable in a script produces: it would be treated as a flag
// that was not given.
func EmptyFlags(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		empty := f.Value.Type() == "string" && f.Value.String() == ""
		if list, ok := f.Value.(pflag.SliceValue); ok {
			empty = len(list.GetSlice()) == 0 || slices.Contains(list.GetSlice(), "")
		}
		if empty && err == nil {
			err = fault.New(fault.Invalid, "usage", "--"+f.Name+" has an empty value", "leave it out, or give a value ("+flagHelp(f)+")", HelpOf(cmd))
		}
	})
	return err
}

// flagHelp returns the help text of a flag.
func flagHelp(f *pflag.Flag) string {
	_, text := pflag.UnquoteUsage(f)
	return text
}

func mistakenFlag(cmd *cobra.Command, err error) error {
	if args := cmd.Flags().Args(); !cmd.HasParent() && len(args) > 0 { // the flags of a command that does not exist
		return mistakenArgs(cmd, args, args, err)
	}
	hint, help := "the help lists the flags", []fault.Command{HelpOf(cmd)}
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		name, typed := unknown.GetSpecifiedName(), "--"+unknown.GetSpecifiedName()
		if short := unknown.GetSpecifiedShortnames(); short != "" { // -out=FILE, as some tools have it
			name, _, _ = strings.Cut(short, "=")
			typed = "-" + name
		}
		why, instead := otherFlag(cmd, name)
		if why == "" && typed[1] != '-' { // -j5
			why, instead = otherFlag(cmd, name[:1])
		}
		near := nearestFlag(cmd.Flags(), name)
		switch {
		case cmd.Flags().Lookup(name) != nil:
			hint, help = "write two hyphens: --"+name, nil
		case why != "":
			hint, help = why, instead
		case near != "" && len(name) > 1:
			hint, help = "did you mean --"+near+"?", nil
		}
		return fault.Wrap(fault.Invalid, "usage", "unknown flag: "+typed, hint, err, help...)
	}
	if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		hint = flagHelp(bad.GetFlag())
	}
	if bare, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		hint = flagHelp(bare.GetFlag())
	}
	return fault.Wrap(fault.Invalid, "usage", FlagText(err), hint, err, help...)
}

// FlagText describes what is wrong with a flag or its value.
func FlagText(err error) string {
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
		return fmt.Sprintf("--%s %s: %s", bad.GetFlag().Name, emptyQuoted(bad.GetValue()), what)
	}
	if bare, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return "--" + bare.GetFlag().Name + " needs a value"
	}
	return err.Error()
}

// nearestFlag returns the flag that an unknown name was probably meant to be; "" when none is similar.
func nearestFlag(flags *pflag.FlagSet, name string) string {
	var names []string
	flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return Nearest(name, names)
}

// Nearest returns the one of names that an unknown name was probably meant to be, the alphabetically first of several; "" when
// none is similar.
func Nearest(name string, names []string) string {
	best, near := max(2, len(name)-3), ""
	for _, known := range slices.Sorted(slices.Values(names)) {
		if n := alike(name, known); n > best {
			best, near = n, known
		}
	}
	return near
}

// alike returns how many letters two names have in common at their beginnings and at their ends.
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

// emptyQuoted returns a value as it is displayed: an invisible one is put in quotation marks.
func emptyQuoted(value string) string {
	if strings.TrimSpace(value) == "" {
		return strconv.Quote(value)
	}
	return value
}
