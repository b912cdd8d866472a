// Package blobtest is for tests: one suite that every server of Blob storage passes which this project calls Blob
// storage, and a real Azurite to run it against. No product code may import it.
package blobtest
