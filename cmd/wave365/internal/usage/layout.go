// Package usage is the help and the error messages of the command line: what is wrong with a command line, and help
// that fits the terminal.
package usage

import (
	"io"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wave365/cmd/wave365/internal/console"
)

// alone marks a command that uses no ledger and no tenant: its help omits the flags for those.
const alone = "alone"

// StandsAlone marks a command as one that uses no ledger and no tenant.
func StandsAlone(cmd *cobra.Command) { cmd.Annotations = map[string]string{alone: ""} }

// Alone reports whether a command is marked by [StandsAlone].
func Alone(cmd *cobra.Command) bool { _, marked := cmd.Annotations[alone]; return marked }

// Fit fits the help of every command to a terminal of this width when it is printed; 0 means no terminal. Fitting all
// commands at each start would take longer than most commands do.
func Fit(root *cobra.Command, width int) {
	help, usage := root.HelpFunc(), root.UsageFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		LayOut(cmd, width)
		help(cmd, args)
	})
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		LayOut(cmd, width)
		text, err := captured(cmd, usage)
		if err == nil {
			_, err = io.WriteString(cmd.OutOrStderr(), fitted(text, cmd, width))
		}
		return err
	})
}

// LayOut fits the texts about a command to a terminal of this width; 0 means no terminal.
func LayOut(cmd *cobra.Command, width int) {
	width = within(width)
	cmd.Long, cmd.Example = reflowed(cmd.Long, width), examples(cmd.Example, width)
	for _, c := range cmd.Commands() { // their names stand before them
		lead := strings.Repeat(" ", max(c.NamePadding(), len(c.Name()))+3)
		c.Short = strings.TrimSpace(console.Fold(lead, c.Short, width))
	}
}

func within(width int) int {
	const widest = 110
	if width == 0 || width > widest {
		return widest
	}
	return width
}

// captured returns what a command prints about its usage.
func captured(cmd *cobra.Command, usage func(*cobra.Command) error) (string, error) {
	before := cmd.OutOrStderr()
	if before != cmd.OutOrStdout() { // nobody chose it
		before = nil
	}
	var b strings.Builder
	cmd.SetOut(&b)
	defer cmd.SetOut(before)
	err := usage(cmd)
	return b.String(), err
}

// fitted returns cobra's text about the usage of a command, including what cobra adds, with its flags fitted to the width
// and global flags listed by name only. cobra's templates could do it, too, but using them makes the linker keep every
// method of the program, a seventh of its size.
func fitted(usage string, cmd *cobra.Command, width int) string {
	const own, global = "\n\nFlags:\n", "\n\nGlobal Flags:\n"
	trim := func(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) }
	width = within(width)
	usage = strings.Replace(usage, own+trim(cmd.LocalFlags().FlagUsages()), own+trim(cmd.LocalFlags().FlagUsagesWrapped(width)), 1)
	inherited := cmd.InheritedFlags()
	names := "\n\nFlags of every command:\n" + namesOf(inherited, width)
	if Alone(cmd) {
		names = ""
	}
	return strings.Replace(usage, global+trim(inherited.FlagUsages()), names, 1)
}

// reflowed rewraps the paragraphs of a text; in paragraphs with an indented line, only the last column.
func reflowed(text string, width int) string {
	if text == "" {
		return ""
	}
	paragraphs := strings.Split(text, "\n\n")
	for i, p := range paragraphs {
		if indented := strings.ContainsAny(p[:min(len(p), 1)], " \t") || strings.Contains(p, "\n ") || strings.Contains(p, "\n\t"); !indented {
			paragraphs[i] = strings.TrimSuffix(console.Fold("", p, width), "\n")
		} else {
			paragraphs[i] = inWidth(p, width)
		}
	}
	return strings.Join(paragraphs, "\n\n")
}

// column matches up to the last column of a line: after a gap of spaces that follows a word.
var column = regexp.MustCompile(`^( *\S+(?: \S+)*  +)\S.*$`)

// commented matches a command and its comment: "  wave365 status  # state of the rows".
var commented = regexp.MustCompile(`^( +)(\S.*?) +# (.*)$`)

// inWidth wraps the last column of lines that are too wide. If a command with a comment is too wide, all comments of the
// paragraph move above their commands.
func inWidth(paragraph string, width int) string {
	lines := strings.Split(paragraph, "\n")
	above := slices.ContainsFunc(lines, func(line string) bool { return commented.MatchString(line) && console.Wider(line, width) })
	for i, line := range lines {
		if m := commented.FindStringSubmatch(line); above && m != nil {
			lines[i] = console.Fold(m[1]+"# ", m[3], width) + strings.TrimSuffix(console.Command(m[1], m[2], width, runtime.GOOS == "windows"), "\n")
			continue
		}
		if m := column.FindStringSubmatch(line); m != nil && console.Wider(line, width) && !strings.Contains(line, "# ") {
			lines[i] = strings.TrimSuffix(console.Fold(m[1], line[len(m[1]):], width), "\n")
		}
	}
	return strings.Join(lines, "\n")
}

// examples wraps the commands of a text that are too wide.
func examples(text string, width int) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		command := strings.TrimLeft(line, " ")
		if strings.HasPrefix(command, "wave365 ") {
			lines[i] = strings.TrimSuffix(console.Command(line[:len(line)-len(command)], command, width, runtime.GOOS == "windows"), "\n")
		}
	}
	return strings.Join(lines, "\n")
}

// namesOf lists flags by name only: the help of the program describes them once.
func namesOf(flags *pflag.FlagSet, width int) string {
	var names []string
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, "--"+f.Name)
		}
	})
	return strings.TrimSuffix(console.Fold("  ", strings.Join(names, ", "), width), "\n") + "\n  `wave365 --help` says what they do."
}
