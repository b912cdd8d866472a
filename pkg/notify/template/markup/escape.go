package markup

import (
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
)

// addressPart is the part of a URL in which a value would be placed.
type addressPart int

const (
	whole   addressPart = iota // its scheme may be in the value
	path                       // after a scheme that is written out, or in a relative URL
	query                      // after "?" or "#"
	unclear                    // depends on values
	foreign                    // after a scheme in which no values are allowed
)

// harmless replaces a URL that leads anywhere but to the web or a mail.
const harmless = "#not-an-address"

// schemes returns the schemes that a value may begin a URL with, and that a URL with values in it may begin with.
func schemes() []string { return []string{"http", "https", "mailto"} }

// plain returns the attributes that show or name something, and do nothing.
func plain() []string {
	return []string{"abbr", "align", "alt", "aria-label", "bgcolor", "class", "color", "dir", "height", "id", "lang", "name", "title", "valign", "value", "width"}
}

// addresses returns the attributes that are URLs and may contain values.
func addresses() []string {
	return []string{"a href", "area href", "img src", "body background", "table background", "td background"}
}

// Escaper returns the function that makes a value safe for the place, or an error if none can.
func (p Place) Escaper() (func(string) string, error) {
	switch {
	case p.state == inText, p.state == inTitle, p.state == inQuotes && slices.Contains(plain(), p.attr):
		return escape, nil
	case p.state != inQuotes || !slices.Contains(addresses(), p.element+" "+p.attr):
		return nil, fmt.Errorf("a value is not allowed in %s; it is in text, and inside quotes in the address of a link or picture and in %s", p, strings.Join(plain(), ", "))
	}
	switch p.part {
	case whole:
		return func(s string) string { return escape(address(s)) }, nil
	case path:
		return func(s string) string { return escape(reserved(s)) }, nil
	case query:
		return func(s string) string { return escape(component(s)) }, nil
	case foreign:
		return nil, fmt.Errorf("an address with values in it begins with one of %s, which are written out, or with a value", strings.Join(schemes(), ", "))
	}
	return nil, fmt.Errorf("it depends on other values which part of the address this is; write the whole address into each branch")
}

// address continues a URL inside a quoted value with text.
func (p *Place) address(text string) {
	for i := range len(text) {
		switch c := text[i]; {
		case p.part == query, p.part == foreign, p.part == unclear:
			return
		case c == '?', c == '#':
			p.part, p.start = query, ""
		case p.part == path:
		case c == '/':
			p.part, p.start = path, ""
		case c == ':' && slices.Contains(schemes(), strings.ToLower(strings.Trim(p.start, space))):
			p.part, p.start = path, ""
		case c == ':', c == '&': // an entity may be a ":"
			p.part, p.start = foreign, ""
		default:
			p.start += text[i : i+1]
		}
	}
}

// escape escapes a value in text or quotes.
func escape(s string) string { return html.EscapeString(strings.ReplaceAll(s, "\x00", "\ufffd")) }

// address escapes a value that a URL begins with.
func address(s string) string {
	scheme, _, found := strings.Cut(s, ":")
	if found && !strings.Contains(scheme, "/") && !slices.Contains(schemes(), strings.ToLower(scheme)) {
		return harmless
	}
	return reserved(s)
}

// reserved encodes characters that are not allowed in a URL; its separators stay.
func reserved(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i : i+1]; {
		case strings.Contains("!#$&*+,/:;=?@[]", c), c == "%" && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b.WriteString(c)
		default:
			b.WriteString(component(c))
		}
	}
	return b.String()
}

// component encodes a value that is not to end the part of a URL in which it is placed.
func component(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func isHex(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }
