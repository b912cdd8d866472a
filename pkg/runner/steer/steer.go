// Package steer defines what an operator may ask of a run: commands to a live one, with the run's answers, and the deadline of
// the evening.
package steer

import (
	"fmt"

	"wave365/pkg/migration"
)

// Kind is the kind of a command.
type Kind string

// The kinds.
const (
	// Pause: nothing new starts; what is in flight continues, and the run does not end.
	Pause Kind = "pause"
	// Continue ends a pause.
	Continue Kind = "continue"
	// Slots changes how many imports may be in flight; those above the new number continue.
	Slots Kind = "slots"
	// Drain is the same as closing the drain channel.
	Drain Kind = "drain"
	// Cancel cancels rows that have no import yet.
	Cancel Kind = "cancel"
)

// Command is an operator's command to a live run.
type Command struct {
	Kind Kind
	// Slots is for Slots, at least 1.
	Slots int
	// Row is the position of the row to cancel; -1: every row.
	Row int
	// Done, when not nil, is called with the answer, on the goroutine that called Run; it must not block.
	Done func(answer string)
}

// Answer sends the answer to the operator.
func (c Command) Answer(text string) {
	if c.Done != nil {
		c.Done(text)
	}
}

// Load is the work of a run in progress in the service: imports in flight, and rows after that.
type Load struct{ Imports, After int }

func (l Load) String() string {
	return Count(l.Imports, "import") + " and " + Count(l.After, "row") + " after the import"
}

// State is how a run is steered.
type State struct {
	// Slots bounds imports in flight in the service.
	Slots int
	// Paused: nothing new starts. Draining: nothing new starts, and the run ends with what is in flight.
	Paused, Draining bool
}

// Follow carries out a command that concerns the state alone: every kind but Cancel, which it ignores. It returns the new
// state and the answer; load is the work in progress once the command applies.
func (s State) Follow(c Command, load Load) (State, string) {
	was := s
	switch c.Kind {
	case Pause:
		s.Paused = true
		return s, "paused: nothing new starts; " + load.String() + " continue"
	case Continue:
		s.Paused = false
		switch {
		case s.Draining:
			return s, "the run is draining and ends with what is in flight; resume it then"
		case !was.Paused:
			return s, "the run is not paused"
		}
		return s, "continued"
	case Slots:
		s.Slots = max(1, c.Slots)
		return s, fmt.Sprintf("%s instead of %d; in flight: %s", Count(s.Slots, "slot"), was.Slots, Count(load.Imports, "import"))
	case Drain:
		s.Draining = true
		return s, "draining: " + load.String() + " run to completion, then the run ends"
	}
	return s, "not understood: " + string(c.Kind)
}

// Cancelled is what a Cancel came to, in rows.
type Cancelled struct {
	// Now were given up, Soon will be when the current step ends, GoOn cannot any more.
	Now, Soon, GoOn int
	// Lives are those given up, or soon, of which the import of an earlier attempt may be in the service.
	Lives int
	// Away are those given up whose license may have been taken away for the import.
	Away int
}

// Answer describes the result; named is the state of the named row, "" when all rows were meant.
func (c Cancelled) Answer(named migration.State) string {
	if c.Now+c.Soon+c.GoOn == 0 {
		if named != "" {
			return "nothing to cancel: the row is " + string(named) + " already"
		}
		return "nothing to cancel: every row has ended"
	}
	text := fmt.Sprintf("%d cancelled", c.Now)
	if c.Soon > 0 {
		text += fmt.Sprintf(", %d more when the current step ends, unless it sends the import", c.Soon)
	}
	if c.GoOn > 0 {
		text += fmt.Sprintf(", %d too late to cancel: the import was sent and continues in the service", c.GoOn)
	}
	if c.Lives > 0 {
		text += fmt.Sprintf(", of %d the import of an earlier attempt stays in the service, as far as is known: purge --row removes it", c.Lives)
	}
	if c.Away > 0 {
		text += fmt.Sprintf(", %d of them perhaps without the license that was taken for the import: undo gives it back", c.Away)
	}
	return text
}

// Count writes a number with its noun.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
