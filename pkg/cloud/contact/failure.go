package contact

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"strings"
	"syscall"

	"wave365/pkg/cloud/redact"
	"wave365/pkg/fault"
)

// CodeUnreachable: no connection to a host could be made; the message names host and cause.
const CodeUnreachable = "cloud.unreachable"

// NeverWorks reports errors that the next try would meet again: the other side is not who it should be.
func NeverWorks(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// NotSent reports errors that prove that no byte of the request left: there was no connection to send it on.
func NotSent(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return true
	}
	return errors.Is(err, syscall.ECONNREFUSED) || NeverWorks(err)
}

// NoConnection reports errors of a connection that was never made, at a proxy too: what a proxy did is not known as well.
func NoConnection(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	_, dns := errors.AsType[*net.DNSError](err)
	return NotSent(err) || dns || ok && op.Op == "proxyconnect"
}

// Cause describes briefly why a host cannot be reached, without the address that the standard library puts before it.
func Cause(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		switch {
		case dns.IsNotFound:
			return "no such host"
		case dns.IsTimeout:
			return "its name could not be resolved in time"
		}
		return "its name could not be resolved (" + dns.Err + ")"
	}
	if cert, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate is not trusted (" + cert.Err.Error() + ")"
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "it did not respond in time"
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		if op.Timeout() {
			return "it did not respond in time"
		}
		err = op.Err
	}
	if no, ok := errors.AsType[syscall.Errno](err); ok {
		return no.Error()
	}
	return strings.TrimSpace(FirstLine(err.Error()))
}

// Unreachable is the fault for a host that cannot be reached.
func Unreachable(host, why string, err error) *fault.Fault {
	return fault.Wrap(fault.Unavailable, CodeUnreachable, "cannot reach "+host+": "+redact.String(why),
		"check the network, the proxy (HTTPS_PROXY) and the name, then try again; nothing was changed", redact.Error(err))
}

func FirstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(line)
}
