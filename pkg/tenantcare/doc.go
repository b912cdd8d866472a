// Package tenantcare maintains the tenant before and after a wave: below it one package lists what is there, and there is one
// for each operation on it. Rules take what was read and return what is to be done; writes go through [Writer], which records
// the intent before the call and the outcome after it. It does not handle the terminal, files, or the rows of a live run.
package tenantcare
