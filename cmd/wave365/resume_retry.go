package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"wave365/pkg/migration"
	"wave365/pkg/run"
)

// continuing is what resume and retry have in common: their flags, and how they open the run.
type continuing struct {
	steering
	slots int
	here  bool
}

func (c *continuing) addFlags(cmd *cobra.Command, a *app, g *globals) {
	addSlots(cmd, &c.slots)
	c.steering.addFlags(cmd, true)
	addHere(cmd, &c.here)
	addLive(cmd, &g.live)
	g.messages.addSwitch(a, g, cmd)
}

// come checks the flags, opens the port of --live before there is a run, and then calls do. A signal ends do's context,
// until do calls stop: from then on it drains.
func (c *continuing) come(cmd *cobra.Command, a *app, g *globals, do func(quick context.Context, stop func(), page *livePage) error) error {
	if err := checkSlots(cmd, c.slots); err != nil {
		return err
	}
	if _, err := c.settings(cmd, migration.Settings{}, time.Now(), a.zone); err != nil {
		return err
	}
	page, err := g.takeLive()
	if err != nil {
		return err
	}
	defer page.close()
	quick, stop := interruptible(cmd.Context())
	defer stop()
	return do(quick, stop, page)
}

// goOn records what was chosen and continues the run: here, or, if it was submitted, by the workers. say is called before it
// continues here; stop ends the time in which a signal ends the command.
func (c *continuing) goOn(ctx context.Context, a *app, g *globals, s *run.Session, page *livePage, stop func(), record func() error, say func()) error {
	if err := writable(s.Run, "allow this user to write there: it is the run's own folder"); err != nil {
		return err
	}
	stop() // from here on a signal drains
	if err := record(); err != nil {
		return err
	}
	if queued, err := a.queueAgain(ctx, g, s, c.here); queued || err != nil {
		return err
	}
	say()
	return a.drive(ctx, g, s, page, migration.RunResumed)
}

// next returns how the session's run is executed from now on: as before, changed by the flags.
func (c *continuing) next(cmd *cobra.Command, a *app, g *globals, s *run.Session) (migration.Settings, error) {
	next, err := c.settings(cmd, s.Run.Settings, s.Now(), a.zone)
	if err == nil {
		next.Notify, err = g.messages.choose(cmd, s.Run.Settings.Notify)
	}
	if err != nil {
		return next, err
	}
	if err := run.CheckCanary(next.Canary, s.Rows); err != nil && cmd.Flags().Changed("canary") {
		return next, err
	}
	return next, nil
}
