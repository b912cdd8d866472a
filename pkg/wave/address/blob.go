package address

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"wave365/pkg/wave/lookalike"
	"wave365/pkg/wave/sheet/celltext"
)

const (
	maxBlobName      = 1024
	minContainerName = 3
	maxContainerName = 63
)

// Check returns why a cell names no blob; "" when it does, as a path in the configured account or as a URL. Whether the
// host is right and the signature valid is judged elsewhere. The result repeats nothing but what stands before the name of the blob.
func Check(s string) string {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return "the blob has a line break or another control character in it"
	}
	if i := strings.IndexFunc(s, celltext.Invisible); i >= 0 {
		return fmt.Sprintf("the blob contains an invisible character (%U)", []rune(s[i:])[0])
	}
	place, _, _ := strings.Cut(s, "?")
	if _, cut := lookalike.Cut(place); cut {
		return "the blob ends in three dots: " + lookalike.CutOff + "; " + lookalike.Whole
	}
	if c, found := lookalike.Find(beforeName(place)); found {
		return c.In("the blob")
	}
	if strings.Contains(s, "://") {
		return urlFault(s)
	}
	s = place
	if strings.HasPrefix(s, `\\`) || len(s) > 1 && s[1] == ':' {
		return "the blob is a path on a disk or share, not in the storage account"
	}
	return pathFault(Slashes(s))
}

// beforeName is what stands before a blob's own name, which may hold any character: its container, and of a URL the host too.
func beforeName(place string) string {
	parts := 1
	if strings.Contains(place, "://") {
		parts = 4 // https:, nothing, the host, the container
	}
	before := strings.SplitAfterN(strings.ReplaceAll(place, `\`, "/"), "/", parts+1)
	return strings.Join(before[:min(parts, len(before))], "")
}

func urlFault(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "the blob is not a URL that can be read"
	case u.Scheme != "https" && u.Scheme != "http":
		return "the blob's URL is neither https nor http"
	case u.Hostname() == "":
		return "the blob's URL names no host"
	case u.User != nil:
		return "the blob's URL carries a user name"
	case u.Fragment != "":
		return `the blob's URL has a "#" in it: write %23 for one that belongs to the name`
	}
	path := Slashes(u.Path)
	if pathStyle(u.Hostname()) {
		_, path, _ = strings.Cut(path, "/")
	}
	return pathFault(path)
}

// pathStyle reports whether a host serves accounts as the first part of the path, as emulators do.
func pathStyle(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || strings.EqualFold(host, "localhost")
}

// Slashes spells a path as the service does, which takes a backslash for a slash.
func Slashes(path string) string { return strings.TrimPrefix(strings.ReplaceAll(path, `\`, "/"), "/") }

func pathFault(path string) string {
	container, name, ok := strings.Cut(path, "/")
	switch {
	case !ok || container == "":
		return "the blob names no container: write container/path.vhd"
	case !isContainer(container):
		return "the blob's container has a name that no container can have (3 to 63 of a-z, 0-9 and single -)"
	case name == "" || strings.HasSuffix(name, "/"):
		return "the blob is a folder: the file's name is missing"
	case utf8.RuneCountInString(name) > maxBlobName:
		return "the blob's name is longer than 1,024 characters"
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "." || part == ".." {
			return `the blob's path has a "." or ".." in it`
		}
	}
	return ""
}

func isContainer(s string) bool {
	if s == "$root" || s == "$web" {
		return true
	}
	if len(s) < minContainerName || len(s) > maxContainerName || strings.Trim(s, "-") != s || strings.Contains(s, "--") {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
