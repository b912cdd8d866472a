// Package markup tracks where in an HTML text a value would be placed, and how to make it safe there, or that nothing can. It
// reads no templates; pkg/notify/template does.
package markup

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// state is the kind of place that an HTML text has reached. Where it is ambiguous, values are refused.
type state int

const (
	inText     state = iota
	inOpening        // after a "<" of which nothing else is known
	inTag            // between attributes
	inValue          // after a "=", before the value
	inBare           // in an unquoted value
	inQuotes         // in a quoted value
	inTitle          // in text without elements: of a title or textarea
	inRaw            // in what is not text: a script, a style, a drawing
	inComment        // in <!-- -->
	inNotation       // in <! > or <? >
)

// Place is a place in an HTML text. The zero value is the beginning.
type Place struct {
	state   state
	element string // of the tag, title, textarea or raw text
	closing bool   // it is the end tag
	// gap: another attribute may begin here.
	gap   bool
	attr  string
	quote byte
	// part is the part of a URL that was reached, start its text before the first separator.
	part  addressPart
	start string
}

const (
	space = " \t\n\f\r"
	// nameEnd holds the characters that end the name of an element.
	nameEnd = space + "/>"
)

var errPieces = errors.New("a tag, a name or a value without quotes is put together from pieces; write it whole, with values only inside quotes")

// titles and raws return the elements in which "<" begins nothing but their own end tag.
func titles() []string { return []string{"title", "textarea"} }
func raws() []string {
	return []string{"script", "style", "svg", "math", "xmp", "iframe", "noembed", "noframes", "plaintext"}
}

// Text reports whether the place is in text, where a whole piece of HTML may end.
func (p Place) Text() bool { return p.state == inText }

// Past returns the place after a text that begins at p.
func (p Place) Past(text string) (Place, error) {
	for text != "" {
		var err error
		if text, err = p.next(text); err != nil {
			return p, err
		}
	}
	return p, nil
}

// next consumes the beginning of text and returns the rest.
func (p *Place) next(text string) (string, error) {
	switch p.state {
	case inText:
		_, rest, found := strings.Cut(text, "<")
		if found {
			p.state = inOpening
		}
		return rest, nil
	case inOpening:
		return p.open(text)
	case inTag:
		return p.tag(text)
	case inValue:
		return p.value(strings.TrimLeft(text, space)), nil
	case inBare:
		i := strings.IndexAny(text, space+">")
		if i < 0 {
			return "", nil
		}
		p.state, p.gap = inTag, false
		return text[i:], nil
	case inQuotes:
		value, rest, found := strings.Cut(text, string(p.quote))
		p.address(value)
		if found {
			*p = Place{state: inTag, element: p.element, closing: p.closing, gap: true}
		}
		return rest, nil
	case inTitle, inRaw:
		return p.content(text)
	case inComment:
		i := strings.Index(text, "-->")
		if j := strings.Index(text, "--!>"); j >= 0 && (i < 0 || j < i) {
			i = j
		}
		if i < 0 {
			return "", nil
		}
		p.state = inNotation // which the ">" ends
		return text[i:], nil
	default:
		_, rest, found := strings.Cut(text, ">")
		if found {
			*p = Place{}
		}
		return rest, nil
	}
}

// open continues after a "<".
func (p *Place) open(text string) (string, error) {
	switch {
	case strings.HasPrefix(text, "!--"):
		p.state = inComment
		return text[1:], nil // <!--> is a whole comment
	case text[0] == '!', text[0] == '?':
		p.state = inNotation
		return text[1:], nil
	case text == "/":
		return "", errPieces
	case text[0] == '/' && !letter(text[1]):
		p.state = inNotation
		return text[1:], nil
	case text[0] != '/' && !letter(text[0]):
		p.state = inText
		return text, nil
	}
	text, p.closing = strings.CutPrefix(text, "/")
	name, rest := cutAny(text, nameEnd)
	p.state, p.element, p.gap = inTag, strings.ToLower(name), false
	return rest, nil
}

// tag continues between the attributes of a tag.
func (p *Place) tag(text string) (string, error) {
	switch {
	case text[0] == '>':
		state := inText
		switch {
		case p.closing:
		case slices.Contains(titles(), p.element):
			state = inTitle
		case slices.Contains(raws(), p.element):
			state = inRaw
		}
		if *p = (Place{state: state, element: p.element}); state == inText {
			*p = Place{}
		}
		return text[1:], nil
	case strings.IndexByte(nameEnd, text[0]) >= 0:
		p.gap = true
		return text[1:], nil
	case !p.gap || strings.IndexByte("=\"'<", text[0]) >= 0:
		return "", errPieces
	}
	name, rest := cutAny(text, nameEnd+"=")
	p.gap = false
	if value, found := strings.CutPrefix(strings.TrimLeft(rest, space), "="); found {
		p.state, p.attr = inValue, strings.ToLower(name)
		return value, nil
	}
	return rest, nil
}

// value continues after the "=" of an attribute.
func (p *Place) value(text string) string {
	switch {
	case text == "":
	case text[0] == '>': // no value at all
		p.state, p.attr = inTag, ""
	case text[0] == '"', text[0] == '\'':
		p.state, p.quote = inQuotes, text[0]
		return text[1:]
	default:
		p.state, p.attr = inBare, ""
	}
	return text
}

// content continues in an element that contains no others, up to its end tag.
func (p *Place) content(text string) (string, error) {
	end := "</" + p.element
	lower := lowered(text)
	for i := 0; ; {
		j := strings.Index(lower[i:], end)
		if j < 0 {
			break
		}
		i += j + len(end)
		if i == len(lower) || strings.IndexByte(nameEnd, lower[i]) >= 0 {
			p.state, p.closing, p.gap = inTag, true, false
			return text[i:], nil
		}
	}
	if i := strings.LastIndex(lower, "<"); i >= 0 && strings.HasPrefix(end, lower[i:]) {
		return "", errPieces
	}
	return "", nil
}

// Or returns the place that is either p or q; same is false where nothing holds for both.
func (p Place) Or(q Place) (both Place, same bool) {
	both = p
	both.gap = p.gap && q.gap
	if p.part != q.part || p.start != q.start {
		both.part, both.start = unclear, ""
	}
	p.gap, p.part, p.start = q.gap, q.part, q.start
	return both, p == q
}

func (p Place) String() string {
	switch p.state {
	case inText, inTitle:
		return "the text"
	case inValue, inBare:
		return "a value without quotes"
	case inQuotes:
		return fmt.Sprintf("the attribute %s of <%s>", p.attr, p.element)
	case inRaw:
		return "<" + p.element + ">"
	case inComment, inNotation:
		return "a comment"
	}
	return "a tag"
}

// lowered returns s with its ASCII letters in lower case, each byte where it was.
func lowered(s string) string {
	b := []byte(s)
	for i, c := range b {
		if letter(c) {
			b[i] = c | 0x20
		}
	}
	return string(b)
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// cutAny splits text before the first of chars.
func cutAny(text, chars string) (before, rest string) {
	if i := strings.IndexAny(text, chars); i >= 0 {
		return text[:i], text[i:]
	}
	return text, ""
}
