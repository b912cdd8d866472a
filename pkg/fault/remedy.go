package fault

import (
	"slices"
	"strings"
)

// Remedy is what to do about a problem: a sentence, and the commands that do it, in the order in which they are typed.
// The zero Remedy says nothing.
type Remedy struct {
	// Text is for people: lower case, no full stop, without any wave365 command in it.
	Text     string    `json:"text"`
	Commands []Command `json:"commands,omitempty"`
}

// Empty reports whether there is nothing to say.
func (r Remedy) Empty() bool { return r.Text == "" && len(r.Commands) == 0 }

// Command is a command of this program as words. Whoever knows the ledger, the run and the shell makes a line of it that
// works when it is copied; see package summary.
type Command struct {
	// Name is the command, such as "retry" or "report verify".
	Name string `json:"name"`
	// Run is the run to name, where the command takes one; empty: the run for which the line is made.
	Run string `json:"run,omitempty"`
	// Args are the other words, unquoted.
	Args []string `json:"args,omitempty"`
}

// NewCommand makes a command for the run for which it is shown.
func NewCommand(name string, args ...string) Command { return Command{Name: name, Args: args} }

// For returns the command for this run.
func (c Command) For(run string) Command {
	c.Run = run
	return c
}

// Equal reports whether both are the same words.
func (c Command) Equal(d Command) bool {
	return c.Name == d.Name && c.Run == d.Run && slices.Equal(c.Args, d.Args)
}

// String is the bare line, for logs and tests: it names no ledger, and no run but its own.
func (c Command) String() string {
	words := []string{"wave365", c.Name}
	if c.Run != "" {
		words = append(words, c.Run)
	}
	return strings.Join(append(words, c.Args...), " ")
}

// RemedyOf returns what the outermost fault of err's tree that knows what to do says; the zero Remedy when none does.
func RemedyOf(err error) Remedy {
	for err != nil {
		f := As(err)
		if f == nil {
			return Remedy{}
		}
		if r := (Remedy{f.Hint, f.Commands}); !r.Empty() {
			return r
		}
		err = f.Err
	}
	return Remedy{}
}

// HintOf returns the text of [RemedyOf].
func HintOf(err error) string { return RemedyOf(err).Text }
