// Package pseudonym makes a record fit to be shown outside: names, addresses, hosts and paths are replaced with stable
// pseudonyms, texts that may contain anything are withheld, and the audit chain is sealed again over the rest. It does
// not look for secrets; those are removed from every report.
package pseudonym
