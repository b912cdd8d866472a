package loopback

import "strings"

// IsURL reports whether a text names a sandbox that is already running, and not a scenario file. [Check] judges where it is.
func IsURL(text string) bool {
	return strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://")
}
