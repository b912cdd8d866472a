package main

import (
	"context"
	"path/filepath"

	"wave365/pkg/cloud/pace"
	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/run"
	"wave365/pkg/sandbox/loopback"
	"wave365/pkg/wave"
)

// session returns the options for a command's ledger, and for connecting to a run's services.
func (a *app) session(g *globals) run.Options {
	return run.Options{
		Ledger: g.ledger, ReportDir: g.reportDir, Driver: run.ThisProcess(version), Zone: a.zone, Journal: a.journal,
		Connect: func(ctx context.Context, r migration.Run) (*run.Services, error) {
			g.at.is(r)
			conn, err := a.connect(ctx, g.as(r), placeOfRun(r))
			if err != nil {
				return nil, err
			}
			return a.services(g, conn, recorded(r)), nil
		},
	}
}

// services returns a connection as a run takes it; c determines how rows are validated.
func (a *app) services(g *globals, conn *connection, c checking) *run.Services {
	its := run.Clock(conn.clock)
	if a.clock != nil {
		its = a.clock(its)
	}
	return &run.Services{
		Tenant: conn.graph, Storage: conn.storage, Clock: its, BlobRoot: conn.blobRoot,
		Validate: func(ctx context.Context, file *wave.File, findings []wave.Finding, before run.UserHistory) (preflight.Result, error) {
			return a.preflight(ctx, g, conn, c, file, findings, before)
		},
		Throttled: func(tell func(pace.Throttle)) { conn.throttle = tell },
		Close:     conn.close,
	}
}

// newest is session for commands that act on the newest run, finished or not, when none is named.
func (a *app) newest(g *globals) run.Options {
	o := a.session(g)
	o.Newest = true
	return o
}

// placeOfRun returns the place of a recorded run.
func placeOfRun(r migration.Run) place {
	return place{sandbox: r.Sandbox, stateDir: r.SandboxState, speed: r.SandboxSpeed}
}

// pinned returns what a new run on this connection is pinned to.
func (c *connection) pinned() run.Place {
	p := run.Place{Cloud: c.cloud.Name, GraphRoot: c.cloud.GraphRoot, BlobRoot: c.blobRoot}
	if c.place.sandbox == "" {
		return p
	}
	p.Sandbox, p.StateDir, p.Speed = c.place.sandbox, c.place.stateDir, c.clock.Speed()
	if !loopback.IsURL(p.Sandbox) {
		p.Sandbox, p.StateDir = absolute(p.Sandbox), absolute(p.StateDir)
	}
	return p
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// as returns the flags as they were for the run, as far as they determine the services.
func (g *globals) as(r migration.Run) *globals {
	was := *g
	if r.Sandbox == "" {
		was.cloud, was.blobEndpoint = r.Cloud, r.BlobRoot
		if was.tenant == "" {
			was.tenant = r.Tenant
		}
	}
	return &was
}
