package progress

import (
	"cmp"
	"encoding/json"
	"io"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/summary/wording"
)

// jsonLines writes one JSON object per line. Every object has "message_type" and "time" (RFC 3339, UTC); readers have
// to ignore unknown types and fields.
type jsonLines struct {
	lines
}

// NewJSON returns the view for programs: one JSON object per line with "message_type" start, row, poll, status or done,
// in the order of the changes. now is service time. It does not close w.
func NewJSON(w io.Writer, now func() time.Time) View {
	return &jsonLines{newLines(w, now)}
}

type head struct {
	Type string    `json:"message_type"`
	Time time.Time `json:"time"`
}

type startMessage struct {
	head
	Schema string           `json:"schema"`
	Run    string           `json:"run"`
	Wave   string           `json:"wave"`
	Tenant string           `json:"tenant"`
	Cloud  string           `json:"cloud"`
	Slots  int              `json:"slots"`
	Counts migration.Counts `json:"counts"`
}

type rowMessage struct {
	head
	Row    int              `json:"row"`
	Line   int              `json:"line,omitempty"`
	User   string           `json:"user"`
	State  migration.State  `json:"state"`
	Step   migration.Step   `json:"step"`
	Reason migration.Reason `json:"reason,omitempty"`
	Note   string           `json:"note,omitempty"`
	effort
	Warned  bool               `json:"warned,omitempty"`
	Warning string             `json:"warning,omitempty"`
	Problem *migration.Problem `json:"problem,omitempty"`
	CloudPC string             `json:"cloud_pc,omitempty"`
	tally
}

// effort is how often a row was tried, and when it will be tried next.
type effort struct {
	Attempt   int       `json:"attempt"`
	Tries     int       `json:"tries,omitempty"`
	NotBefore time.Time `json:"not_before,omitzero"`
}

// tally is the progress of the run.
type tally struct {
	Done  int `json:"done"`
	Total int `json:"total"`
}

type pollMessage struct {
	head
	Rows []int     `json:"rows"`
	Next time.Time `json:"next,omitzero"`
}

type statusMessage struct {
	head
	Text string `json:"text"`
}

type doneMessage struct {
	head
	Counts migration.Counts `json:"counts"`
}

func (j *jsonLines) Start(run migration.Run, rows []migration.Row) {
	j.begin(run, rows, func() string {
		return j.text(startMessage{j.head("start"), "wave365/progress/v1", run.ID, run.Wave, run.Tenant, run.Cloud,
			run.Slots, migration.Count(rows)})
	})
}

func (j *jsonLines) Row(r migration.Row) {
	j.mutate(func() (string, bool) {
		c, ok := j.board.Update(r)
		if !ok {
			return "", false
		}
		m := rowMessage{head: j.head("row"), Row: r.Index, Line: r.Target.Line, User: cmp.Or(r.Target.UPN, r.Target.User), State: r.State, Step: r.Step,
			Reason: r.Reason, Note: r.Note, effort: effort{r.Attempt, r.Tries, r.NotBefore.UTC()},
			Warned: r.Warned, Warning: r.Facts.Warning, Problem: r.Problem, CloudPC: r.Facts.CloudPCName,
			tally: tally{c.Counts.Done(), c.Counts.Total}}
		if !r.UpdatedAt.IsZero() {
			m.Time = r.UpdatedAt.UTC()
		}
		return j.text(m), true
	})
}

func (j *jsonLines) Polled(p Poll) {
	j.mutate(func() (string, bool) {
		if !j.board.Polled(p.Rows, p.Next) {
			return "", false
		}
		rows := p.Rows
		if rows == nil {
			rows = []int{}
		}
		return j.text(pollMessage{j.head("poll"), rows, p.Next.UTC()}), true
	})
}

func (j *jsonLines) Status(text string) {
	j.mutate(func() (string, bool) {
		if !j.board.SetStatus(text) {
			return "", false
		}
		return j.text(statusMessage{j.head("status"), text}), true
	})
}

func (j *jsonLines) Done() {
	j.finish(func(c migration.Counts) string { return j.text(doneMessage{j.head("done"), c}) })
}

func (j *jsonLines) head(kind string) head { return head{kind, j.now().UTC()} }

// text cannot fail: every field of the messages above has a JSON form.
func (j *jsonLines) text(m any) string {
	b, err := json.Marshal(m)
	if err != nil {
		panic("progress: " + err.Error())
	}
	return wording.EscapeJSON(string(b)) + "\n"
}
