// Package process says whether a process of this machine still lives, so that a lock which it left behind can be
// replaced. It is not for starting, signalling or ending one.
package process

// Alive reports whether the process with that id lives. token is what [Token] said about it when it was known to
// live: another process that got the same id later, also after a restart of the machine, does not count. An empty
// token compares nothing. When in doubt the answer is true.
func Alive(pid int, token string) bool {
	if pid <= 0 || !running(pid) {
		return false
	}
	if token == "" {
		return true
	}
	now := Token(pid)
	return now == "" || now == token
}
