package markup

import (
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
)

// addressPart is which part of an address a value would stand in.
type addressPart int

const (
	whole   addressPart = iota // its scheme may be in the value
	path                       // behind a scheme that is written out, or in a relative address
	query                      // behind "?" or "#"
	unclear                    // that depends on values
	foreign                    // behind a scheme that values do not belong in
)

// harmless is what an address that leads elsewhere than to the web or into a mail is replaced by.
const harmless = "#not-an-address"

// schemes are what a value may begin an address with, and what an address with values in it may begin with.
func schemes() []string { return []string{"http", "https", "mailto"} }

// plain are the attributes that show or name something, and do nothing.
func plain() []string {
	return []string{"abbr", "align", "alt", "aria-label", "bgcolor", "class", "color", "dir", "height", "id", "lang", "name", "title", "valign", "value", "width"}
}

// addresses are the attributes that lead somewhere and may hold values.
func addresses() []string {
	return []string{"a href", "area href", "img src", "body background", "table background", "td background"}
}

// Escaper makes a value safe for the place; the error says that nothing can.
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

// address goes on inside a quoted value: what of an address was written so far.
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

// escape is a value in text or quotes.
func escape(s string) string { return html.EscapeString(strings.ReplaceAll(s, "\x00", "\ufffd")) }

// address is a value that an address begins with.
func address(s string) string {
	scheme, _, found := strings.Cut(s, ":")
	if found && !strings.Contains(scheme, "/") && !slices.Contains(schemes(), strings.ToLower(scheme)) {
		return harmless
	}
	return reserved(s)
}

// reserved encodes what is not allowed in an address; its separators stay.
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

// component encodes a value that must not end the part of an address in which it stands.
func component(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func isHex(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }
