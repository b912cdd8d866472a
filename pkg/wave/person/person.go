// Package person parses what people write where one user or one mail address belongs, and recognizes what else it is: links,
// lists, names of directories and of Exchange. It does not check that the person exists.
package person

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"wave365/pkg/wave/lookalike"
	"wave365/pkg/wave/sheet/celltext"
)

// UserFault returns why a cell is neither a UPN nor an object id; "" when it is one. write is what to put there, where that is
// known.
func UserFault(s string) (why, write string) {
	if why, write := replaced(s, "the user"); why != "" || isGUID(s) || isAddress(s) {
		return why, write
	}
	return wrong(s, "the user", "the user is neither a user principal name (name@domain) nor an object id")
}

// MailFault returns why a cell is not one mail address; "" when it is one. write is what to put there, where that is
// known.
func MailFault(s string) (why, write string) {
	if why, write := replaced(s, "notify"); why != "" || isAddress(s) {
		return why, write
	}
	return wrong(s, "notify", "notify is not one mail address")
}

// replaced describes that one character or the end of a cell is not what was written: "" when it is, or when the rest is no
// address or id either.
func replaced(s, what string) (why, write string) {
	if _, cut := lookalike.Cut(s); cut {
		return what + " ends in three dots: " + lookalike.CutOff, "it whole: " + lookalike.Whole
	}
	c, found := lookalike.Find(s)
	if plain := lookalike.Plain(s); found && (isAddress(plain) || isGUID(plain)) {
		return c.In(what), plain
	}
	return "", ""
}

// wrong describes what a cell is in place of what it should be; otherwise is the result where nothing is known.
func wrong(s, what, otherwise string) (why, write string) {
	if why, write = pasted(s); why != "" {
		return what + " is " + why, write
	}
	if why, write = blankWithin(s); why != "" {
		return why + " is in " + what + ", after " + write, ""
	}
	return otherwise, ""
}

// pasted recognises what people have at hand in place of an address or id, and the one that is in it; "" for nothing known.
func pasted(s string) (is, write string) {
	lower := strings.ToLower(s)
	if is := nobody(lower); is != "" {
		return is, ""
	}
	kind, rest, _ := strings.Cut(s, ":")
	switch {
	case strings.HasPrefix(lower, "["), strings.HasPrefix(lower, "mailto:"):
		is, s = "a mail link (mailto:)", behind(s, "mailto:")
	case rest != "" && slices.Contains([]string{"smtp", "sip", "x500", "eum"}, strings.ToLower(kind)):
		is, s = "an address as Exchange lists it, with its kind ("+kind+":) before it", rest
	case strings.Contains(s, "|"):
		is, s = "a sign-in name as SharePoint writes it", s[strings.LastIndex(s, "|")+1:]
	case strings.Contains(s, "<") && strings.Contains(s, "@"):
		is, s = "a name with an address in angle brackets", behind(s, "<")
	case strings.HasPrefix(s, "{"), strings.HasPrefix(s, "("):
		is, s = "in brackets", s[1:]
	case isAddress(strings.TrimRight(s, ";,")):
		is, s = "an address with the separator of a list behind it", strings.TrimRight(s, ";,")
	default:
		return "", ""
	}
	s = celltext.Trim(strings.TrimRight(s, ">)]}"))
	if !isAddress(s) && !isGUID(s) {
		s = ""
	}
	return is, s
}

// nobody recognises what names no one user by an address; "" for anything else.
func nobody(lower string) string {
	switch {
	case strings.HasPrefix(lower, "cn="), strings.HasPrefix(lower, "/o="):
		return "a name as a directory path (" + lower[:3] + "…)"
	case strings.Count(lower, "@") > 1 && !strings.Contains(lower, "#ext#") && !strings.HasPrefix(lower, "["):
		return "more than one address"
	case strings.Contains(lower, `\`) && !strings.Contains(lower, "@"):
		return `a Windows sign-in name (DOMAIN\name)`
	}
	return ""
}

// behind gives what follows a mark, in whatever case, up to where an address ends.
func behind(s, mark string) string {
	if at := strings.Index(celltext.ASCIILower(s), mark); at >= 0 {
		s = s[at+len(mark):]
	}
	if end := strings.IndexAny(s, ">?)"); end >= 0 {
		s = s[:end]
	}
	return s
}

// blankWithin names the first character of a cell that shows nothing, and quotes what stands before it.
func blankWithin(s string) (what, before string) {
	at := strings.IndexFunc(s, func(c rune) bool { return celltext.IsBlank(c) || unicode.IsControl(c) })
	if at < 0 {
		return "", ""
	}
	switch c := []rune(s[at:])[0]; {
	case c == ' ':
		what = "a blank"
	case unicode.IsControl(c) && c != '\t':
		what = fmt.Sprintf("a line break or another control character (%U)", c)
	case unicode.IsSpace(c):
		what = fmt.Sprintf("a character that looks like a blank (%U)", c)
	default:
		what = fmt.Sprintf("an invisible character (%U)", c)
	}
	return what, fmt.Sprintf("%q", s[:at])
}

func isAddress(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || strings.Contains(domain, "@") || !strings.Contains(strings.Trim(domain, "."), ".") ||
		strings.HasPrefix(domain, ".") || strings.Contains(domain, "..") {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || celltext.IsBlank(r) || strings.ContainsRune(`"(),:;<>[\]`, r)
	})
}

func isGUID(s string) bool { return len(s) == 36 && uuid.Validate(s) == nil }
