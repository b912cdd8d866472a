package main

import (
	"context"
	"fmt"
	"time"

	"wave365/pkg/progress"
	"wave365/pkg/runner/awake"
)

const (
	// powerEvery is how often, on the wall clock, the battery is looked at.
	powerEvery = 2 * time.Minute
	// lowPower is the percentage from which on the battery is spoken of.
	lowPower = 25
)

// stayOn keeps the machine awake while a run goes on, as far as that can be done, and says what could still put it out: a
// closed lid, an empty battery. The function it gives lets the machine go.
func (a *app) stayOn(ctx context.Context, g *globals, run string, view progress.View) (release func()) {
	ctx, cancel := context.WithCancel(ctx)
	let, err := awake.Keep("wave365 run " + run)
	if err != nil {
		g.log.Warn("nothing keeps the machine awake", "error", err.Error())
	}
	if text := powerText(awake.ReadPower(), err == nil); text != "" && !g.quiet {
		fmt.Fprintln(a.err, "wave365: "+text)
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(powerEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if text := lowText(awake.ReadPower()); text != "" {
					view.Status(text)
				}
			}
		}
	}()
	return func() {
		cancel()
		<-gone
		let()
	}
}

// powerText is what is said at the start; "" for a machine that stays where it is plugged in.
func powerText(p awake.Power, kept bool) string {
	if !p.Battery {
		return ""
	}
	text := "leave the lid of this machine open until the run has ended: closed, it sleeps"
	if !kept {
		text = "nothing keeps this machine awake: turn its sleep off, and leave its lid open, until the run has ended"
	}
	if p.Draining {
		text = fmt.Sprintf("this machine runs on its battery (%d %%): plug it in, and ", p.Percent) + text
	}
	return text
}

// lowText is what is said when the battery runs out; "" while there is time.
func lowText(p awake.Power) string {
	if !p.Draining || p.Percent > lowPower {
		return ""
	}
	return fmt.Sprintf("the battery is at %d %%: plug the machine in; if it goes out, resume goes on from there", p.Percent)
}
