// Package signature verifies how requests to a storage account are signed: with the account's key, or with a service or
// user delegation SAS. It knows no storage and answers no request.
package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Account is the account whose signatures are verified.
type Account struct {
	Name string
	// Key is the account's key, not in base64.
	Key []byte
}

// SharedKey verifies the Authorization header "SharedKey account:signature". The request's path is used as it was sent,
// still encoded.
func (a Account) SharedKey(r *http.Request) bool {
	name, given, ok := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "SharedKey "), ":")
	if !ok || name != a.Name {
		return false
	}
	// Services sort the headers with or without regard to hyphens; clients follow either.
	for _, order := range []func(a, b string) int{strings.Compare, withoutHyphens} {
		if a.matches(a.Key, a.sharedKeyText(r, order), given) {
			return true
		}
	}
	return false
}

func withoutHyphens(a, b string) int {
	if c := strings.Compare(strings.ReplaceAll(a, "-", ""), strings.ReplaceAll(b, "-", "")); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

func (a Account) sharedKeyText(r *http.Request, order func(a, b string) int) string {
	length := ""
	if r.ContentLength > 0 {
		length = strconv.FormatInt(r.ContentLength, 10)
	}
	date := r.Header.Get("Date")
	if r.Header.Get("x-ms-date") != "" {
		date = ""
	}
	h := r.Header
	lines := []string{
		r.Method, h.Get("Content-Encoding"), h.Get("Content-Language"), length, h.Get("Content-MD5"), h.Get("Content-Type"),
		date, h.Get("If-Modified-Since"), h.Get("If-Match"), h.Get("If-None-Match"), h.Get("If-Unmodified-Since"), h.Get("Range"),
	}
	var names []string
	for name := range h {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-ms-") {
			names = append(names, lower)
		}
	}
	slices.SortFunc(names, order)
	for _, name := range names {
		lines = append(lines, name+":"+strings.Join(h.Values(name), ","))
	}
	return strings.Join(lines, "\n") + "\n" + a.canonicalResource(r.URL)
}

func (a Account) canonicalResource(u *url.URL) string {
	out := "/" + a.Name + u.EscapedPath()
	query := u.Query()
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		values := slices.Sorted(slices.Values(query[name]))
		out += "\n" + strings.ToLower(name) + ":" + strings.Join(values, ",")
	}
	return out
}

func (a Account) matches(key []byte, text, signature string) bool {
	given, err := base64.StdEncoding.DecodeString(signature)
	return err == nil && hmac.Equal(given, mac(key, text))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(text)) // a hash never fails
	return h.Sum(nil)
}
