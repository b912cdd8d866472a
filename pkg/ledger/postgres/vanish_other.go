//go:build !linux

package postgres

import "syscall"

// unanswered does nothing: there is no such limit here, and statements have their own.
func unanswered(string, string, syscall.RawConn) error { return nil }
