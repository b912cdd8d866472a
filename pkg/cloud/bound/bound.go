// Package bound keeps what answers within bounds: how long a connection may take to be made, and how much of an answer is read.
package bound

import (
	"context"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"wave365/pkg/cloud/retry"
	"wave365/pkg/fault"
)

// CodeTooLarge: an answer is longer than any of that service should be; the rest was not read.
const CodeTooLarge = "cloud.answer-too-large"

const (
	// MaxAnswer is how many bytes of an answer are read, unpacked. The largest honest ones, a page of a list, have some
	// hundred kilobytes.
	MaxAnswer = 32 << 20
	// maxParts bounds the elements, fields and tags of an answer in JSON or XML, which take more memory than they have
	// bytes.
	maxParts = 400_000
	// small is how many bytes of any answer are read at any time. What is larger, as no honest answer is, is read one after
	// the other, so that many at once do not take the memory of the machine.
	small = 2 << 20
)

// large is held while a caller reads the rest of an answer that is larger than [small].
var large = make(chan struct{}, 1)

// Answers is a transport whose answers end at [MaxAnswer], whatever the server sends. Safe for concurrent use.
func Answers(next policy.Transporter, service string) policy.Transporter {
	return transport{next, service}
}

type transport struct {
	next    policy.Transporter
	service string
}

// Do sends a request. Reading the answer's body past its bound is a fault of kind Unavailable and code [CodeTooLarge]
// that is not tried again.
func (b transport) Do(req *http.Request) (*http.Response, error) {
	resp, err := b.next.Do(req)
	if resp == nil || resp.Body == nil || err != nil {
		return resp, err
	}
	if req.Method != http.MethodHead && resp.ContentLength > MaxAnswer {
		_ = resp.Body.Close()
		return nil, b.tooLarge(strconv.FormatInt(resp.ContentLength>>20, 10) + " MiB are announced")
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	resp.Body = &boundedBody{
		ReadCloser: resp.Body, ctx: req.Context(), of: b, left: MaxAnswer, parts: maxParts,
		text: strings.Contains(kind, "json") || strings.Contains(kind, "xml"),
	}
	return resp, nil
}

func (b transport) tooLarge(why string) error {
	f := fault.New(fault.Unavailable, CodeTooLarge,
		"an answer of "+b.service+" is larger than any should be ("+strconv.Itoa(MaxAnswer>>20)+" MiB at most): "+why,
		"the rest of it was not read: check what answers instead of the service (a proxy, an appliance), then try again")
	f.Remote = &fault.Remote{Service: b.service}
	return retry.Permanent(f)
}

// boundedBody is the body of an answer.
type boundedBody struct {
	io.ReadCloser
	ctx   context.Context
	of    transport
	left  int64
	text  bool
	parts int
	// holds: it is the one that may continue reading.
	holds bool
}

// Read reads up to the bound. It waits while another large answer is read.
func (b *boundedBody) Read(p []byte) (int, error) {
	if !b.holds && b.left < MaxAnswer-small {
		select {
		case large <- struct{}{}:
			b.holds = true
		case <-b.ctx.Done():
			return 0, b.ctx.Err()
		}
	}
	n, err := b.read(p)
	if err != nil {
		b.release()
	}
	return n, err
}

// Close lets the next large answer be read.
func (b *boundedBody) Close() error {
	b.release()
	return b.ReadCloser.Close()
}

func (b *boundedBody) release() {
	if b.holds {
		b.holds = false
		<-large
	}
}

func (b *boundedBody) read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, b.of.tooLarge("it continues after that")
	}
	if b.text {
		for _, c := range p[:n] {
			if c == ',' || c == '<' || c == '{' || c == '[' {
				b.parts--
			}
		}
		if b.parts < 0 {
			return 0, b.of.tooLarge("it has more than " + strconv.Itoa(maxParts) + " parts")
		}
	}
	return n, err
}
