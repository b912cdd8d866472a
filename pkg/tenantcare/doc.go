// Package tenantcare is the tenant before and after a wave: below it one package shows what is there, and one stands for each
// thing that is done to it. Rules take what was read and return what is to be done; writes go through [Writer], which
// records the intent before the call and the outcome after it. It is not for the terminal, for files, or for the rows of
// a run that goes on.
package tenantcare
