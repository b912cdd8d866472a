// Package pseudonym makes an account fit to be shown outside: names, addresses, hosts and paths give way to stable
// pseudonyms, texts that may say anything are withheld, and the audit chain is sealed again over what is left. It is
// not for secrets; those are taken out of every report.
package pseudonym
