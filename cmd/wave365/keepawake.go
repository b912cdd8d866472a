package main

import "wave365/pkg/runner/awake"

// stayOn keeps the machine awake while a run is in progress, as far as possible, until release is called.
func stayOn(g *globals, run string) (release func()) {
	release, err := awake.Keep("wave365 run " + run)
	if err != nil {
		g.log.Warn("nothing keeps the machine awake", "error", err.Error())
	}
	return release
}
