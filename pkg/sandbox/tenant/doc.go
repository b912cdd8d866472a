// Package tenant is a Windows 365 tenant: its users, licenses, groups, policies, user settings, imports and Cloud PCs, and the
// rules by which a write today becomes a Cloud PC an hour later. Time is an argument: what time changes is computed when somebody
// reads, so virtual time may jump. It has no HTTP, no goroutine and no timer.
//
// It is one package although it is large, because its objects affect each other: a license that is removed ends a Cloud PC, the
// seat that becomes free builds another one, and that one uses the import of its user. What concerns one kind of object alone is in
// the packages below it.
package tenant
