// Package process reports whether a process of this machine still lives, so that a lock which it left behind can be
// replaced. It does not start, signal or end processes.
package process

// Life is what is known of a process.
type Life string

// What can be known.
const (
	Alive Life = "alive"
	// Gone: it has ended. A process that has ended and was not yet waited for by its parent is Gone, too: it does
	// nothing any more.
	Gone Life = "gone"
	// Unknown: it cannot be seen from here, as from one container the processes of another.
	Unknown Life = "unknown"
)

// LifeOf reports whether the process with that id lives. token is what [Token] returned when it was known to live:
// another process that got the same id later, also after a restart of the machine, is not taken for it. With an empty
// token only the id is compared. When in doubt about a process that can be seen, the answer is Alive.
func LifeOf(pid int, token string) Life {
	if pid <= 0 {
		return Gone
	}
	was, space := split(token)
	if here := namespace(); space != "" && here != "" && space != here {
		return Unknown
	}
	if !running(pid) {
		return Gone
	}
	if was == "" {
		return Alive
	}
	if now, _ := split(Token(pid)); now != "" && now != was {
		return Gone
	}
	return Alive
}

// split parts a token into when the process started and the space in which its id means it; either may be empty.
func split(token string) (started, space string) {
	for i := len(token) - 1; i >= 0; i-- {
		if token[i] == '@' {
			return token[:i], token[i+1:]
		}
	}
	return token, ""
}
