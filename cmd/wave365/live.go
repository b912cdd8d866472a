package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/progress/live"
	"wave365/pkg/report"
	runs "wave365/pkg/run"
	"wave365/pkg/summary"
)

// livePatience is how long the end of a command waits for browsers to load the last page.
const livePatience = 3 * time.Second

// maxPage is the largest page that is read back, in bytes: that of a thousand people takes less than 3 MB.
const maxPage = 64 << 20

// addLive adds the flag that serves the page of the run.
func addLive(cmd *cobra.Command, addr *string) {
	cmd.Flags().StringVar(addr, "live", "", "serve the report on loopback while the run is in progress; =127.0.0.1:PORT chooses the port")
	cmd.Flags().Lookup("live").NoOptDefVal = live.Default
}

// watched is a run as the live page sees it.
type watched struct {
	a   *app
	l   *ledger.Ledger
	run string
	now func() time.Time
}

// Stamp changes with every row, with the state of the run and with how it is steered.
func (w watched) Stamp(ctx context.Context) (string, error) {
	run, err := w.l.Run(ctx, w.run)
	if err != nil {
		return "", err
	}
	rows, err := w.l.Rows(ctx, w.run)
	if err != nil {
		return "", err
	}
	var versions int64
	for _, r := range rows {
		versions += r.Version
	}
	return fmt.Sprint(len(rows), versions, run.State, run.Slots, run.Settings.List()), nil
}

// Page returns the current report.
func (w watched) Page(ctx context.Context) ([]byte, error) {
	acc, err := w.a.account(ctx, w.l, w.run, w.now())
	if err != nil {
		return nil, err
	}
	acc.Live = true
	var b bytes.Buffer
	err = report.Print(&b, "html", acc)
	return b.Bytes(), err
}

// livePage is the port at which the page of a run is served; nil: none.
type livePage struct{ l net.Listener }

// takeLive opens the port of --live, before there is a run whose page could not be shown. The caller closes it.
func (g *globals) takeLive() (*livePage, error) {
	if g.live == "" {
		return nil, nil
	}
	l, err := live.Listen(g.live)
	if err != nil {
		return nil, err
	}
	return &livePage{l}, nil
}

func (p *livePage) close() {
	if p != nil {
		_ = p.l.Close()
	}
}

// serveLive serves the page of a run until end is called, which freezes the page as the file that was written last.
// Without a port it does nothing.
func (a *app) serveLive(p *livePage, l *ledger.Ledger, run migration.Run, now func() time.Time) (end func()) {
	if p == nil {
		return func() {}
	}
	s := live.Serve(p.l, watched{a, l, run.ID, now})
	fmt.Fprintf(a.err, "Live: %s\n", s.URL())
	return func() {
		if page, err := runs.ReadFile(filepath.Join(summary.Dir(run.ReportDir, run), report.FilePage), maxPage); err == nil {
			s.Freeze(page)
		}
		s.Close(livePatience)
	}
}

// followLive serves the page of a run that another process drives, until the run has ended or the person stops it.
func (a *app) followLive(ctx context.Context, addr string, l *ledger.Ledger, run migration.Run) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	now := func() time.Time {
		rows, err := l.Rows(ctx, run.ID)
		if err != nil {
			return run.CreatedAt
		}
		return tenantNow(ctx, run, true, runs.LastChange(run, rows))
	}
	s, err := live.Start(addr, watched{a, l, run.ID, now})
	if err != nil {
		return err
	}
	defer s.Close(livePatience)
	fmt.Fprintf(a.err, "Live: %s\nIt ends with the run, or with Ctrl-C.\n", s.URL())
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if now, err := l.Run(ctx, run.ID); err == nil && now.State == migration.RunFinished {
			return a.freeze(ctx, s, l, run)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// freeze ends a live page with what the file holds, or is about to hold.
func (a *app) freeze(ctx context.Context, s *live.Server, l *ledger.Ledger, run migration.Run) error {
	acc, err := a.recorded(ctx, l, run.ID)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := report.Print(&b, "html", acc); err != nil {
		return err
	}
	s.Freeze(b.Bytes())
	fmt.Fprintf(a.out, "Report: %s\n\n%s", filepath.Join(summary.Dir(run.ReportDir, run), report.FilePage), console.Fold("", summary.Verdict(acc), console.Width(a.out)))
	return nil
}
