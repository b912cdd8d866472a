package clouds

import "net/url"

// Host is the scheme and host of an endpoint, as they are spelled there.
func Host(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return endpoint
	}
	return u.Scheme + "://" + u.Host
}
