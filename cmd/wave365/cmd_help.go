package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/wave"
)

type helpDocument struct {
	Schema string `json:"schema"`
	// About is the command or topic, as it is typed; "" is the program.
	About string `json:"about"`
	Text  string `json:"text"`
}

// addHelp gives the program its topics, and a help command that refuses what there is no help about. With --json help is
// one document, whichever way it was asked for.
func addHelp(root *cobra.Command, a *app, g *globals) {
	root.AddCommand(topics(root)...)
	usual := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if !g.json {
			usual(cmd, args)
			return
		}
		var text bytes.Buffer
		cmd.SetOut(&text)
		usual(cmd, args)
		cmd.SetOut(nil)
		printJSON(a.out, helpDocument{"wave365/help/v1", helpName(cmd), text.String()})
	})
	root.SetHelpCommand(&cobra.Command{
		Use: "help [COMMAND | TOPIC]", Short: "Help about any command or topic", Args: cobra.ArbitraryArgs,
		// Neither configuration nor log: help is there also when those are wrong.
		PersistentPreRunE: func(*cobra.Command, []string) error { return nil },
		PersistentPostRun: func(*cobra.Command, []string) {},
		ValidArgsFunction: func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			return helpOn(root, args, typed), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return noHelp(cmd, rest)
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	})
}

// helpName is a command or topic as it is typed after the program's name.
func helpName(cmd *cobra.Command) string {
	return strings.TrimSpace(strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()))
}

// helpOn lists what help can be asked about below the command that args name.
func helpOn(root *cobra.Command, args []string, typed string) []string {
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

// noHelp says that there is no help about a word below a command, and what was probably meant.
func noHelp(cmd *cobra.Command, rest []string) error {
	hint, help := "the help lists the commands and the topics", helpOf(cmd)
	if near := nearestHelp(cmd, rest[0]); near != "" {
		hint, help = "did you mean this?", fault.NewCommand("help", strings.Fields(helpName(cmd)+" "+near)...)
	}
	return fault.New(fault.Invalid, "usage", fmt.Sprintf("there is no command and no topic %q", rest[0]), hint, help)
}

// nearestHelp is the command or topic that a word was probably meant to be: the only one that begins so, or one that is much
// like it; "" when there is none.
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

// refuseJSON says of --json on the command line of a command that prints a script for a shell that there is none.
func refuseJSON(cmd *cobra.Command) error {
	if cmd.HasParent() && cmd.Parent().Name() == "completion" && cmd.Flags().Changed("json") {
		return fault.New(fault.Invalid, "usage", "completion does not answer in JSON: it prints a script for the shell", "leave out --json")
	}
	return nil
}
