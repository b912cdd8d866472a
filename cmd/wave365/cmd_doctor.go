package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/cmd/wave365/internal/examine"
	"wave365/pkg/cloud/contact"
	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	ledgerplace "wave365/pkg/ledger/place"
	"wave365/pkg/preflight/doctor"
	"wave365/pkg/runner/awake"
)

func newDoctorCommand(a *app, g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Check sign-in, permissions, network, storage, clock and ledger before a wave", Args: cobra.NoArgs,
		Long: `Check what a wave needs: the network to each host, who signs in and into which tenant, each permission and how it
was proven, the storage account and whether links to disks can be signed, the clock, the ledger's disk, sleep, this terminal,
how many imports of the day are used, and snapshot settings that finished runs left behind. Changes nothing.

Exit codes: 0 nothing is bad, 5 a permission or prerequisite is missing, 12 the sign-in or the network failed.`,
		Example: "  wave365 doctor --storage-account contosovhds\n  wave365 doctor --sandbox=waves/friday.tenant.yaml",
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDoctor(cmd.Context(), a, g) },
	}
}

// doctorDocument is the output of `doctor --json`.
type doctorDocument struct {
	Schema string        `json:"schema"`
	Worst  doctor.Grade  `json:"worst"`
	Lines  []doctor.Line `json:"lines"`
}

func runDoctor(ctx context.Context, a *app, g *globals) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	lines := a.examineMachine(ctx, g)
	tenant, err := a.examineTenant(ctx, g)
	if err != nil {
		return err
	}
	lines = append(lines, tenant...)
	worst := doctor.Worst(lines)
	if g.json {
		console.JSON(a.out, doctorDocument{"wave365/doctor/v1", worst, lines})
	} else {
		a.printDoctor(g, lines, worst)
	}
	if worst != doctor.Bad {
		return nil
	}
	for _, l := range lines {
		if l.Grade == doctor.Bad && (strings.HasPrefix(l.Code, "cloud.sign-in") || l.Code == contact.CodeUnreachable) {
			return exit(exitSignIn)
		}
	}
	return exit(exitDenied)
}

func (a *app) printDoctor(g *globals, lines []doctor.Line, worst doctor.Grade) {
	sh := g.shell("")
	mark := map[doctor.Grade]string{doctor.Good: "good     ", doctor.Warning: "warning  ", doctor.Bad: "bad      "}
	for _, l := range lines {
		console.Say(a.out, mark[l.Grade], l.Name+": "+l.Found)
		if !l.Remedy.Empty() {
			console.Say(a.out, "           remedy: ", sh.Remedy(l.Remedy))
		}
	}
	fmt.Fprintln(a.out, map[doctor.Grade]string{
		doctor.Good: "\nReady.", doctor.Warning: "\nReady; check the warnings.", doctor.Bad: "\nNot ready: fix what is bad.",
	}[worst])
}

// examineMachine checks what needs no network.
func (a *app) examineMachine(ctx context.Context, g *globals) []doctor.Line {
	path := absolute(g.ledger)
	found := doctor.Ledger{Path: g.ledger, Free: -1}
	inDatabase := ledger.InDatabase(g.ledger)
	if !inDatabase {
		found.Refused, found.Free = ledgerplace.Refuse(path), ledgerplace.Free(path)
	}
	if _, err := os.Stat(path); inDatabase || err == nil {
		found.Exists = true
		l, err := ledger.Open(ctx, g.ledger, ledger.Options{ReadOnly: true})
		if found.Open = err; err == nil {
			_ = l.Close()
		}
		if inDatabase && fault.CodeOf(err) == "ledger.none" {
			found.Exists, found.Open = false, nil // the first run creates it
		}
	}
	lines := doctor.LedgerLines(found)
	if inDatabase {
		d, err := ledger.ExamineDatabase(ctx, g.ledger)
		lines = append(lines[:1], doctor.DatabaseLines(doctor.Database{
			Err: err, Version: d.Version, Settings: d.Settings, Off: d.Off, Encrypted: d.Encrypted, Remote: d.Remote,
		})...)
	}
	letGo, err := awake.Keep("wave365 doctor")
	letGo()
	return append(lines, doctor.SleepLine(err), doctor.TerminalLine(doctor.Terminal{
		IsTerminal: a.inTerm, Columns: console.Width(a.err),
		Remote: os.Getenv("SSH_CONNECTION") != "", Kept: os.Getenv("TMUX") != "" || os.Getenv("STY") != "",
	}))
}

// examineTenant checks hosts, sign-in, permissions, storage and leftovers. The error is for a mistake in flags or an
// interruption; what is wrong with a service is a line.
func (a *app) examineTenant(ctx context.Context, g *globals) ([]doctor.Line, error) {
	p, err := g.tenantPlace()
	if err != nil {
		return nil, err
	}
	p.stateDir = "" // it changes nothing
	p.tenantOnly = g.account == "" && g.blobEndpoint == ""
	var lines []doctor.Line
	if p.sandbox == "" { // a sandbox has no hosts
		lines = examine.Hosts(ctx, g.cloud, g.account, g.blobEndpoint)
	}
	conn, err := a.connect(ctx, g, p)
	if ctx.Err() != nil {
		return nil, fault.Wrap(fault.Interrupted, "", "stopped", "", ctx.Err())
	}
	if err != nil {
		if fault.Is(err, fault.Invalid) {
			return nil, err
		}
		return append(lines, doctor.SignIn(doctor.Identity{}, "", false, "", err)...), nil
	}
	defer conn.close()
	return append(lines, examine.Service(ctx, examine.Signed{
		Graph: conn.graph, Storage: conn.storage, BlobRoot: conn.blobRoot, Cred: conn.cred, Clock: conn.clock, GraphRoot: conn.cloud.GraphRoot,
		Method: g.signIn, Tenant: g.tenant, Rehearsal: p.sandbox != "", Ledger: g.ledger, Zone: a.zone,
	})...), ctx.Err()
}
