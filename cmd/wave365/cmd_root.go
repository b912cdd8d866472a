package main

import (
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/cmd/wave365/internal/usage"
	"wave365/pkg/cloud/redact/sink"
	"wave365/pkg/cloud/signin"
	"wave365/pkg/fault"
)

// globals are the flags that every command has.
type globals struct {
	ledger, reportDir string
	where
	logging
	json, quiet, yes bool
	// live is where run, resume and status serve the page of the run; empty: nowhere.
	live string
	// messages is how run, resume and retry notify people.
	messages messaging

	// at is the tenant that printed commands act on; nil: they are printed as they are.
	at *whereabouts
	// answered: the JSON document has been printed already.
	answered bool
}

// where is the tenant and the storage account that a command works on, and how it connects.
type where struct {
	config, profile        string
	tenant, cloud, account string
	blobEndpoint           string
	sandbox                string
	speed                  float64
	signIn, clientID       string
	// credential is how a worker signs in to one tenant; nil: as the flags say.
	credential *signin.CredentialConfig
}

// logging is what a command logs, besides the ledger.
type logging struct {
	logFile, logLevel, record string

	log      *slog.Logger
	closeLog func()
}

const rootHelp = `wave365 moves Azure VMs into Windows 365 Cloud PCs, a wave of users at a time.

A wave is a CSV file of users, VHD blobs and provisioning policies. ` + "`validate`" + ` checks every row
against the file, the storage account and the tenant, and changes nothing. ` + "`run`" + ` imports the disks,
cuts the users over and proves that each Cloud PC was built from its snapshot. Every step is recorded in a
ledger, so that ` + "`resume`" + ` continues after any interruption.

Try it without a tenant:  wave365 run waves/friday.csv --sandbox --skip-invalid`

func newRootCommand(a *app) *cobra.Command {
	g, askedVersion := &globals{at: &whereabouts{}}, false
	a.at = g.at
	root := &cobra.Command{
		Use: "wave365", Short: "Move Azure VMs into Windows 365 Cloud PCs, a wave of users at a time", Long: rootHelp + "\n\n" + exitLine(),
		SilenceErrors: true, SilenceUsage: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if askedVersion {
				a.printVersion(g)
				return nil
			}
			return cmd.Help()
		},
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			if askedVersion {
				return nil // the version is printed even if the configuration is wrong
			}
			if err := refuseJSON(cmd); err != nil {
				return err
			}
			if err := usage.EmptyFlags(cmd); err != nil {
				return err
			}
			if err := otherSpeed(cmd); err != nil {
				return err
			}
			g.at.take(cmd)
			if err := settle(a, cmd, g.config); err != nil {
				return err
			}
			if err := usage.MissingFlags(cmd); err != nil {
				return err
			}
			if err := g.checkValues(cmd); err != nil {
				return err
			}
			a.started = true
			if err := handOver(a, cmd, g, args); err != nil {
				return err
			}
			return g.openLog(a)
		},
		PersistentPostRun: func(*cobra.Command, []string) { g.close() },
	}
	root.CompletionOptions.HiddenDefaultCmd = false
	root.Flags().BoolVarP(&askedVersion, "version", "v", false, "version for wave365")
	f := root.PersistentFlags()
	f.StringVar(&g.ledger, "ledger", defaultLedger, "the file that records every step, or postgres://USER@HOST/DB?ledger=NAME")
	f.StringVar(&g.reportDir, "report-dir", "reports", "where report folders are written")
	f.StringVar(&g.config, "config", "wave365.yaml", "configuration file; its keys are names of flags")
	f.StringVar(&g.profile, "profile", "", "settings of one tenant in the configuration file, by their name there")
	f.StringVar(&g.tenant, "tenant", "", "tenant id or domain to sign in to (default: the sign-in's own)")
	f.StringVar(&g.cloud, "cloud", "global", "global or usgov")
	f.StringVar(&g.account, "storage-account", "", "storage account that bare blob paths are in")
	f.StringVar(&g.blobEndpoint, "blob-endpoint", "", "another Blob endpoint, such as Azurite's http://127.0.0.1:10000/devstoreaccount1")
	f.StringVar(&g.signIn, "sign-in", "default", "default, client-secret, client-certificate, device-code, browser, azure-cli, managed-identity, workload-identity or federated-identity")
	f.StringVar(&g.clientID, "client-id", "", "app registration to sign in with")
	f.StringVar(&g.sandbox, "sandbox", "", "rehearse on a simulated tenant: alone, on the scenario beside the wave; =`FILE`, on that one; =URL, on a sandbox that is already running")
	f.Lookup("sandbox").NoOptDefVal = besideWave
	f.Float64Var(&g.speed, "sandbox-speed", 600, "how much faster than the wall clock a sandbox in the process runs")
	f.BoolVar(&g.json, "json", false, "write one JSON document to standard output")
	f.BoolVar(&g.quiet, "quiet", false, "do not show progress")
	f.BoolVar(&g.yes, "yes", false, "do not prompt for confirmation")
	f.StringVar(&g.record, "record", "", "append every exchange with Graph and storage to this `file`, without secrets (it names people); wave365 pilot reads it")
	f.StringVar(&g.logFile, "log-file", "", "append a log to this file")
	f.StringVar(&g.logLevel, "log-level", "info", "debug, info, warn or error")
	for _, group := range []struct {
		id, title string
		commands  []func(*app, *globals) *cobra.Command
	}{
		{"wave", "A wave, from the file to the report:", []func(*app, *globals) *cobra.Command{
			newTemplateCommand, newValidateCommand, newPlanCommand, newRunCommand, newResumeCommand, newStatusCommand, newRunsCommand, newReportCommand}},
		{"recover", "Recover:", []func(*app, *globals) *cobra.Command{
			newRetryCommand, newReconcileCommand, newCancelCommand, newUnlockCommand}},
		{"steer", "Steer a live run from a second terminal:", []func(*app, *globals) *cobra.Command{
			newPauseCommand, newContinueCommand, newSlotsCommand, newDrainCommand}},
		{"tenant", "The tenant, before and after a wave:", []func(*app, *globals) *cobra.Command{
			newPolicyCommand, newSettingCommand, newImageCommand, newLicenseCommand, newCloudPCCommand,
			newCloseCommand, newPurgeCommand, newUndoCommand, newDeprovisionCommand, newNotifyCommand}},
		{"fleet", "Many tenants, several machines:", []func(*app, *globals) *cobra.Command{newSubmitCommand, newWorkerCommand, newFleetCommand}},
		{"more", "Other:", []func(*app, *globals) *cobra.Command{newDoctorCommand, newLedgerCommand, newRehearseCommand, newPilotCommand, newSandboxCommand, newVersionCommand}},
	} {
		root.AddGroup(&cobra.Group{ID: group.id, Title: group.title})
		for _, command := range group.commands {
			c := command(a, g)
			c.GroupID = group.id
			root.AddCommand(c)
		}
	}
	addHelp(root, a, g)
	root.SetHelpCommandGroupID("more")
	root.SetCompletionCommandGroupID("more")
	complete(root, a, g)
	root.InitDefaultCompletionCmd()
	usage.Explain(root)
	usage.Fit(root, console.Width(a.out))
	return root
}

// openLog opens the log file, if one was requested. Everything that is logged is redacted.
func (g *globals) openLog(*app) error {
	g.log, g.closeLog = slog.New(slog.DiscardHandler), func() {}
	var level slog.Level
	if err := level.UnmarshalText([]byte(g.logLevel)); err != nil {
		return fault.New(fault.Invalid, "usage", "unknown log level "+g.logLevel, "use debug, info, warn or error")
	}
	if g.logFile == "" {
		return nil
	}
	file, err := os.OpenFile(g.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fault.Wrap(fault.Invalid, "usage", "the log file "+g.logFile+" cannot be written", "choose another --log-file", err)
	}
	g.log = slog.New(slog.NewJSONHandler(sink.Writer(file), &slog.HandlerOptions{Level: level}))
	g.closeLog = func() { _ = file.Close() }
	return nil
}

func (g *globals) close() {
	if g.closeLog != nil {
		g.closeLog()
	}
}

// besideWave is the value of --sandbox without one: the scenario of that name next to the wave.
const besideWave = "WAVE.tenant.yaml"
