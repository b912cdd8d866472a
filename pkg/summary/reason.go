package summary

import (
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
)

// Why is the reason for a row's outcome, for people and for machines. Its fields are empty where there is nothing to
// explain, as for a plain success.
type Why struct {
	Code, Text string
	Remedy     fault.Remedy
}

// WhyOf returns the reason for the state of a row.
func WhyOf(r migration.Row) Why {
	if r.State == migration.Succeeded {
		if r.Warned {
			return Why{
				Code: "cloudpc.warnings", Text: r.Facts.Warning,
				Remedy: fault.Remedy{Text: "the Cloud PC works; look at it in the Intune admin center and clear the warning"},
			}
		}
		return Why{}
	}
	if p := r.Problem; p != nil {
		return Why{Code: p.Code, Text: p.Message, Remedy: p.Remedy()}
	}
	w := Why{Text: r.Note}
	if r.State.Final() {
		w.Code = string(r.Reason)
		if w.Text == "" {
			w.Text = plainReason(r.Reason)
		}
	}
	return w
}

// takenBack returns the reason for the state of a row whose migration was undone since, as since describes. Advice to undo it
// before a new attempt no longer applies and is dropped.
func (w Why) takenBack(r *migration.Row, since string) Why {
	w.Text = andSince(w.Text, "Taken back since: "+since)
	if !r.Retryable() {
		return w
	}
	done, _, _ := strings.Cut(since, ":")
	left := slices.DeleteFunc(slices.Clone(w.Remedy.Commands), func(c fault.Command) bool { return c.Name == "undo" || c.Name == done })
	w.Remedy = fault.Remedy{Text: "when the user is to be migrated after all, retry: it starts from the state of the tenant at that time", Commands: left}
	switch has := func(name string) bool {
		return slices.ContainsFunc(left, func(c fault.Command) bool { return c.Name == name })
	}; {
	case w.Code == migration.CodeUsedUp:
		w.Remedy.Text = "no attempt of this row can bring the Cloud PC back: when the disk is to be imported again, run a new wave of this user"
	case has("deprovision"):
		w.Remedy.Text = "the service deletes the Cloud PC in seven days, or at once when it is deprovisioned; once it is gone, retry when the user is to be migrated after all"
	case !has("retry"):
		w.Remedy.Commands = append(left, fault.NewCommand("retry"))
	}
	return w
}

// andSince appends what happened since to what happened to a row.
func andSince(text, since string) string {
	if text != "" && !strings.HasSuffix(text, ".") {
		text += "."
	}
	return strings.TrimLeft(text+" "+since, " ")
}

func plainReason(r migration.Reason) string {
	switch r {
	case migration.ReasonStopBy:
		return "it would not have finished before the time of --stop-by"
	case migration.ReasonOperator:
		return "the operator cancelled it"
	}
	return string(r)
}

// Took is how long a row took from its first step to its end, or to the moment of the record while it has not ended; 0:
// it was not started.
func Took(r migration.Row, at time.Time) time.Duration {
	if r.StartedAt.IsZero() {
		return 0
	}
	if !r.FinishedAt.IsZero() {
		return span(r.StartedAt, r.FinishedAt)
	}
	return span(r.StartedAt, at)
}

// ImportTook is how long the service took for the import; 0: not known.
func ImportTook(f migration.Facts) time.Duration { return span(f.ImportStarted, f.ImportEnded) }

// ProvisionTook is how long it took from the cut-over to the provisioned Cloud PC; 0: not known.
func ProvisionTook(f migration.Facts) time.Duration { return span(f.CutOver, f.Provisioned) }

func span(from, to time.Time) time.Duration {
	if from.IsZero() || to.IsZero() || to.Before(from) {
		return 0
	}
	return to.Sub(from)
}

// RequestID returns the service's id to quote in a ticket about this row: the failed call's, or else the import's.
func RequestID(r migration.Row, intents []migration.Intent) string {
	if r.Problem != nil && r.Problem.RequestID != "" {
		return r.Problem.RequestID
	}
	id := ""
	for _, in := range intents {
		if in.Effect == migration.EffectImport && in.Outcome != nil && in.Outcome.RequestID != "" {
			id = in.Outcome.RequestID
		}
	}
	return id
}
