package main

import (
	"fmt"
	"io"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/summary/wording"
	"wave365/pkg/wave"
)

// validateDocument is the answer of `validate --json`.
type validateDocument struct {
	Schema   string         `json:"schema"`
	Rows     int            `json:"rows"`
	Errors   int            `json:"errors"`
	Warnings int            `json:"warnings"`
	Findings []wave.Finding `json:"findings"`
}

// runDocument is the answer of `run`, `resume` and `status` with --json.
type runDocument struct {
	Schema    string           `json:"schema"`
	Run       string           `json:"run"`
	Wave      string           `json:"wave"`
	Tenant    string           `json:"tenant"`
	State     string           `json:"state"`
	Counts    migration.Counts `json:"counts"`
	ExitCode  int              `json:"exit_code"`
	ReportDir string           `json:"report_dir"`
}

func emptyNotNull(f []wave.Finding) []wave.Finding {
	if f == nil {
		return []wave.Finding{}
	}
	return f
}

func printValidity(w io.Writer, rows int, res preflight.Result, instead string) {
	bad := 0
	for _, b := range res.Bad {
		if b {
			bad++
		}
	}
	errors, warnings := res.Count(wave.Error), res.Count(wave.Warning)
	switch {
	case errors == 0 && warnings == 0:
		fmt.Fprintf(w, "%s checked: the wave may run.\n", wording.Count(rows, "row"))
	case errors == 0:
		fmt.Fprintf(w, "%s checked: the wave may run, with %s.\n", wording.Count(rows, "row"), wording.Count(warnings, "warning"))
	case bad == 0:
		fmt.Fprintf(w, "%s checked: %s; the wave does not start.\n", wording.Count(rows, "row"), wording.Count(errors, "error"))
	default:
		next := "Fix the file, or " + instead + "."
		switch {
		case bad == rows:
			next = "Fix the file."
		case res.Whole() || res.Denied():
			next = "Some errors concern the whole wave and stop every row: fix those first."
		}
		console.Say(w, "", fmt.Sprintf("%s checked: %s with errors, %d clean. %s", wording.Count(rows, "row"), wording.Count(bad, "row"), rows-bad, next))
	}
}
