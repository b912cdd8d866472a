package main

import (
	"bytes"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/cmd/wave365/internal/usage"
	"wave365/pkg/fault"
)

type helpDocument struct {
	Schema string `json:"schema"`
	// About is the command or topic, as it is typed; "" for the program.
	About string `json:"about"`
	Text  string `json:"text"`
}

// addHelp adds the topics, and a help command that refuses unknown topics. With --json help is one document, however it
// was requested.
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
		console.JSON(a.out, helpDocument{"wave365/help/v1", usage.Name(cmd), text.String()})
	})
	root.SetHelpCommand(&cobra.Command{
		Use: "help [COMMAND | TOPIC]", Short: "Help about any command or topic", Args: cobra.ArbitraryArgs,
		// Neither configuration nor log: help works also when those are wrong.
		PersistentPreRunE: func(*cobra.Command, []string) error { return nil },
		PersistentPostRun: func(*cobra.Command, []string) {},
		ValidArgsFunction: func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			return usage.HelpOn(root, args, typed), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return usage.NoHelp(cmd, rest)
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	})
}

// refuseJSON refuses --json for a command that prints a shell script and has no JSON output.
func refuseJSON(cmd *cobra.Command) error {
	if cmd.HasParent() && cmd.Parent().Name() == "completion" && cmd.Flags().Changed("json") {
		return fault.New(fault.Invalid, "usage", "completion has no JSON output: it prints a shell script", "leave out --json")
	}
	return nil
}
