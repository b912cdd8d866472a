// Package webhook posts messages as Adaptive Cards to a workflow of Microsoft Teams, or to anything that accepts the
// same JSON.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"wave365/pkg/cloud/redact"
	"wave365/pkg/fault"
	"wave365/pkg/notify"
)

// Webhook is one address that accepts cards. The address is a secret: anyone who has it can post.
type Webhook struct {
	url    *url.URL
	client *http.Client
}

// New parses the address. It has to be https, or on this machine. The fault is Invalid and does not repeat the address.
func New(address string) (*Webhook, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
		return nil, fault.New(fault.Invalid, "usage", "the webhook in WAVE365_WEBHOOK is not an https address", "copy it whole from the workflow in Teams: \"When a Teams webhook request is received\"")
	}
	const patience = 30 * time.Second
	return &Webhook{url: u, client: &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Loopback reports whether the address is on this machine.
func (w *Webhook) Loopback() bool { return loopback(w.url.Hostname()) }

// Name is "webhook".
func (*Webhook) Name() string { return "webhook" }

// Send posts a message's card. A 2xx means delivered; after no answer, or a 5xx, the outcome is unknown.
func (w *Webhook) Send(ctx context.Context, m notify.Message) error {
	body, err := json.Marshal(Card(m))
	if err != nil {
		return fault.Wrap(fault.Internal, "", "the card cannot be written", "", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url.String(), bytes.NewReader(body))
	if err != nil {
		return fault.New(fault.Invalid, "usage", "the webhook's address cannot be used", "copy it again")
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := w.client.Do(req)
	if err != nil {
		var lookup *net.DNSError
		var dial *net.OpError
		if errors.As(err, &lookup) || errors.As(err, &dial) && dial.Op == "dial" {
			return fault.Wrap(fault.Unavailable, "notify.webhook", "the webhook at "+w.url.Hostname()+" cannot be reached", "check the network and the address", redact.Error(err))
		}
		return fault.Wrap(fault.OutcomeUnknown, "notify.webhook", "the webhook at "+w.url.Hostname()+" gave no answer: the card may have been posted", "look into the channel; it is not sent again", redact.Error(err))
	}
	defer func() { _ = resp.Body.Close() }()
	const most = 4096
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, most))
	switch s := resp.StatusCode; {
	case s >= 200 && s < 300:
		return nil
	case s >= 500:
		return fault.New(fault.OutcomeUnknown, "notify.webhook", "the webhook at "+w.url.Hostname()+" answered "+strconv.Itoa(s)+": the card may have been posted", "look into the channel; it is not sent again")
	default:
		return fault.New(fault.Invalid, "notify.webhook", "the webhook at "+w.url.Hostname()+" refuses the card: "+strconv.Itoa(s), "the workflow may have been deleted, or its address changed: copy it again")
	}
}

// card is the envelope that a Teams workflow accepts.
type card struct {
	Type        string       `json:"type"`
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	ContentType string  `json:"contentType"`
	Content     content `json:"content"`
}

type content struct {
	Schema  string    `json:"$schema"`
	Type    string    `json:"type"`
	Version string    `json:"version"`
	Body    []element `json:"body"`
}

type element struct {
	Type   string `json:"type"`
	Text   string `json:"text,omitempty"`
	Weight string `json:"weight,omitempty"`
	Size   string `json:"size,omitempty"`
	Wrap   bool   `json:"wrap,omitempty"`
	Facts  []fact `json:"facts,omitempty"`
}

type fact struct {
	Title string `json:"title"`
	Value string `json:"value"`
}

// Card returns a message as an Adaptive Card.
func Card(m notify.Message) any {
	c := content{Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4",
		Body: []element{{Type: "TextBlock", Text: plain(m.Subject), Weight: "Bolder", Size: "Medium", Wrap: true}}}
	for p := range strings.SplitSeq(strings.TrimSpace(m.Text), "\n\n") {
		c.Body = append(c.Body, element{Type: "TextBlock", Text: plain(p), Wrap: true})
	}
	facts := element{Type: "FactSet"}
	for _, f := range m.Facts {
		if f.Value != "" {
			facts.Facts = append(facts.Facts, fact{f.Name, plain(f.Value)})
		}
	}
	c.Body = append(c.Body, facts)
	return card{Type: "message", Attachments: []attachment{{"application/vnd.microsoft.card.adaptive", c}}}
}

// plain escapes Markdown, which cards render, so that no name becomes a link or a heading.
func plain(s string) string {
	return strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, "*", `\*`, "_", `\_`, "#", `\#`, "`", "\\`").Replace(s)
}
