package store

import "strings"

// Text returns a text as every kind of ledger stores it, with U+FFFD in place of what PostgreSQL refuses: NUL, and bytes that
// are not UTF-8. A message of the service about one row may contain both, and is not to end the run.
func Text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}

// texts returns the arguments of a statement with every string as Text returns it.
func texts(args []any) []any {
	kept := make([]any, len(args))
	for i, a := range args {
		if s, ok := a.(string); ok {
			a = Text(s)
		}
		kept[i] = a
	}
	return kept
}
