// Package pilot evaluates a recording of a real run for the questions that the public sources about Windows 365 leave
// open. Each answer comes with its evidence and with the knob that makes the sandbox behave the same. It does no I/O
// other than reading its input, and decides nothing about a wave.
package pilot

import "wave365/pkg/pilot/recording"

const (
	// maxEvidence is how many exchanges an answer names.
	maxEvidence = 5
)

// Answer is what the recording shows about one question.
type Answer struct {
	// Code is stable, such as "snapshot-id".
	Code     string `json:"code"`
	Question string `json:"question"`
	// Answer is empty when the recording does not show it; then Missing is what a recording would need to contain.
	Answer  string `json:"answer"`
	Missing string `json:"missing,omitempty"`
	// Knob and Value make a sandbox behave the same, as in a scenario's knobs; an empty Knob: there is none.
	Knob  string `json:"knob,omitempty"`
	Value any    `json:"value,omitempty"`
	// Seen is how many exchanges show it; Evidence lists the first of them.
	Seen     int                  `json:"seen"`
	Evidence []recording.Evidence `json:"evidence"`
}

// Knobs returns the scenario's knobs, by their names in YAML, that make a sandbox behave as the recording shows; what it
// does not show is left out, so the sandbox's default applies.
func Knobs(answers []Answer) map[string]any {
	knobs := map[string]any{}
	for _, a := range answers {
		if a.Knob != "" && a.Answer != "" && a.Value != nil {
			knobs[a.Knob] = a.Value
		}
	}
	if knobs["import_base"] != nil {
		knobs["import_per_10gib"] = "0s" // the measured time includes the size of the disks
	}
	return knobs
}

// question is one of the open questions.
type question struct {
	Code, text, missing, knob string
	ask                       func(rec *recording.Recording) finding
}

// finding is the result for one question; an empty text means no result.
type finding struct {
	text  string
	value any
	seen  []recording.Exchange
}

// Answers returns an answer to every question, in a fixed order; an answer that the recording does not contain is
// empty.
func Answers(rec *recording.Recording) []Answer {
	var out []Answer
	for _, q := range append(append(aboutImports(), aboutResults()...), aboutService()...) {
		f := q.ask(rec)
		a := Answer{Code: q.Code, Question: q.text, Answer: f.text, Knob: q.knob, Value: f.value, Seen: len(f.seen), Evidence: []recording.Evidence{}}
		if f.text == "" {
			a.Missing, a.Value = q.missing, nil
		}
		for _, e := range f.seen[:min(len(f.seen), maxEvidence)] {
			a.Evidence = append(a.Evidence, e.Evidence())
		}
		out = append(out, a)
	}
	return out
}
