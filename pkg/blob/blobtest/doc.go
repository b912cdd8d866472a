// Package blobtest is for tests: one suite that every server of Blob storage passes which this project calls Blob
// storage. No product code may import it.
package blobtest
