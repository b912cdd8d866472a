package wording

import (
	"cmp"
	"slices"
	"strings"

	"wave365/pkg/fault"
)

// Shell is what a command needs besides its own words to work where it is pasted. The zero Shell is a POSIX shell in the
// folder of the default ledger.
type Shell struct {
	// Ledger is the value of --ledger in commands; empty: the default ledger.
	Ledger string
	// Run is added to commands that act on a run and name none; empty: they act on the latest.
	Run string
	// Place holds the flags that say which tenant commands act on, and how to sign in, such as
	// "--sandbox=http://127.0.0.1:8080". Commands about a recorded run find its tenant and storage in the ledger.
	Place []string
	// Windows selects quotes that both cmd.exe and PowerShell understand.
	Windows bool
}

// takesRun lists the commands whose first argument is a run.
var takesRun = []string{"resume", "status", "retry", "reconcile", "cancel", "report", "pause", "continue", "slots", "drain", "close", "undo", "notify"}

// tenantFlags and storageFlags are the flags of Place that only commands without a recorded run need.
var (
	tenantFlags  = []string{"--sandbox", "--cloud", "--tenant"}
	storageFlags = []string{"--storage-account", "--blob-endpoint"}
)

// place returns the flags of Place that a command takes and does not have yet.
func (s Shell) place(c fault.Command) []string {
	family, _, _ := strings.Cut(c.Name, " ")
	if family != "doctor" && slices.Contains(noLedger, c.Name) || has(c, "--help") || has(c, "--offline") || has(c, "--explain") {
		return nil
	}
	recorded := recordedFlags(c, family)
	var out []string
	for _, flag := range s.Place {
		if name, value, _ := strings.Cut(flag, "="); !has(c, name) && !slices.Contains(recorded, name) {
			out = append(out, name+"="+s.Quote(value))
		}
	}
	return out
}

// recordedFlags are the flags whose values a command finds in the run's record.
func recordedFlags(c fault.Command, family string) []string {
	switch family {
	case "validate", "plan", "run", "submit", "doctor":
		return nil
	case "policy", "setting", "image", "license", "cloudpc":
		return storageFlags
	case "purge":
		if has(c, "--foreign") {
			return storageFlags
		}
	case "deprovision":
		if !has(c, "--row") {
			return storageFlags
		}
	}
	return slices.Concat(tenantFlags, storageFlags)
}

// has reports whether a command has a flag, with or without a value.
func has(c fault.Command, flag string) bool {
	return slices.ContainsFunc(c.Args, func(a string) bool { return a == flag || strings.HasPrefix(a, flag+"=") })
}

// noLedger lists the commands that need no ledger.
var noLedger = []string{"", "template", "sandbox", "sandbox generate", "rehearse", "help", "version", "completion", "doctor"}

// Line returns the command as it is typed. Characters that no shell can take are removed from its words: control
// characters and invisible marks; user names match without them.
func (s Shell) Line(c fault.Command) string {
	words := []string{"wave365"}
	if c.Name != "" {
		words = append(words, c.Name)
	}
	help := slices.Contains(c.Args, "--help")
	run := cmp.Or(c.Run, s.Run)
	if run != "" && !help && slices.Contains(takesRun, c.Name) {
		words = append(words, s.Quote(run))
	}
	for _, a := range c.Args {
		flag, value, given := strings.Cut(a, "=")
		switch {
		case !strings.HasPrefix(a, "--"):
			a = s.Quote(a)
		case given:
			a = flag + "=" + s.Quote(value)
		}
		words = append(words, a)
	}
	words = append(words, s.place(c)...)
	if s.Ledger != "" && !help && !slices.Contains(noLedger, c.Name) && !slices.Contains(c.Args, "--ledger") {
		words = append(words, "--ledger", s.Quote(s.Ledger))
	}
	return strings.Join(words, " ")
}

// Lines returns the commands of a remedy as they are typed.
func (s Shell) Lines(r fault.Remedy) []string {
	var out []string
	for _, c := range r.Commands {
		out = append(out, s.Line(c))
	}
	return out
}

// Remedy returns a remedy on one line, its commands after its text.
func (s Shell) Remedy(r fault.Remedy) string {
	commands := strings.Join(s.Lines(r), "; ")
	if r.Text == "" || commands == "" {
		return r.Text + commands
	}
	return r.Text + ": " + commands
}

// Quote returns a word that is safe to paste, in quotes only where needed. On Windows these are double quotes, which
// cmd.exe and PowerShell both understand; only what PowerShell would expand in them is put into single quotes, which
// cmd.exe does not know.
func (s Shell) Quote(word string) string {
	word = strings.Map(func(r rune) rune {
		if unsafe(r) || r == '\n' || r == '\t' {
			return -1
		}
		return r
	}, word)
	const singles = "'\u2018\u2019\u201a\u201b" // PowerShell treats curly quotes as straight ones
	switch {
	case bare(word):
		return word
	case s.Windows && !strings.ContainsAny(word, "\"$`\u201c\u201d\u201e"):
		if strings.HasSuffix(word, `\`) {
			word += `\` // or it would escape the quote
		}
		return `"` + word + `"`
	case s.Windows:
		for _, q := range singles {
			word = strings.ReplaceAll(word, string(q), string(q)+string(q))
		}
		return "'" + strings.ReplaceAll(word, `"`, `\"`) + "'"
	case strings.Contains(word, "'") && !strings.ContainsAny(word, "\"\\$`!"):
		return `"` + word + `"`
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// bare reports whether every shell takes s without quotes.
func bare(s string) bool {
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
