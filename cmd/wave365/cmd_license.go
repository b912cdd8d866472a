package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault"
	"wave365/pkg/run"
	"wave365/pkg/summary/wording"
	"wave365/pkg/tenantcare/listing"
	"wave365/pkg/wave"
)

func newLicenseCommand(a *app, g *globals) *cobra.Command {
	return family("license", "Windows 365 licenses of the tenant", newLicenseListCommand(a, g))
}

func newLicenseListCommand(a *app, g *globals) *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use: "list", Short: "List the Windows 365 licenses: size, seats by state, who in a wave would take them", Args: cobra.NoArgs,
		Long:    "List the tenant's Windows 365 licenses, with vCPU, RAM and disk of their plan, and their seats by state. With\n--wave it says who in that wave would take a seat, and whether there are enough: rows that name a\nlicense are counted, also those that validate refuses.",
		Example: "  wave365 license list\n  wave365 license list --wave waves/friday.csv",
		RunE: a.onTenant(g, func(ctx context.Context, conn *connection, _ []string) error {
			return a.licenseList(ctx, g, conn, path)
		}),
	}
	cmd.Flags().StringVar(&path, "wave", "", "a wave file: who in it would take which license")
	return cmd
}

// licenseDocument is the answer of `license list` with --json.
type licenseDocument struct {
	Schema   string            `json:"schema"`
	Licenses []listing.License `json:"licenses"`
	// Unknown are users of the wave whose license the tenant does not own.
	Unknown []string `json:"unknown,omitempty"`
}

func (a *app) licenseList(ctx context.Context, g *globals, conn *connection, path string) error {
	var rows []wave.Row
	if path != "" {
		var err error
		if rows, err = waveRows(path); err != nil {
			return err
		}
	}
	skus, err := conn.graph.SubscribedSKUs(ctx)
	if err != nil {
		return err
	}
	catalogue, err := conn.graph.ServicePlans(ctx)
	if err != nil {
		return err
	}
	all, unknown := listing.Demand(listing.Licenses(skus, catalogue), rows)
	if len(all) == 0 && len(unknown) == 0 {
		return nothing("this tenant has no Windows 365 licenses", "buy some, or check --tenant")
	}
	doc := licenseDocument{Schema: "wave365/license-list/v1", Licenses: all}
	for _, r := range unknown {
		doc.Unknown = append(doc.Unknown, r.User)
	}
	if g.json {
		return a.answer(doc)
	}
	printLicenses(a.out, all, path != "")
	for _, r := range unknown {
		fmt.Fprintf(a.out, "\nline %d: %s names the license %s, which this tenant does not own\n", r.Line, wording.OneLine(r.User), wording.OneLine(r.License))
	}
	return nil
}

// printLicenses prints licenses as a table, and below it who uses which; forWave: with what a wave needs.
func printLicenses(w io.Writer, all []listing.License, forWave bool) {
	header := "LICENSE\tEDITION\tVCPU\tRAM\tDISK\tSEATS\tASSIGNED\tFREE\tSTATE"
	if forWave {
		header += "\tTHIS WAVE"
	}
	var lines [][]string
	for _, l := range all {
		edition := "Enterprise"
		if !l.Enterprise {
			edition = "other"
		}
		state := l.Status
		if l.Seats.Warning > 0 {
			state = fmt.Sprintf("%s, %d in warning", state, l.Seats.Warning)
		}
		line := []string{l.SKU, edition, number(l.VCPU), gib(l.RAMGiB), gib(l.DiskGiB), fmt.Sprint(l.Seats.Enabled + l.Seats.Warning), fmt.Sprint(l.Seats.Assigned), fmt.Sprint(l.Seats.Free), state}
		if forWave {
			line = append(line, wanted(l))
		}
		lines = append(lines, line)
	}
	console.Table(w, header, lines)
	if forWave {
		console.Say(w, "", "THIS WAVE counts the rows that name the license, also those that validate refuses.")
	}
	for _, l := range all {
		if len(l.Takers) > 0 {
			console.Say(w, "\n"+l.SKU+" is named by ", strings.Join(l.Takers, ", "))
		}
	}
}

func wanted(l listing.License) string {
	switch {
	case len(l.Takers) == 0:
		return "0"
	case l.Short() > 0:
		return fmt.Sprintf("%d, %d too few", len(l.Takers), l.Short())
	}
	return fmt.Sprint(len(l.Takers))
}

// waveRows reads the rows of a wave file for a command that only reads them.
func waveRows(path string) ([]wave.Row, error) {
	file, findings, err := run.ReadWave(path, wave.Options{AllowUnknownColumns: true})
	if err != nil {
		return nil, err
	}
	if file == nil {
		why := "it is not a wave"
		if len(findings) > 0 {
			why = findings[0].Message
		}
		return nil, fault.New(fault.Invalid, "wave.unreadable", "the wave file "+path+" cannot be read: "+why, "validate lists everything that is wrong with it", fault.NewCommand("validate", "--offline", path))
	}
	return file.Rows, nil
}
