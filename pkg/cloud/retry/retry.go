// Package retry decides what is sent again: the rules for calls that are safe to repeat and for those that are not,
// what a service's refusal asks for, and whether a call that is not repeated may have had its effect. It does not wait.
package retry

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"wave365/pkg/cloud/contact"
)

const (
	// In service time. Without a Retry-After the delays add up to three quarters of a minute, which outlives the windows of 20
	// seconds that the service counts in.
	maxRetries = 5
	firstDelay = 800 * time.Millisecond
	// MaxDelay is the longest pause that azcore sits out, in service time. After a longer one what may be repeated is sent again
	// by the pipeline; what may not ends as throttled.
	MaxDelay = time.Minute
)

type attemptKey struct{}

// Attempt remembers whether a call that must not be repeated may have reached the service. Safe for concurrent use.
type Attempt struct {
	// Acted: it may have. Metered: the service counts every try.
	Acted   atomic.Bool
	Metered bool
}

// Once marks the one call made with the returned context as not idempotent. It is sent once, and repeated only after a
// 429 or when no connection could be made, that is before a byte was sent. Make a new context for each call; afterwards
// [MayHaveActed] reports whether the call can have had an effect.
func Once(ctx context.Context) context.Context {
	return context.WithValue(ctx, attemptKey{}, new(Attempt))
}

// Metered is like [Once], for a call of which the service counts every try, refused ones too, against an allowance of
// its own: a 429 is returned at once, with the pause in its headers, and does not delay other calls.
func Metered(ctx context.Context) context.Context {
	return context.WithValue(ctx, attemptKey{}, &Attempt{Metered: true})
}

// MayHaveActed reports whether the call made with a context from [Once] or [Metered] got so far that the service may have acted
// on it: it was sent, and neither refused with 429 nor lost before a connection stood. It is true after a success too.
// For any other context it is false.
func MayHaveActed(ctx context.Context) bool {
	a := AttemptOf(ctx)
	return a != nil && a.Acted.Load()
}

// AttemptOf is that of a context from [Once] or [Metered]; nil for any other.
func AttemptOf(ctx context.Context) *Attempt {
	a, _ := ctx.Value(attemptKey{}).(*Attempt)
	return a
}

// Options are the rules for calls that are safe to repeat and for those that are not. They differ in what is repeated, not in
// how long they wait: wall converts service time to wall time.
func Options(wall func(time.Duration) time.Duration) (safe, once, metered policy.RetryOptions) {
	safe = policy.RetryOptions{
		MaxRetries:    maxRetries,
		RetryDelay:    max(1, wall(firstDelay)),
		MaxRetryDelay: max(1, wall(MaxDelay)),
	}
	once = safe
	safe.ShouldRetry = func(resp *http.Response, err error) bool {
		if err != nil {
			return !contact.NeverWorks(err)
		}
		switch resp.StatusCode {
		case http.StatusTooManyRequests:
			return !IsQuota(resp)
		case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		default:
			return false
		}
	}
	once.ShouldRetry = func(resp *http.Response, err error) bool {
		if err != nil {
			return contact.NotSent(err) && !contact.NeverWorks(err)
		}
		return resp.StatusCode == http.StatusTooManyRequests && !IsQuota(resp)
	}
	metered = once
	metered.ShouldRetry = func(_ *http.Response, err error) bool {
		return err != nil && contact.NotSent(err) && !contact.NeverWorks(err)
	}
	return safe, once, metered
}

// IsQuota reports whether an answer means that an allowance is used up, in which case waiting some seconds does not
// help and must not keep the other calls waiting.
func IsQuota(resp *http.Response) bool {
	if resp.StatusCode == http.StatusInsufficientStorage {
		return true
	}
	if resp.StatusCode < 400 || resp.StatusCode >= 500 {
		return false
	}
	body, err := runtime.Payload(resp)
	return err == nil && quotaCode.Match(body)
}

// quotaCode checks codes only: ordinary throttling may mention quotas in its message.
var quotaCode = regexp.MustCompile(`(?i)"code"\s*:\s*"[^"]*quota`)

// Permanent makes an error that azcore must not repeat.
func Permanent(err error) error { return permanentError{err} }

type permanentError struct{ error }

// NonRetriable marks the error for azcore.
func (permanentError) NonRetriable() {}

// Unwrap returns the fault.
func (p permanentError) Unwrap() error { return p.error }

// BrokenOff returns why an answer's body ended early, in a form that is tried again. azcore does so for GET, PUT and DELETE
// only, not for the POST of a batch of reads; here [Once] marks what is not repeated.
func BrokenOff(err error) error {
	if _, ours := errors.AsType[permanentError](err); ours {
		return err
	}
	if mark, ok := errors.AsType[interface {
		error
		NonRetriable()
	}](err); ok {
		return cmp.Or(errors.Unwrap(mark), err)
	}
	return err
}
