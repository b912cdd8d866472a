package summary

import "strings"

// Quote makes a word safe to paste into sh and PowerShell alike: quoted only where it must be. What neither shell can
// take, control characters and quotes of both kinds in one word, becomes "_".
func Quote(s string) string {
	switch {
	case plain(s):
		return s
	case strings.Contains(s, "'") && !strings.ContainsAny(s, "\"\\$`!\u201c\u201d\u201e") && !strings.ContainsFunc(s, control):
		return `"` + s + `"`
	}
	return "'" + strings.Map(func(r rune) rune {
		// PowerShell takes curly quotes for straight ones.
		if control(r) || strings.ContainsRune("'\u2018\u2019\u201a\u201b", r) {
			return '_'
		}
		return r
	}, s) + "'"
}

// Command is a command on the ledger of the account, to be copied. Its words are quoted already where they must be.
func (a Record) Command(words ...string) string {
	line := "wave365 " + strings.Join(words, " ")
	if a.Ledger != "" {
		line += " --ledger " + Quote(a.Ledger)
	}
	return line
}

// ValidateFailed is the command that looks at the mended file of what did not end well: a rehearsal's on its scenario.
func (a Record) ValidateFailed() string {
	words := []string{"validate", Quote(FailedFile(a.Run))}
	if a.Run.Sandbox != "" {
		words = append(words, "--sandbox="+Quote(a.Run.Sandbox))
	}
	return a.Command(words...)
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

// plain reports whether both shells take s as it is.
func plain(s string) bool {
	if s == "" || s[0] == '-' || s[0] == '@' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune("@._-/:", rune(c)) {
			return false
		}
	}
	return true
}
