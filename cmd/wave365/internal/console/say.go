package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"wave365/pkg/fault"
	"wave365/pkg/summary/wording"
)

// Say prints lead and a text after it in lines of a terminal's width.
func Say(w io.Writer, lead, text string) { fmt.Fprint(w, Fold(lead, wording.OneLine(text), Width(w))) }

// SayCommand prints what a command is for, and the command: after it, or below it if the line is too short for both.
func SayCommand(w io.Writer, said string, sh wording.Shell, command string) {
	if width := Width(w); Wider(said+" "+command, width) {
		fmt.Fprint(w, Fold("", said, width), Command("  ", command, width, sh.Windows))
		return
	}
	fmt.Fprintln(w, said, command)
}

// Remedy prints what to do, and below it each command.
func Remedy(w io.Writer, lead string, sh wording.Shell, r fault.Remedy) {
	if r.Text != "" {
		Say(w, lead, r.Text)
		lead = strings.Repeat(" ", len(lead))
	}
	for _, line := range sh.Lines(r) {
		fmt.Fprint(w, Command(lead, line, Width(w), sh.Windows))
		lead = strings.Repeat(" ", len(lead))
	}
}

// Table prints rows under a header, in columns; an empty cell is shown as a dash.
func Table(w io.Writer, header string, rows [][]string) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, header)
	for _, r := range rows {
		cells := make([]string, len(r))
		for i, cell := range r {
			if cells[i] = wording.OneLine(cell); cell == "" {
				cells[i] = "-"
			}
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	_ = t.Flush()
}

// Details prints names and values, one per line, in a terminal's width; those without a value are left out.
func Details(w io.Writer, pairs ...string) {
	widest := 0
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			widest = max(widest, len(pairs[i]))
		}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			Say(w, fmt.Sprintf("%-*s  ", widest, pairs[i]), pairs[i+1])
		}
	}
}

// JSON prints a document. Characters that could mislead a terminal or a reader are escaped, which makes no difference
// to programs.
func JSON(w io.Writer, doc any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	_ = e.Encode(doc)
	_, _ = io.WriteString(w, wording.EscapeJSON(b.String()))
}
