package cloud

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

const (
	// In service time. A pause longer than maxDelay is not azcore's to sit out: what may be repeated is sent again after it;
	// what may not ends as throttled. Without a Retry-After the delays add up to three quarters of a minute, which
	// outlives the windows of 20 seconds that the service counts in.
	maxRetries = 5
	firstDelay = 800 * time.Millisecond
	maxDelay   = time.Minute
)

type attemptKey struct{}

// attempt remembers whether a call that must not be repeated may have reached the service.
type attempt struct {
	acted   atomic.Bool
	metered bool
}

// NoRetry marks the one call made with the returned context as not idempotent. It is sent once, and repeated only
// after a 429 or when no connection could be made, that is before a byte was sent. Make a new context for each call;
// afterwards [MayHaveActed] tells whether the call can have had an effect.
func NoRetry(ctx context.Context) context.Context {
	return context.WithValue(ctx, attemptKey{}, new(attempt))
}

// Metered is [NoRetry] for a call of which the service counts every try, refused ones too, against an allowance of its own:
// a 429 is given back at once, with the pause in its headers, and holds nobody else.
func Metered(ctx context.Context) context.Context {
	return context.WithValue(ctx, attemptKey{}, &attempt{metered: true})
}

// MayHaveActed reports whether the call made with a context from [NoRetry] or [Metered] got so far that the service may have acted
// on it: it was sent, and neither refused with 429 nor lost before a connection stood. It is true after a success too.
// For any other context it is false.
func MayHaveActed(ctx context.Context) bool {
	a := attemptOf(ctx)
	return a != nil && a.acted.Load()
}

func attemptOf(ctx context.Context) *attempt {
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	return a
}

// retryOptions are the rules for calls that are safe to repeat and for those that are not. They differ in what is
// repeated, not in how long is waited: wall says how long a stretch of service time takes on the wall clock. also are answers
// that are safe to repeat for the service besides 429, 502, 503 and 504.
func retryOptions(wall func(time.Duration) time.Duration, also []int) (safe, once, metered policy.RetryOptions) {
	safe = policy.RetryOptions{
		MaxRetries:    maxRetries,
		RetryDelay:    max(1, wall(firstDelay)),
		MaxRetryDelay: max(1, wall(maxDelay)),
	}
	once = safe
	safe.ShouldRetry = func(resp *http.Response, err error) bool {
		if err != nil {
			return !neverWorks(err)
		}
		switch resp.StatusCode {
		case http.StatusTooManyRequests:
			return !isQuota(resp)
		case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return slices.Contains(also, resp.StatusCode)
	}
	once.ShouldRetry = func(resp *http.Response, err error) bool {
		if err != nil {
			return notSent(err) && !neverWorks(err)
		}
		return resp.StatusCode == http.StatusTooManyRequests && !isQuota(resp)
	}
	metered = once
	metered.ShouldRetry = func(_ *http.Response, err error) bool {
		return err != nil && notSent(err) && !neverWorks(err)
	}
	return safe, once, metered
}

// isQuota reports whether an answer says that an allowance is used up, in which case waiting some seconds is no use and
// must not keep the other calls waiting.
func isQuota(resp *http.Response) bool {
	if resp.StatusCode == http.StatusInsufficientStorage {
		return true
	}
	if resp.StatusCode < 400 || resp.StatusCode >= 500 {
		return false
	}
	body, err := runtime.Payload(resp)
	return err == nil && quotaCode.Match(body)
}

// quotaCode looks at codes only: ordinary throttling may speak of quotas in its message.
var quotaCode = regexp.MustCompile(`(?i)"code"\s*:\s*"[^"]*quota`)

// permanent makes an error that azcore must not repeat.
func permanent(err error) error { return permanentError{err} }

type permanentError struct{ error }

// NonRetriable marks the error for azcore.
func (permanentError) NonRetriable() {}

// Unwrap gives the fault.
func (p permanentError) Unwrap() error { return p.error }

// brokenOff gives why an answer's body broke off in a form that is tried again. azcore does so for GET, PUT and DELETE only,
// not for the POST of a batch of reads; here it is [NoRetry] that says what is not repeated.
func brokenOff(err error) error {
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
