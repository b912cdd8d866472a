// Package permit checks whether this process may still act, right before a request leaves, and lets none leave without a
// fresh yes.
package permit

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"wave365/pkg/cloud/retry"
	"wave365/pkg/fault"
)

// AnswerHolds is how long the answer to a [Question] is believed: far shorter than any take-over takes.
const AnswerHolds = 2 * time.Second

// Question is the check before a request is sent: whether this process may still act. A process may be frozen, and its
// machine suspended, at any moment, so an answer is valid for 2 s only, by the monotonic clock and by the wall clock, of
// which the first stands still on a machine that sleeps. Safe for concurrent use.
type Question struct {
	ask func() error

	mu      sync.Mutex
	asked   time.Time // zero: never
	refused error
	sent    bool
}

// New makes a question of a function that returns nil for yes. It is called by one goroutine at a time, and not again
// after a no.
func New(ask func() error) *Question { return &Question{ask: ask} }

// Settle asks unless the last answer is fresh. The error is that of the question, from then on permanently.
func (q *Question) Settle() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	// An answer may have been in transit while the process was frozen, so it is as old as its question. Three slow
	// answers mean only that the ledger is slow: the wire decides.
	for n := 0; n < 3 && !q.freshLocked(); n++ {
		if q.refused == nil {
			q.asked = time.Now()
			q.refused = q.ask()
		}
	}
	return q.refused
}

// Refused is the no that was the answer; nil: there was none.
func (q *Question) Refused() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.refused
}

// Sent reports whether a request was sent, or may have been, for which this was the question.
func (q *Question) Sent() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.sent
}

// fresh reports whether the last answer is a yes that is still believed.
func (q *Question) fresh() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.freshLocked()
}

func (q *Question) wasSent() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sent = true
}

func (q *Question) freshLocked() bool {
	now := time.Now()
	return q.refused == nil && !q.asked.IsZero() && now.Sub(q.asked) < AnswerHolds && now.Round(0).Sub(q.asked.Round(0)) < AnswerHolds
}

type questionKey struct{}

// AskFirst makes the question be asked right before each request below is sent, after any wait: the service's pace, a
// pause, a sign-in, a connection. When it returns an error, nothing is sent, the request is not tried again, and that
// error is its answer. Over a transport of ours, or an *http.Client, no byte of the request leaves when the answer is not
// fresh at that moment, however long the process was frozen before; then it is asked, and the request sent, again.
func AskFirst(ctx context.Context, q *Question) context.Context {
	return context.WithValue(ctx, questionKey{}, q)
}

func questionOf(ctx context.Context) *Question {
	q, _ := ctx.Value(questionKey{}).(*Question)
	return q
}

// ErrTooLate is a request of which no byte was sent, because the answer to its question had grown old.
var ErrTooLate = errors.New("nothing was sent: this process last confirmed that it may act too long ago")

// Timely sends a request, which may carry a question, again when the answer had become stale on the way.
func Timely(req *policy.Request, send func() (*http.Response, error)) (resp *http.Response, err error) {
	q := questionOf(req.Raw().Context())
	if q == nil {
		return send()
	}
	for n := 0; n < 3; n++ {
		if err := q.Settle(); err != nil {
			return nil, retry.Permanent(err)
		}
		if resp, err = send(); !errors.Is(err, ErrTooLate) {
			q.wasSent()
			return resp, err
		}
		if err := req.RewindBody(); err != nil {
			return nil, err
		}
	}
	if err := q.Refused(); err != nil {
		return nil, retry.Permanent(err)
	}
	return nil, retry.Permanent(fault.Wrap(fault.Unavailable, "", "the ledger takes too long to say whether this process still drives the run", "nothing was sent: try again", err))
}
