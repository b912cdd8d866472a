package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault"
	"wave365/pkg/fault/catalogue"
	"wave365/pkg/fault/catalogue/entry"
	"wave365/pkg/summary/wording"
)

// explanationDocument is the output of `validate --explain --json`: one code, or those of a family.
type explanationDocument struct {
	Schema string        `json:"schema"`
	Codes  []explanation `json:"codes"`
}

type explanation struct {
	Code string `json:"code"`
	// Severity is error or warning.
	Severity string `json:"severity"`
	Title    string `json:"title"`
	Meaning  string `json:"meaning"`
	// Who has the next move.
	Who      string   `json:"who"`
	Remedy   string   `json:"remedy"`
	Commands []string `json:"commands,omitempty"`
}

// explainCode explains one code, or lists those of a family.
func explainCode(a *app, g *globals, code string) error {
	code = strings.ToLower(strings.TrimSpace(code))
	sh := g.shell("")
	doc := explanationDocument{Schema: "wave365/explain/v1"}
	var found []entry.Entry
	for _, e := range catalogue.All() {
		if e.Code != code && e.Family() != code {
			continue
		}
		found = append(found, e)
		doc.Codes = append(doc.Codes, explanation{e.Code, severityOf(e), e.Title, e.Meaning, e.Who, e.Remedy, sh.Lines(e.Advice())})
	}
	switch {
	case len(found) == 0:
		return fault.New(fault.Invalid, catalogue.Usage, "there is no code "+code, codesLike(code), fault.NewCommand("validate", "--explain", familyLike(code)))
	case g.json:
		console.JSON(a.out, doc)
	case found[0].Code == code:
		printExplanation(a.out, sh, found[0])
	default:
		t := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
		for _, e := range found {
			fmt.Fprintf(t, "%s\t%s\t%s\n", e.Code, severityOf(e), e.Title)
		}
		return t.Flush()
	}
	return nil
}

func severityOf(e entry.Entry) string {
	switch {
	case e.Warning:
		return "warning"
	case e.Notice:
		return "info"
	}
	return "error"
}

// codesLike lists the codes of the family that a mistyped code names, or else the families.
func codesLike(code string) string {
	family, _, _ := strings.Cut(code, ".")
	var codes, families []string
	for _, e := range catalogue.All() {
		if e.Family() == family {
			codes = append(codes, e.Code)
		}
		if !slices.Contains(families, e.Family()) {
			families = append(families, e.Family())
		}
	}
	if len(codes) > 0 {
		return "those of " + family + " are " + strings.Join(codes, ", ")
	}
	return "every code that is printed is explained, such as vhd.dynamic; a family can be listed: " + strings.Join(families, ", ")
}

func printExplanation(w io.Writer, sh wording.Shell, e entry.Entry) {
	width := console.Width(w)
	fmt.Fprintf(w, "%s (%s): %s\n\n%s%s", e.Code, severityOf(e), e.Title, console.Fold("", e.Meaning, width), console.Fold("Who acts:   ", e.Who, width))
	console.Remedy(w, "Remedy:     ", sh, e.Advice())
}

// familyLike returns the family that a code names, if it exists; else any family, as an example.
func familyLike(code string) string {
	family, _, _ := strings.Cut(code, ".")
	for _, e := range catalogue.All() {
		if e.Family() == family {
			return family
		}
	}
	return "vhd"
}
