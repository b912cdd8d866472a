// Package tenant is a Windows 365 tenant: its users, licenses, groups, policies, user settings, imports and Cloud PCs,
// and the rules by which a write today becomes a Cloud PC an hour later. Time comes in as an argument: what time does is
// worked out when somebody looks, so virtual time may jump. It is not for HTTP, and it keeps no goroutine and no timer.
package tenant

import "time"

// Disks is the storage account as the service sees it.
type Disks interface {
	// CheckSAS is what the service does with a sasUrl. An error says why the service cannot use it, without the query.
	CheckSAS(rawURL string, now time.Time) (File, error)
	// CheckBlob is the storage-account form of the same question; account is an ARM id.
	CheckBlob(account, container, name string) (File, error)
	// Touch lets somebody have written to the blob of the first account with that path.
	Touch(path string, now time.Time)
}

// File is a blob as an import judges it.
type File struct {
	Name     string
	PageBlob bool
	// Length and Virtual are the blob's and the disk's size in bytes; Virtual is 0 when no disk is recognised.
	Length, Virtual int64
	// Kind is fixed, dynamic, differencing, vhdx, guest-state or none.
	Kind        string
	CopyPending bool
	// Unreachable: the service may not read from the account that it is in.
	Unreachable bool
	// Unbootable says why a generation 2 machine will not start from the disk; empty: it will.
	Unbootable string
}
