package usage

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/wave"
)

// Name returns a command or topic as it is typed after the program's name.
func Name(cmd *cobra.Command) string {
	return strings.TrimSpace(strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()))
}

// HelpOn lists what has help below the command that args name.
func HelpOn(root *cobra.Command, args []string, typed string) []string {
	cmd, rest, err := root.Find(args)
	if err != nil || len(rest) > 0 {
		return nil
	}
	var found []string
	for _, c := range cmd.Commands() {
		if (c.IsAvailableCommand() || c.IsAdditionalHelpTopicCommand()) && strings.HasPrefix(c.Name(), typed) {
			found = append(found, cobra.CompletionWithDesc(c.Name(), c.Short))
		}
	}
	return found
}

// NoHelp returns the error for a word without help below a command, and names what was probably meant.
func NoHelp(cmd *cobra.Command, rest []string) error {
	hint, help := "help lists the commands and topics", HelpOf(cmd)
	if near := nearestHelp(cmd, rest[0]); near != "" {
		hint, help = "did you mean this?", fault.NewCommand("help", strings.Fields(Name(cmd)+" "+near)...)
	}
	return fault.New(fault.Invalid, "usage", fmt.Sprintf("unknown command or topic %q", rest[0]), hint, help)
}

// nearestHelp returns the command or topic that a word was probably meant to be: the only one that begins with it, or a
// similar one; "" when there is none.
func nearestHelp(cmd *cobra.Command, word string) string {
	var names, begin []string
	for _, c := range cmd.Commands() {
		if !c.IsAvailableCommand() && !c.IsAdditionalHelpTopicCommand() {
			continue
		}
		names = append(names, c.Name())
		if c.IsAvailableCommand() && strings.HasPrefix(c.Name(), strings.ToLower(word)) {
			begin = append(begin, c.Name())
		}
	}
	if len(begin) == 1 {
		return begin[0]
	}
	return wave.Nearest(word, names)
}

// HelpOf returns the command that prints a command's help.
func HelpOf(cmd *cobra.Command) fault.Command {
	return fault.NewCommand(strings.TrimSpace(strings.TrimPrefix(cmd.CommandPath(), "wave365")), "--help")
}
