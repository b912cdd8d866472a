package contact

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// reachLimit is how long a host may take to answer at all.
const reachLimit = 10 * time.Second

// Reach checks that a host answers, without any credential: any HTTP status will do. took is how long that took; off is
// the host's clock less ours, to the second, 0 when it is not known. The error is a fault: Unavailable with
// [CodeUnreachable], naming host and cause.
func Reach(ctx context.Context, root string) (took, off time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, reachLimit)
	defer cancel()
	u, err := url.Parse(root)
	if err != nil {
		return 0, 0, Unreachable(root, "it is not a URL", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, root, nil)
	if err != nil {
		return 0, 0, Unreachable(u.Host, "it is not a URL", err)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	began := time.Now()
	resp, err := client.Do(req)
	took = time.Since(began)
	if err != nil {
		return took, 0, Unreachable(u.Hostname(), Cause(err), err)
	}
	_ = resp.Body.Close()
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		off = date.Sub(began.Add(took / 2).Truncate(time.Second))
	}
	return took, off, nil
}
