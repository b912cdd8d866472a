// Package pilot reads a recording of a real evening and says what it shows of the questions that the public sources about
// Windows 365 leave open, each with its evidence and with the knob that would make the sandbox behave so. It does no I/O
// but reading what it is given, and decides nothing about a wave.
package pilot

import "wave365/pkg/pilot/recording"

const (
	// maxEvidence is how many exchanges are named for an answer.
	maxEvidence = 5
)

// Answer is what the recording says of one question.
type Answer struct {
	// Code is stable, such as "snapshot-id".
	Code     string `json:"code"`
	Question string `json:"question"`
	// Answer is empty when the recording does not tell; then Missing says what an evening would need to tell.
	Answer  string `json:"answer"`
	Missing string `json:"missing,omitempty"`
	// Knob and Value are what makes a sandbox behave so, as in a scenario's knobs; an empty Knob: there is none.
	Knob  string `json:"knob,omitempty"`
	Value any    `json:"value,omitempty"`
	// Seen is how many exchanges show it; Evidence names the first of them.
	Seen     int                  `json:"seen"`
	Evidence []recording.Evidence `json:"evidence"`
}

// Knobs gives the scenario's knobs, by their names in YAML, that make a sandbox behave as the recording shows; what it does
// not show is left out, so that the sandbox's default stands.
func Knobs(answers []Answer) map[string]any {
	knobs := map[string]any{}
	for _, a := range answers {
		if a.Knob != "" && a.Answer != "" && a.Value != nil {
			knobs[a.Knob] = a.Value
		}
	}
	if knobs["import_base"] != nil {
		knobs["import_per_10gib"] = "0s" // what was measured has the disks' size in it
	}
	return knobs
}

// question is one of those that the sources leave open.
type question struct {
	Code, text, missing, knob string
	ask                       func(rec *recording.Recording) finding
}

// finding is what was found out; an empty text is nothing.
type finding struct {
	text  string
	value any
	seen  []recording.Exchange
}

// Answers gives an answer to every question, in a fixed order; those that the recording does not tell are empty.
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
