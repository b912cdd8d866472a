package cloud

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"wave365/pkg/cloud/bound"
	"wave365/pkg/cloud/clouds"
	"wave365/pkg/cloud/contact"
	"wave365/pkg/cloud/exchange"
	"wave365/pkg/cloud/pace"
	"wave365/pkg/cloud/permit"
	"wave365/pkg/cloud/redact"
	"wave365/pkg/cloud/redact/sink"
	"wave365/pkg/cloud/retry"
	"wave365/pkg/cloud/signin"
	"wave365/pkg/fault"
)

// PipelineConfig configures a [Pipeline].
type PipelineConfig struct {
	// Service is "graph" or "blob": it names the limiter, the log lines and fault.Remote.Service. Required.
	Service string
	// Root is scheme://host[:port], the only place a token is sent to. Plain http is allowed for loopback hosts only.
	// Empty: no token is sent anywhere, and Credential must be nil.
	Root string
	// NoToken refuses every bearer token, also to Root: for endpoints that are not the cloud's own, which are entered by an
	// account key or by signatures.
	NoToken bool
	// Credential signs the requests of [Pipeline.Do]; nil: they go unsigned. Clients built on [Pipeline.ClientOptions]
	// bring their own.
	Credential azcore.TokenCredential
	// Scopes are those of the tokens; empty: Root + "/.default".
	Scopes []string
	// Transport sends the requests. It must not follow redirects; an *http.Client is copied and set not to. nil: an
	// http.Client of our own.
	Transport policy.Transporter
	// Logger gets one line for each request sent, at debug level, redacted. nil: there is no log.
	Logger *slog.Logger
	// Clock is the service's time. Paces, Retry-After and the delays between tries are in service time.
	Clock Clock
	// Lanes bound the requests of all callers together; a request is in the first lane that matches. nil: no limit.
	Lanes []pace.Lane
	// Recorder keeps every exchange, those that are tried again too; nil: nothing is kept.
	Recorder *exchange.Recorder
	// Notify is called when the service asks for a pause, from the goroutine that got the answer; it must not block.
	// May be nil.
	Notify func(pace.Throttle)
}

// Pipeline sends requests to one service: it repeats what is safe to repeat, keeps the pace, and keeps the token at
// home. Safe for concurrent use. It holds nothing that must be closed.
type Pipeline struct {
	cfg   PipelineConfig
	root  string // origin; empty: no token
	plain bool   // root is loopback over http
	gate  *pace.Gate
	lanes pace.Lanes
	// contacts are the hosts that were spoken to.
	contacts contact.Hosts
	inner    runtime.Pipeline
	retry    policy.RetryOptions // for calls that are safe to repeat
	once     policy.RetryOptions // for calls that are not
	metered  policy.RetryOptions // for those of which each try is counted
}

const (
	module  = "wave365"
	version = "v1.0.0"

	// maxPauses is how many long pauses one after the other a request sits out.
	maxPauses = 20
	// On the wall clock: a try without an answer for so long is given up.
	tryTimeout = 2 * time.Minute
)

// NewPipeline checks cfg and builds the pipeline; it sends nothing. The error is a fault of kind Invalid that names
// the field.
func NewPipeline(cfg PipelineConfig) (*Pipeline, error) {
	if cfg.Service == "" {
		return nil, fault.New(fault.Invalid, "cloud.config", "pipeline without a service name", "set Service")
	}
	p := &Pipeline{cfg: cfg, gate: pace.NewGate(cfg.Service, cfg.Clock)}
	if err := p.setRoot(); err != nil {
		return nil, err
	}
	if cfg.Logger == nil {
		p.cfg.Logger = slog.New(slog.DiscardHandler)
	} else {
		p.cfg.Logger = slog.New(sink.Handler(cfg.Logger.Handler()))
	}
	p.lanes = pace.NewLanes(cfg.Lanes, cfg.Clock.Speed())
	switch t := cfg.Transport.(type) {
	case nil:
		p.cfg.Transport = permit.OnWire(bound.NewClient())
	case *http.Client:
		p.cfg.Transport = permit.OnWire(bound.WithoutRedirects(t))
	}
	p.cfg.Transport = bound.Answers(p.cfg.Transport, cfg.Service)
	p.retry, p.once, p.metered = retry.Options(cfg.Clock.Wall)
	opts := p.options()
	own := runtime.PipelineOptions{PerRetry: []policy.Policy{policyFunc(p.pace)}}
	if cfg.Credential != nil {
		scopes := cfg.Scopes
		if len(scopes) == 0 {
			scopes = []string{strings.TrimRight(cfg.Root, "/") + "/.default"}
		}
		own.PerRetry = append(own.PerRetry, policyFunc(p.rootOnly), runtime.NewBearerTokenPolicy(signin.WithFaults(cfg.Credential),
			scopes, &policy.BearerTokenOptions{InsecureAllowCredentialWithHTTP: p.plain}))
	}
	opts.PerRetryPolicies = []policy.Policy{policyFunc(p.guard), policyFunc(p.edge)}
	p.inner = runtime.NewPipeline(module, version, own, &opts)
	return p, nil
}

func (p *Pipeline) setRoot() error {
	if p.cfg.Root == "" {
		if p.cfg.Credential != nil {
			return fault.New(fault.Invalid, "cloud.config", "a credential without a root to send its tokens to", "set Root")
		}
		return nil
	}
	u, err := url.Parse(p.cfg.Root)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return fault.New(fault.Invalid, "cloud.config", "root "+redact.String(p.cfg.Root)+" is not scheme://host", "set Root")
	}
	if u.Scheme == "http" {
		if !clouds.IsLoopback(u.Hostname()) {
			return fault.New(fault.Invalid, "cloud.plain-http",
				"root "+redact.String(p.cfg.Root)+" is plain http: a token would travel in clear",
				"use https, or a loopback address for a sandbox")
		}
		p.plain = true
	}
	p.root = clouds.Origin(u)
	return nil
}

// Do sends one request and returns the service's answer, whatever its status; the body is read already. The error is the
// context's, a *fault.Fault (sign-in refused, foreign host, a pause longer than the request's deadline), or the
// transport's with secrets removed from its text. Calls are repeated by the rules of [retry.Once] and azcore's retry
// policy. Every wait ends with the request's context; a wait that its deadline would cut short does not begin.
func (p *Pipeline) Do(req *policy.Request) (*http.Response, error) {
	resp, err := p.inner.Do(req)
	if err != nil {
		return resp, safe(err)
	}
	return resp, nil
}

// safe leaves errors alone that print only what this package wrote.
func safe(err error) error {
	if f := fault.As(err); f != nil {
		return f
	}
	// The bare cause, not what is wrapped around it.
	for _, cause := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, cause) {
			return cause
		}
	}
	return redact.Error(err)
}

// ClientOptions gives clients of the Azure SDK this pipeline's retries, pace, request ids, log, guard and transport.
// They sign their own requests; a signed request to a host other than Root is refused all the same.
func (p *Pipeline) ClientOptions() policy.ClientOptions {
	o := p.options()
	// A shared key signs the time too, so a long pause is sat out before signing; the second wait is for the retries.
	o.PerCallPolicies = append(o.PerCallPolicies, policyFunc(p.open))
	o.PerRetryPolicies = []policy.Policy{policyFunc(p.guard), policyFunc(p.pace), policyFunc(p.edge)}
	return o
}

// Service is the name given in the configuration.
func (p *Pipeline) Service() string { return p.cfg.Service }

// Hold makes all callers wait for d of service time, because an answer that the pipeline cannot read (one inside a
// $batch) asked for it. A caller that was notified of the pause is notified once.
func (p *Pipeline) Hold(d time.Duration, why string) {
	if p.gate.Hold(d) && p.cfg.Notify != nil {
		p.cfg.Notify(pace.Throttle{Service: p.cfg.Service, Until: p.cfg.Clock.Now().Add(d), Wait: d, Why: redact.String(why)})
	}
}

// options are what both ways of riding the pipeline share.
func (p *Pipeline) options() policy.ClientOptions {
	return policy.ClientOptions{
		InsecureAllowCredentialWithHTTP: p.plain,
		Retry:                           p.retry,
		Telemetry:                       policy.TelemetryOptions{ApplicationID: module},
		Transport:                       p.cfg.Transport,
		PerCallPolicies:                 []policy.Policy{policyFunc(p.identify), policyFunc(p.classify), policyFunc(p.patient)},
	}
}

// policyFunc makes a method a policy.
type policyFunc func(*policy.Request) (*http.Response, error)

// Do calls f.
func (f policyFunc) Do(req *policy.Request) (*http.Response, error) { return f(req) }
