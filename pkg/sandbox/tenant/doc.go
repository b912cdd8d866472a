// Package tenant is a Windows 365 tenant: its users, licenses, groups, policies, user settings, imports and Cloud PCs,
// and the rules by which a write today becomes a Cloud PC an hour later. Time comes in as an argument: what time does is
// worked out when somebody looks, so virtual time may jump. It is not for HTTP, and it keeps no goroutine and no timer.
//
// It is one room although it is large: each thing in it is tied to the others by what happens. A license that goes ends a Cloud PC,
// the seat that comes free with it builds another one, and that one takes the import of its user. What can be said of one thing
// alone stands in the packages below it.
package tenant
