// Package process reports whether a process of this machine still lives, so that the lock of one that has ended can be
// replaced. It does not start, signal or end processes.
package process

// Life is what is known of a process.
type Life string

// What can be known.
const (
	Alive Life = "alive"
	// Gone: it has ended. A process that has ended and whose parent has not yet waited for it is Gone, too.
	Gone Life = "gone"
	// Unknown: it cannot be seen from here, like the processes of another container.
	Unknown Life = "unknown"
)

// LifeOf reports whether the process with that id lives. token is what [Token] returned when it was known to live, so
// that another process that got the same id later, also after a restart of the machine, is not mistaken for it. With an
// empty token only the id is compared. In doubt about a process that can be seen, the result is Alive.
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

// split splits a token into the start time of the process and its PID namespace; either may be empty.
func split(token string) (started, space string) {
	for i := len(token) - 1; i >= 0; i-- {
		if token[i] == '@' {
			return token[:i], token[i+1:]
		}
	}
	return token, ""
}
