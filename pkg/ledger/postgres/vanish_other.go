//go:build !linux

package postgres

import "syscall"

// unanswered does nothing: there is no such bound here, and statements end by their own.
func unanswered(string, string, syscall.RawConn) error { return nil }
