// Package bloburl reads how people write where a blob is ([Ref]), and what a shared access signature says about itself
// ([SAS]). It asks no service. No SAS query is part of an error, or of what %v, %+v, %#v and JSON show of its types.
package bloburl

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"wave365/pkg/cloud/clouds"
	"wave365/pkg/fault"
)

// Ref is where one blob is, and the signature that came with it, if any. It is a value: copy it freely. Printing it in
// any way shows its [Ref.URL]; the signature leaves only through [Ref.SignedURL].
type Ref struct {
	// Root is the account's endpoint without a slash at the end: https://acct.blob.core.windows.net, or
	// http://127.0.0.1:PORT/devstoreaccount1 where the account is part of the path.
	Root string
	// Container and Name are as people write them, without percent-encoding. Name may hold slashes.
	Container, Name string
	// The signature is held behind a pointer on purpose: printing a struct that hides a Ref shows an address at most.
	sas *SAS
}

// What is wrong with a reference is a wave file's problem: its finding code is that of a bad cell.
const codeBadRef = "csv.value-bad"

// Hint says how a blob is written.
const Hint = "write container/path.vhd, the blob's URL, or its SAS URL"

// Parse reads one of the three spellings: "container/path.vhd" in the account at root (taken literally, no
// percent-encoding), a blob URL (percent-decoded), or either of them with a SAS query behind it. A URL may name another
// account than root's: ask [Ref.In]. A URL without a signature that names root's account takes root's scheme and
// spelling.
//
// root may be empty when text is a URL. Errors are faults of kind Invalid with code csv.value-bad, or sas.malformed
// when it is the signature that cannot be read; none of them repeats any part of the query.
func Parse(text, root string) (Ref, error) {
	text = strings.TrimSpace(text)
	place, query, signed := strings.Cut(text, "?")
	var r Ref
	var err error
	if strings.Contains(place, "://") {
		r, err = parseURL(place, root)
	} else {
		r, err = parsePath(place, root)
	}
	if err != nil {
		return Ref{}, err
	}
	if err := r.check(); err != nil {
		return Ref{}, err
	}
	if !signed {
		if r.In(root) {
			r.Root = strings.TrimRight(root, "/")
		}
		return r, nil
	}
	s, err := ParseSAS(query)
	if err != nil {
		return Ref{}, err
	}
	r.sas = &s
	return r, nil
}

func parsePath(place, root string) (Ref, error) {
	if root == "" {
		return Ref{}, badRef("the blob is named by path, but no storage account is configured",
			"set --storage-account, or give the blob's whole URL")
	}
	// The service itself takes a backslash for a slash.
	place = strings.TrimPrefix(strings.ReplaceAll(place, `\`, "/"), "/")
	container, name, ok := strings.Cut(place, "/")
	if !ok {
		return Ref{}, badRef("the blob's path has no container", Hint)
	}
	return Ref{Root: strings.TrimRight(root, "/"), Container: container, Name: name}, nil
}

func parseURL(place, root string) (Ref, error) {
	u, err := url.Parse(place)
	if err != nil {
		// The parser's own text repeats what it was given.
		return Ref{}, badRef("the blob's URL cannot be read", Hint)
	}
	scheme := strings.ToLower(u.Scheme)
	switch {
	case scheme != "http" && scheme != "https":
		return Ref{}, badRef("the blob's URL does not start with https://", Hint)
	case u.Host == "" || u.Hostname() == "":
		return Ref{}, badRef("the blob's URL has no host", Hint)
	case u.User != nil:
		return Ref{}, badRef("the blob's URL carries a user name or password", "take it out: "+Hint)
	case u.Fragment != "" || strings.HasSuffix(place, "#"):
		return Ref{}, badRef("the blob's URL has a # in it", "write a # that belongs to the name as %23")
	}
	r := Ref{Root: scheme + "://" + hostOf(u)}
	path := strings.TrimPrefix(strings.ReplaceAll(u.EscapedPath(), `\`, "/"), "/")
	if accountInPath(u.Hostname()) || rootHasPath(root, hostOf(u)) {
		account, rest, _ := strings.Cut(path, "/")
		if account == "" {
			return Ref{}, badRef("the blob's URL names no account", "such endpoints have the account in the path: http://host:port/account/container/path.vhd")
		}
		r.Root += "/" + account
		path = rest
	}
	container, name, _ := strings.Cut(path, "/")
	if r.Container, err = url.PathUnescape(container); err == nil {
		r.Name, err = url.PathUnescape(name)
	}
	if err != nil {
		return Ref{}, badRef("the blob's URL has a % that is not followed by two hexadecimal digits", "write a % that belongs to the name as %25")
	}
	return r, nil
}

// check refuses what the service could not have stored, or would look for elsewhere.
func (r Ref) check() error {
	if err := CheckContainer(r.Container); err != nil {
		return err
	}
	switch {
	case r.Name == "":
		return badRef("the reference names a container, but no blob in it", Hint)
	case len([]rune(r.Name)) > 1024:
		return badRef("the blob's name is longer than 1,024 characters", Hint)
	}
	for part := range strings.SplitSeq(r.Name, "/") {
		if part == "." || part == ".." {
			return badRef("the blob's path has a . or .. in it", "write the path as the storage account lists it")
		}
	}
	for _, c := range r.Name {
		if c < 0x20 || c == 0x7F || c == '�' {
			return badRef("the blob's name has a control character or broken text in it", "copy the name from the storage account's listing again")
		}
	}
	return nil
}

// CheckContainer refuses what no container can be called. The fault is as those of [Parse].
func CheckContainer(name string) error {
	if why := badContainer(name); why != "" {
		return badRef("the container's name "+why, "container names have 3 to 63 lower-case letters, digits and single hyphens")
	}
	return nil
}

func badContainer(name string) string {
	if name == "$root" || name == "$web" {
		return ""
	}
	if len(name) < 3 || len(name) > 63 {
		return fmt.Sprintf("has %d characters", len(name))
	}
	for i, c := range name {
		switch {
		case strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789", c):
		case c >= 'A' && c <= 'Z':
			return "has capital letters"
		case c != '-':
			return "has a character that is not allowed"
		case i == 0 || i == len(name)-1 || name[i-1] == '-':
			return "has a hyphen at its edge or two in a row"
		}
	}
	return ""
}

// URL is the blob's address without any query: safe to show. Its name is percent-encoded, slashes are kept.
func (r Ref) URL() string {
	if r == (Ref{}) {
		return ""
	}
	return r.Root + "/" + escape(r.Container) + "/" + escape(r.Name)
}

// SAS is the signature that came with the reference; nil: it brought none.
func (r Ref) SAS() *SAS { return r.sas }

// SignedURL is the address with the signature as it came, for the service that reads the blob. It is a secret. Without
// a signature it is [Ref.URL].
func (r Ref) SignedURL() string {
	if r.sas == nil {
		return r.URL()
	}
	return r.URL() + "?" + r.sas.Query()
}

// In reports whether the blob is in the account at root: same host and, where the account is in the path, same account.
// The scheme does not count.
func (r Ref) In(root string) bool {
	return root != "" && place(r.Root) == place(root)
}

// Account is the name of the blob's account: the first label of the host, or the path's first part.
func (r Ref) Account() string { return AccountOf(r.Root) }

// Insecure reports whether the address is plain http to another machine.
func (r Ref) Insecure() bool { return Insecure(r.Root) }

// String is URL.
func (r Ref) String() string { return r.URL() }

// GoString is URL: %#v shows no more than %v.
func (r Ref) GoString() string { return fmt.Sprintf("bloburl.Ref(%q)", r.URL()) }

// AccountOf is the name of the account whose endpoint root is; "" when it has none.
func AccountOf(root string) string {
	u, err := url.Parse(root)
	if err != nil {
		return ""
	}
	if account, _, _ := strings.Cut(strings.Trim(u.Path, "/"), "/"); account != "" {
		return account
	}
	if accountInPath(u.Hostname()) {
		return ""
	}
	account, _, _ := strings.Cut(u.Hostname(), ".")
	return account
}

// place is what makes two roots the same: host, port and path.
func place(root string) string {
	u, err := url.Parse(strings.TrimRight(root, "/"))
	if err != nil || u.Host == "" {
		return ""
	}
	return hostOf(u) + u.Path
}

// hostOf is a URL's host in lower case, with its port unless that is the scheme's own.
func hostOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if p := u.Port(); p == "" || p == "443" && strings.EqualFold(u.Scheme, "https") || p == "80" && strings.EqualFold(u.Scheme, "http") {
		host = strings.TrimSuffix(host, ":"+p)
	}
	return host
}

// Insecure reports whether an endpoint is plain http to another machine.
func Insecure(root string) bool {
	u, err := url.Parse(root)
	return err == nil && u.Scheme == "http" && !clouds.IsLoopback(u.Hostname())
}

// accountInPath: addresses without a domain cannot carry the account in the host name.
func accountInPath(host string) bool {
	return strings.EqualFold(host, "localhost") || net.ParseIP(host) != nil
}

func rootHasPath(root, host string) bool {
	u, err := url.Parse(root)
	return err == nil && hostOf(u) == host && strings.Trim(u.Path, "/") != ""
}

// escape encodes each part of a path and keeps the slashes.
func escape(name string) string {
	return strings.ReplaceAll(url.PathEscape(name), "%2F", "/")
}

func badRef(msg, hint string) error { return fault.New(fault.Invalid, codeBadRef, msg, hint) }
