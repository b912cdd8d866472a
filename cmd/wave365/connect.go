package main

import (
	"context"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"wave365/pkg/blob"
	"wave365/pkg/blob/bloburl"
	"wave365/pkg/cloud"
	"wave365/pkg/cloud/clouds"
	"wave365/pkg/cloud/exchange"
	"wave365/pkg/cloud/pace"
	"wave365/pkg/cloud/signin"
	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/graph"
	"wave365/pkg/progress/live"
	"wave365/pkg/sandbox"
	"wave365/pkg/sandbox/blobapi"
	"wave365/pkg/sandbox/clock"
	"wave365/pkg/sandbox/loopback"
)

// place is which tenant and storage account a command works on.
type place struct {
	// sandbox is a URL, a scenario file, or empty for the real services.
	sandbox string
	// stateDir keeps a sandbox in the process alive between processes; empty: in memory.
	stateDir string
	speed    float64
	// tenantOnly leaves the storage account out: the command has nothing to do with blobs.
	tenantOnly bool
}

// connection is a connection to the services. The caller closes it.
type connection struct {
	cloud    clouds.Cloud
	clock    cloud.Clock
	graph    *graph.Client
	storage  *blob.Client
	blobRoot string
	place    place
	zone     *time.Location
	// cred is the tenant's credential.
	cred azcore.TokenCredential
	// tenant is the result of tenantID.
	tenant string
	// throttle, when set, is called when a service asks to wait; otherwise say prints it, unless it is nil.
	throttle func(pace.Throttle)
	say      func(string)
	// recorder records every exchange; nil: nothing is recorded.
	recorder *exchange.Recorder
	close    func()
}

// placeOf returns the place for the flags; wavePath is what "the scenario next to the wave" refers to.
func (g *globals) placeOf(wavePath string) (place, error) {
	p := place{sandbox: g.sandbox, speed: g.speed}
	if p.sandbox == besideWave {
		base := strings.TrimSuffix(wavePath, filepath.Ext(wavePath))
		p.sandbox = base + ".tenant.yaml"
		if _, err := os.Stat(p.sandbox); err != nil {
			return p, fault.Wrap(fault.Invalid, "sandbox.scenario", "there is no scenario "+p.sandbox+" beside the wave",
				"name one with --sandbox=FILE, or use --sandbox=URL for a sandbox that is already running", err)
		}
		g.sandbox = p.sandbox
	}
	return p, nil
}

// ends are the two services, and how to sign in to them.
type ends struct {
	graph, blob string
	// key signs requests to the storage account; empty: the sign-in does.
	key  string
	cred azcore.TokenCredential
}

// connect signs in and builds the clients. Beyond the sign-in it sends nothing to the real services yet; a sandbox is asked
// for its clock. Without a network it ends within 15 s.
func (a *app) connect(ctx context.Context, g *globals, p place) (*connection, error) {
	c := &connection{place: p, zone: a.zone, close: func() {}}
	if !g.quiet {
		c.say = func(text string) { _, _ = a.err.Write([]byte("wave365: " + text + "\n")) }
	}
	var to ends
	var err error
	if p.sandbox == "" {
		to, err = c.inCloud(g, func(text string) { _, _ = a.err.Write([]byte(text + "\n")) })
	} else {
		to, err = c.inSandbox(ctx, g)
	}
	if err == nil {
		err = c.enter(ctx, g, to)
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// inCloud returns the real services according to the flags.
func (c *connection) inCloud(g *globals, prompt func(string)) (to ends, err error) {
	if c.cloud, err = clouds.Lookup(g.cloud); err != nil {
		return to, err
	}
	to.graph = c.cloud.GraphRoot
	sign := signin.CredentialConfig{Method: g.signIn, Tenant: g.tenant, ClientID: g.clientID, Prompt: prompt}
	if g.credential != nil {
		sign = *g.credential
	}
	if to.cred, err = signin.Credential(c.cloud, sign); err != nil {
		return to, err
	}
	switch {
	case c.place.tenantOnly:
	case g.blobEndpoint != "":
		to.blob, err = endpointRoot(g.blobEndpoint, c.cloud)
	case g.account != "":
		to.blob, err = storageRoot("storage-account", g.account, c.cloud)
	default:
		err = fault.New(fault.Invalid, "usage", "no storage account given", "give --storage-account NAME, or storage-account in the configuration file")
	}
	return to, err
}

// inSandbox returns the services of a sandbox, which is started unless it is already running.
func (c *connection) inSandbox(ctx context.Context, g *globals) (ends, error) {
	at, err := c.rehearse(ctx, g, c.place)
	if err != nil {
		return ends{}, err
	}
	if g.blobEndpoint != "" {
		at.Blob = strings.TrimSuffix(g.blobEndpoint, "/")
	}
	c.cloud, err = clouds.Sandbox(at.Graph, at.Blob)
	return ends{at.Graph, at.Blob, blobapi.DevelopmentKey, signin.SandboxCredential()}, err
}

// enter builds the clients and signs in first, so that a failing sign-in is not discovered call by call.
func (c *connection) enter(ctx context.Context, g *globals, to ends) error {
	c.blobRoot, c.cred = to.blob, to.cred
	if err := c.record(g.record); err != nil {
		return err
	}
	if err := c.build(g, to.graph, to.cred, to.key); err != nil {
		return err
	}
	_, err := to.cred.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{to.graph + "/.default"}})
	return err
}

// record starts recording to a file, appending to its content; "" means none.
func (c *connection) record(path string) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fault.Wrap(fault.Invalid, "usage", "the recording cannot be written to "+path+": "+err.Error(), "choose another --record", err)
	}
	c.recorder = exchange.NewRecorder(f)
	before := c.close
	c.close = func() {
		before()
		err := c.recorder.Err()
		if err2 := f.Close(); err == nil {
			err = err2
		}
		if err != nil && c.say != nil {
			c.say("the recording " + path + " is not complete: " + err.Error())
		}
	}
	return nil
}

// build makes the two clients on their pipelines.
func (c *connection) build(g *globals, graphRoot string, cred azcore.TokenCredential, key string) error {
	notify := func(t pace.Throttle) {
		switch {
		case c.throttle != nil:
			c.throttle(t)
		case c.say != nil && t.Wait >= 10*time.Second:
			c.say(t.Why + ": resuming at " + clocks.OfDay(t.Until.In(c.zone), time.Now()))
		}
	}
	graphPipe, err := cloud.NewPipeline(cloud.PipelineConfig{
		Service: "graph", Root: graphRoot, Credential: cred, Logger: g.log, Clock: c.clock, Notify: notify,
		Lanes: graph.Lanes(), Recorder: c.recorder,
	})
	if err != nil {
		return err
	}
	c.graph = graph.New(graphPipe, graphRoot, graph.Options{Clock: c.clock})
	if c.blobRoot == "" {
		return nil
	}
	own := c.cloud.OwnStorage(c.blobRoot)
	blobPipe, err := cloud.NewPipeline(cloud.PipelineConfig{
		Service: "blob", Root: clouds.Host(c.blobRoot), NoToken: !own, Logger: g.log, Clock: c.clock, Notify: notify, Recorder: c.recorder,
	})
	if err != nil {
		return err
	}
	cfg := blob.Config{Root: c.blobRoot, Pipeline: blobPipe, Clock: c.clock}
	if envKey := os.Getenv("WAVE365_STORAGE_KEY"); envKey != "" && g.blobEndpoint != "" {
		key = envKey
	} else if g.blobEndpoint != "" && bloburl.AccountOf(c.blobRoot) == blobapi.DevelopmentAccount {
		key = blobapi.DevelopmentKey
	}
	switch {
	case key != "":
		cfg.SharedKey = key
	case own:
		cfg.Credential = cred
	}
	c.storage, err = blob.New(cfg)
	return err
}

// rehearse finds or starts the sandbox and uses its time. c.close ends what it started, also after an error.
func (c *connection) rehearse(ctx context.Context, g *globals, p place) (loopback.Endpoints, error) {
	if loopback.IsURL(p.sandbox) {
		u, err := url.Parse(p.sandbox)
		if err != nil || u.Host == "" {
			return loopback.Endpoints{}, fault.New(fault.Invalid, "usage", "--sandbox="+p.sandbox+" is not a URL", "copy the graph URL that the sandbox command printed")
		}
		if err := clouds.Loopback(p.sandbox); err != nil {
			return loopback.Endpoints{}, err
		}
		root := u.Scheme + "://" + u.Host
		c.clock, err = sandboxClock(ctx, root)
		return loopback.Endpoints{Graph: root, Blob: root + "/" + blobapi.DevelopmentAccount}, err
	}
	scenario, err := sandbox.LoadScenario(p.sandbox)
	if err != nil {
		return loopback.Endpoints{}, err
	}
	s, err := sandbox.New(sandbox.Config{Scenario: scenario, Speed: p.speed, StateDir: p.stateDir, Logger: g.log})
	if err != nil {
		return loopback.Endpoints{}, err
	}
	l, err := listen("127.0.0.1:0")
	if err != nil {
		_ = s.Close()
		return loopback.Endpoints{}, err
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	c.close = func() {
		_ = s.Close()
		if err := <-served; err != nil {
			g.log.Error("the sandbox in the process ended with an error", "error", err.Error())
		}
	}
	at := loopback.Of(l.Addr())
	c.clock, err = sandboxClock(ctx, at.Graph)
	return at, err
}

// listen opens a loopback port.
func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if live.Taken(err) {
		return nil, fault.Wrap(fault.Invalid, "sandbox.port", "another process listens on "+addr, "choose another port, or 127.0.0.1:0 for any free one", err)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "sandbox.port", "cannot listen on "+addr+": "+err.Error(), "use a loopback address such as 127.0.0.1:0", err)
	}
	if err := loopback.Check(l.Addr()); err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

// sandboxClock returns the clock of a sandbox.
func sandboxClock(ctx context.Context, root string) (cloud.Clock, error) {
	now, speed, err := clock.Of(ctx, root)
	if err != nil {
		return cloud.Clock{}, err
	}
	return cloud.FastClock(time.Now(), now, speed), nil
}

// tenantID returns the tenant's id for the ledger; "" when this sign-in may not read it. A sandbox is never the tenant
// whose id it has.
func (c *connection) tenantID(ctx context.Context) (string, error) {
	if c.tenant != "" {
		return c.tenant, nil
	}
	if c.place.sandbox == "" {
		token, err := c.cred.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{c.cloud.GraphRoot + "/.default"}})
		if err != nil {
			return "", err
		}
		if c.tenant = signin.IdentityOf(token.Token).Tenant; c.tenant != "" {
			return c.tenant, nil
		}
	}
	org, err := c.graph.Organization(ctx)
	switch {
	case fault.Is(err, fault.Denied):
		return "", nil
	case err != nil:
		return "", err
	case c.place.sandbox != "":
		c.tenant = "sandbox " + org.ID
	default:
		c.tenant = org.ID
	}
	return c.tenant, nil
}
