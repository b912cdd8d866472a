package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/configfile"
	"wave365/cmd/wave365/internal/console"
	"wave365/cmd/wave365/internal/examine"
	"wave365/pkg/migration"
	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
)

// topics returns the help texts that are not about a single command. What a table in the code contains is taken from
// there.
func topics(root *cobra.Command) []*cobra.Command {
	var all []*cobra.Command
	for _, t := range []struct{ name, short, text string }{
		{"wave-file", "The columns of a wave, and how the file may be written", waveFileTopic()},
		{"states", "What the states and the steps of a row mean", statesTopic()},
		{"exit-codes", "What each exit code means", exitCodesTopic()},
		{"environment", "Settings from the environment and the configuration file", environmentTopic(root)},
		{"permissions", "What the sign-in needs, on Graph and on the storage account", permissionsTopic()},
		{"triggers", "What comes last, and so starts provisioning", triggersTopic()},
		{"evening", "The commands of a wave, in the order in which they are used", eveningTopic},
	} {
		all = append(all, &cobra.Command{Use: t.name, Short: t.short, Long: t.short + ".\n\n" + t.text, Args: cobra.NoArgs})
	}
	return all
}

// inColumns sets rows in columns, indented, which keeps them from being folded.
func inColumns(rows [][]string) string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintln(t, "  "+strings.Join(r, "\t"))
	}
	_ = t.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

func waveFileTopic() string {
	var columns, spellings [][]string
	for _, c := range wave.Schema() {
		about := c.About
		if c.Required {
			about += ". Required"
		}
		columns = append(columns, []string{c.Name, about})
		if len(c.Also) > 0 {
			spellings = append(spellings, []string{c.Name, strings.Join(c.Also, ", ")})
		}
	}
	columns = append(columns, []string{"x_…", "of any name; carried into the reports"})
	return fmt.Sprintf(`A wave is a CSV file with one line per user, under a header. Comma, semicolon and tab are detected; it may have %s
rows.

`, thousands(reading.MaxRows)) + inColumns(columns) + "\n\nThe header may also say:\n\n" + inColumns(spellings) + `

Case, blanks, dashes and underscores in the header do not matter; other columns need --allow-unknown-columns.

` + "`wave365 template`" + ` writes an empty wave, ` + "`wave365 validate --offline`" + ` checks one without a tenant.`
}

// thousands formats a number of at least a thousand with a separator.
func thousands(n int) string { return fmt.Sprintf("%d,%03d", n/1000, n%1000) }

// stateMeaning describes a state; "" for an unknown one.
func stateMeaning(s migration.State) string {
	switch s {
	case migration.Pending:
		return "queued: no step is being done"
	case migration.Running:
		return "a step is being done at this moment"
	case migration.Waiting:
		return "the service is working, or the next try is not due yet"
	case migration.Succeeded:
		return "the Cloud PC exists and was built from the snapshot"
	case migration.Failed:
		return "it ended without a Cloud PC from the snapshot; retry tries again"
	case migration.Held:
		return "whether an import happened is unknown; find out, then settle it with reconcile"
	case migration.Deferred:
		return "not started, because it would not have finished by --stop-by; retry starts it"
	case migration.Skipped:
		return "not started, because validation found an error in it"
	case migration.Cancelled:
		return "cancelled by the operator; retry starts it again"
	}
	return ""
}

func statesTopic() string {
	var states, steps [][]string
	for _, s := range migration.States() {
		states = append(states, []string{string(s), stateMeaning(s)})
	}
	for _, s := range migration.Steps() {
		steps = append(steps, []string{string(s.Step), s.Fate})
	}
	return "The states of a row:\n\n" + inColumns(states) +
		"\n\nThe steps it goes through, and what happens to a row that no process watches at that step:\n\n" + inColumns(steps) +
		"\n\n`wave365 status RUN USER` shows the history of one row."
}

func exitCodesTopic() string {
	var codes [][]string
	for _, m := range exitMeanings() {
		codes = append(codes, []string{fmt.Sprint(m.code), m.meaning})
	}
	return inColumns(codes) + "\n\nA script reads the code, and with --json the document on standard output says why: `exit_code`, `code`, `message`, `hint`\nand `commands`."
}

func environmentTopic(root *cobra.Command) string {
	const example = "storage-account"
	own := [][]string{
		{"WAVE365_STORAGE_KEY", "the account key, with --blob-endpoint"},
		{envSMTPUser, "the mail server's user"},
		{envSMTPPassword, "its password"},
		{envWebhook, "the address of the Teams workflow"},
		{"AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET", "the sign-in of an app registration"},
		{"AZURE_CLIENT_CERTIFICATE_PATH, AZURE_CLIENT_CERTIFICATE_PASSWORD", "its certificate"},
		{"NO_COLOR", "set to anything: no color"},
	}
	agreed := slices.Clone(consent)
	for i := range agreed {
		agreed[i] = "--" + agreed[i]
	}
	return "Every flag can be set in the environment: " + envName(example) + " for --" + example + `. A name that begins this way and is not that of a flag is refused.
A flag wins over the environment, the environment over the profile (--profile) of the configuration file, the profile
over the rest of the file (` + root.PersistentFlags().Lookup("config").DefValue + `).

What is not a flag:

` + inColumns(own) + "\n\nThe configuration file may hold:\n\n" + indented(strings.Join(configfile.Keys(), ", ")) +
		"\n\nConsent is given on the command line alone: " + strings.Join(agreed, ", ") + "."
}

// indented folds a list of words under a margin.
func indented(text string) string { return strings.TrimSuffix(console.Fold("  ", text, 100), "\n") }

func permissionsTopic() string {
	var rows [][]string
	for _, n := range examine.Needs(examine.Tries{}) {
		purpose := n.Purpose
		if n.Tried {
			purpose = "to read: " + purpose
		}
		if n.Optional {
			purpose = "optional: " + purpose
		}
		rows = append(rows, []string{n.Permission, purpose})
	}
	return "Graph permissions:\n\n" + inColumns(rows) + `

On the storage account: Storage Blob Data Reader and Storage Blob Delegator. With --import-source account the service
reads the disks itself, and no signature is made.

` + "`wave365 doctor`" + ` shows for each whether it is granted and how that was proven.`
}

func triggersTopic() string {
	var rows [][]string
	for _, t := range migration.Triggers() {
		var steps []string
		for _, s := range migration.Journey(t) {
			steps = append(steps, string(s))
		}
		rows = append(rows, []string{string(t), strings.Join(steps, " > ")})
	}
	return `A Cloud PC is provisioned once a user has both a license and the policy, by way of its group. The disk must be imported
before that, so one of the two comes last:

` + inColumns([][]string{
		{string(migration.TriggerLicense), "the user joins the group first; the license is assigned last"},
		{string(migration.TriggerMembership), "the user holds a license already; the group is joined last"},
		{string(migration.TriggerRelicense), "the user holds the license directly: it is taken away, the group joined, and it is given back last"},
	}) + `

Without --trigger a row that names a license has the first, every other row the second.

` + "relicense is for a service that wants the policy before the import (import.policy-first). If the run is cancelled in between, the\nuser is left without the license: `wave365 undo` gives it back.\n\nThe steps of each:\n\n" + inColumns(rows)
}

// eveningTopic lists the commands of a whole run; the test of the readme checks its commands.
const eveningTopic = `In the afternoon:

  wave365 doctor                           # is everything ready
  wave365 validate friday.csv              # what is wrong; changes nothing
  wave365 plan friday.csv --out plan.json  # what would change, until when

In the evening, in a terminal that outlives a lost connection (tmux, screen):

  wave365 run friday.csv --plan plan.json  # exactly that, with the plan's flags

From a second terminal:

  wave365 status                           # state of the rows, expected end
  wave365 pause                            # start nothing new until continue
  wave365 continue                         # end the pause
  wave365 slots 5                          # imports in flight at a time
  wave365 cancel --row USER                # leave one person out; without --row all
  wave365 drain                            # end with what is in flight

When it did not go well:

  wave365 resume                           # after Ctrl-C, crash, dead battery
  wave365 reconcile --row USER --no-effect # settle a held row, once you know
  wave365 retry                            # failed rows, from the failed step

At the end:

  wave365 notify --dry-run messages        # what people would be told; then send it
  wave365 report                           # write the report folder again
  wave365 close                            # once every row is final`
