// Package tables writes the CSV files of a report: the outcome of every row, the rows that may go into another wave, and
// what validation found. No cell of them is executed by a spreadsheet.
package tables

import (
	"bytes"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/summary"
	"wave365/pkg/summary/advice"
	"wave365/pkg/summary/wording"
	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
	"wave365/pkg/wave/sheet/celltext"
)

// The columns that failed.csv adds. A wave made from an earlier failed.csv has them already; they are replaced.
const (
	columnStatus = "x_wave365_status"
	columnReason = "x_wave365_reason"
)

// resultColumns follow the input's own columns in results.csv.
var resultColumns = [...]string{
	"status", "step", "reason_code", "reason", "remedy", "started_at", "finished_at", "duration_seconds",
	"import_seconds", "provision_seconds", "snapshot_id", "cloud_pc_id", "cloud_pc_name", "disk_gib", "plan_gib",
	"attempts", "request_id", "provisioning_policy_id", "user_setting_id", "group_id", "import_filename", "request_ids",
}

// Results writes one line per input row in input order: the columns of the file as they were, then ours. Times are UTC
// in RFC 3339, durations whole seconds; unknown values are empty.
func Results(w io.Writer, a summary.Record) error {
	t := newTable(w)
	t.line(append(padded(a.Run.Columns, len(a.Run.Columns)), resultColumns[:]...))
	rows, _ := summary.RowRecords(a)
	for _, d := range rows {
		r := d.Row
		t.line(append(padded(r.Input, len(a.Run.Columns)),
			string(d.Class), string(r.Step), d.Why.Code, d.Why.Text, a.Shell.Remedy(d.Why.Remedy),
			stamp(r.StartedAt), stamp(r.FinishedAt), seconds(finishedTook(*r)),
			seconds(summary.ImportTook(r.Facts)), seconds(summary.ProvisionTook(r.Facts)),
			r.Facts.SnapshotID, r.Facts.CloudPCID, r.Facts.CloudPCName,
			gib(r.Target.Disk.Virtual), number(r.Target.PlanGiB), number(r.Attempt),
			summary.RequestID(*r, d.Intents),
			r.Target.PolicyID, r.Facts.UserSettingID, r.Target.GroupID, r.Facts.ImportFile, requestIDs(d.Intents)))
	}
	return t.end()
}

// requestIDs are the service's ids of every request that changed something for the row, including those that succeeded.
func requestIDs(intents []migration.Intent) string {
	var ids []string
	for _, in := range intents {
		if in.Outcome != nil && in.Outcome.RequestID != "" {
			ids = append(ids, string(in.Effect)+"="+in.Outcome.RequestID)
		}
	}
	return strings.Join(ids, " ")
}

// Failed writes the rows that may go into another wave (failed, skipped, deferred, and cancelled unless their line was removed from the wave file; none of users whom another
// run has included since) in the format of the input, followed by their outcome. The file loads as a wave without editing.
func Failed(w io.Writer, a summary.Record) error {
	t := newTable(w)
	t.wave = true
	columns, keep := inputShape(a.Run.Columns)
	t.line(append(columns, columnStatus, columnReason))
	rows, _ := summary.RowRecords(a)
	for _, d := range rows {
		r, class, why := d.Row, d.Class, d.Why
		if _, elsewhere := a.Since[r.Index]; elsewhere || !summary.Rerunnable(*r) {
			continue
		}
		line := make([]string, 0, len(keep)+2)
		for _, i := range keep {
			line = append(line, cellAt(r.Input, i))
		}
		var remedies []string
		for _, do := range remediesOf(a.Run, class, why) {
			if remedy := a.Shell.Remedy(do); remedy != "" {
				remedies = append(remedies, remedy)
			}
		}
		reason := why.Text
		if len(remedies) > 0 {
			reason += " · " + strings.Join(remedies, "; ")
		}
		t.line(append(line, string(class), wording.Clean(reason)))
	}
	return t.end()
}

// remediesOf returns what to do about a row of failed.csv. A row that was skipped is corrected in the file; the others are for
// retry. A row that another run has included is finished by that run's command.
func remediesOf(run migration.Run, class summary.Class, why summary.Why) []fault.Remedy {
	if class != summary.Skipped || why.Code == "user.in-other-run" && len(why.Remedy.Commands) > 0 {
		return []fault.Remedy{why.Remedy}
	}
	here := fault.Remedy{Text: "correct the row here, then", Commands: []fault.Command{advice.ValidateFailed(run)}}
	return []fault.Remedy{why.Remedy, here}
}

// Findings writes what validation found, by line of the wave file.
func Findings(w io.Writer, a summary.Record) error {
	t := newTable(w)
	t.line([]string{"severity", "code", "line", "column", "user", "value", "message", "hint"})
	for _, f := range a.Findings {
		t.line([]string{
			string(f.Severity), f.Code, number(f.Line), f.Column, f.User, f.Value, f.Message, a.Shell.Remedy(f.Remedy()),
		})
	}
	return t.end()
}

// inputShape returns the header of failed.csv and the positions of its cells in the input. A column admitted only by
// --allow-unknown-columns gets the prefix x_, which every wave may carry.
func inputShape(header []string) (columns []string, keep []int) {
	file, _ := reading.Read("header", headerLine(header), wave.Options{AllowUnknownColumns: true})
	for i, name := range header {
		plain := strings.ToLower(strings.TrimSpace(name))
		if plain == columnStatus || plain == columnReason {
			continue
		}
		unknown := file != nil && i < len(file.Canonical) && file.Canonical[i] == ""
		if unknown && !strings.HasPrefix(plain, "x_") {
			name = "x_" + strings.TrimSpace(name)
		}
		columns, keep = append(columns, name), append(keep, i)
	}
	return columns, keep
}

func headerLine(header []string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write(header); err != nil {
		return nil
	}
	w.Flush()
	return b.Bytes()
}

// table writes CSV for people: UTF-8 with BOM, CRLF, no cell that a spreadsheet would execute. It keeps the first
// error.
type table struct {
	csv *csv.Writer
	// wave: the table will be read as a wave, so its cells are left as they were.
	wave bool
	err  error
}

func newTable(w io.Writer) *table {
	_, err := io.WriteString(w, "\ufeff")
	t := &table{csv: csv.NewWriter(w), err: err}
	t.csv.UseCRLF = true
	return t
}

func (t *table) line(line []string) {
	if t.err != nil {
		return
	}
	for i, s := range line {
		if !t.wave {
			s = wording.Clean(s)
		}
		line[i] = celltext.Neutral(s)
	}
	t.err = t.csv.Write(line)
}

func (t *table) end() error {
	if t.err != nil {
		return t.err
	}
	t.csv.Flush()
	return t.csv.Error()
}

// padded returns a copy of the first n cells, empty where the line was shorter.
func padded(line []string, n int) []string {
	out := make([]string, n, n+len(resultColumns))
	copy(out, line)
	return out
}

func cellAt(line []string, i int) string {
	if i < len(line) {
		return line[i]
	}
	return ""
}

func finishedTook(r migration.Row) time.Duration {
	if r.FinishedAt.IsZero() {
		return 0
	}
	return summary.Took(r, r.FinishedAt)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func seconds(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return strconv.FormatInt(int64(d.Round(time.Second)/time.Second), 10)
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// gib formats a size in whole GiB, rounded up; "" for 0 bytes. It has no decimals, because spreadsheets in many locales
// read the point as a thousands separator.
func gib(bytes int64) string {
	return number(int((bytes + 1<<30 - 1) >> 30))
}
