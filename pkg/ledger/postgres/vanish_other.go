//go:build !linux

package postgres

import "syscall"

// unanswered does nothing: this system has no such limit, and statements have their own.
func unanswered(string, string, syscall.RawConn) error { return nil }
