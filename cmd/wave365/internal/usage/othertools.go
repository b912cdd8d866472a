package usage

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
)

// elsewhere returns which command does what a command of that name does in other tools; "" when none is close.
func elsewhere(name string) (why, command string) {
	for _, e := range []struct{ names, why, command string }{
		{"apply start migrate import execute up deploy install move", "run validates a wave, shows the plan, asks, and migrates it", "run"},
		{"list ls history get snapshots find", "runs lists the runs of this ledger; what is in the tenant is listed by policy, setting, image, cloudpc and license", "runs"},
		{"show info describe ps watch log logs top stats events wait rollout output", "status shows the state of a run", "status"},
		{"check verify lint test preflight fmt", "validate checks a wave and changes nothing", "validate"},
		{"diff dry-run", "plan shows what run would do; rehearse plays the wave on a simulated tenant", "plan"},
		{"simulate", "rehearse plays the wave on a simulated tenant", "rehearse"},
		{"init new create", "template writes an empty wave", "template"},
		{"stop quit kill exit", "drain ends a live run once what is in flight is done", "drain"},
		{"suspend hold cordon", "pause keeps a live run from starting anything new until continue", "pause"},
		{"unpause uncordon", "continue ends a pause; resume continues a run whose process has ended", "continue"},
		{"restart recover restore", "resume continues a run whose process has ended, from the last recorded fact", "resume"},
		{"redo rerun replay taint", "retry gives failed rows a new attempt", "retry"},
		{"refresh adopt", "reconcile settles a row whose import got no answer", "reconcile"},
		{"scale parallel", "slots changes how many imports a live run has in flight", "slots"},
		{"abort delete remove rm", "cancel abandons rows that have no import yet", "cancel"},
		{"rollback revert destroy", "undo takes back what a run did for one row, as far as it can be", "undo"},
		{"prune forget clean gc", "purge removes imports that nothing uses; close lists what a wave leaves", "purge"},
		{"force-unlock", "unlock frees a ledger whose holder is gone", "unlock"},
		{"backup copy mv", "ledger copy moves a ledger; a copy of the ledger's file alone is a backup", "ledger"},
		{"login auth whoami account config", "there is no login command: doctor shows which sign-in is used, and --sign-in chooses another", "doctor"},
		{"email mail message", "notify writes to the users of a run", "notify"},
		{"user users people", "the people of a wave are rows of its file; status RUN USER shows one user's history", "status"},
	} {
		if slices.Contains(strings.Fields(e.names), strings.ToLower(name)) {
			return e.why, e.command
		}
	}
	return "", ""
}

// otherFlag returns what corresponds here to a flag of that name in other tools, and the command, if it is one; "" when
// nothing does, or only a flag that cmd does not have.
func otherFlag(cmd *cobra.Command, name string) (why string, instead []fault.Command) {
	for _, e := range []struct {
		names string
		// flag is one that cmd must have for the answer to be right; empty: none.
		flag, why string
		instead   []fault.Command
	}{
		{"dry-run what-if whatif check n noop simulate refresh-only", "skip-invalid", "plan shows what run would do, and changes nothing", []fault.Command{fault.NewCommand("plan", "WAVE.csv")}},
		{"force assume-yes y auto-approve confirm approve no-input noninteractive non-interactive", "yes", "--yes answers the question before anything is changed", nil},
		{"output format o", "json", "--json writes one JSON document to standard output", nil},
		{"parallelism parallel concurrency jobs j max-parallel workers threads batch-size", "slots", "--slots says how many imports are in flight at a time", nil},
		{"file wave csv input i f filename", "", "a wave or file is named without a flag: " + Line(cmd), nil},
		{"id run run-id", "", "a run is named without a flag: " + Line(cmd), nil},
		{"user upn target only include limit l", "row", "--row names the user whose row is meant", nil},
		{"watch follow w", "live", "--live serves the page of the run, which follows it", nil},
		{"verbose v debug d trace vv", "log-level", "--log-file FILE --log-level debug writes a log", nil},
		{"silent q no-progress s", "quiet", "--quiet leaves out the progress", nil},
		{"no-color color no-colour", "", "set NO_COLOR=1 in the environment for no colors", nil},
		{"client-secret password secret token sas key account-key connection-string", "sign-in", "secrets are never flags: --sign-in client-secret takes the secret from AZURE_CLIENT_SECRET", nil},
		{"account storage sa", "storage-account", "--storage-account names the storage account", nil},
		{"tenant-id t directory", "tenant", "--tenant names the tenant", nil},
		{"state db database repo r", "ledger", "--ledger names the ledger, where every step is recorded", nil},
		{"env environment context namespace subscription workspace", "profile", "--profile names the settings of one tenant in the configuration file", nil},
		{"deadline timeout until-time stop-at end-by", "stop-by", "--stop-by 22:00 starts nothing that would not finish by then", nil},
	} {
		if slices.Contains(strings.Fields(e.names), strings.ToLower(name)) && (e.flag == "" || cmd.Flags().Lookup(e.flag) != nil) {
			return e.why, e.instead
		}
	}
	return "", nil
}
