package graph

import (
	"net/http"
	"strings"

	"wave365/pkg/cloud/pace"
)

// Lanes are the rate limits of this package's calls. Cloud PC calls keep to half of the nearest published limit (200 writes
// and 2,000 requests in 20 s), so that there is room for others. The directory counts in resource units, 3,500 in 10 s for
// the smallest tenants and 8,000 for those that have a wave's people, and limits writes separately (3,000 in 150 s); its
// answers report how close a client is to the limit, which lowers the pace.
func Lanes() []pace.Lane {
	return []pace.Lane{
		{
			Match: func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, beta+"/") },
			Reads: pace.Pace{PerSecond: 50, Burst: 100}, Writes: pace.Pace{PerSecond: 5, Burst: 50},
		},
		{Reads: pace.Pace{PerSecond: 250, Burst: 250}, Writes: pace.Pace{PerSecond: 10, Burst: 50}},
	}
}
