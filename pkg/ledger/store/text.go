package store

import "strings"

// Text is a text as every kind of ledger keeps it, with U+FFFD in place of what PostgreSQL refuses: NUL, and bytes that are not
// UTF-8. What a service says of one row may hold both, and must not end the run.
func Text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}

// texts are the arguments of a statement with every string as Text gives it.
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
