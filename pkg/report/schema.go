package report

import _ "embed"

//go:embed schema.json
var schema string

// Schema is the JSON Schema (draft 2020-12) of run.json, with a description of every field.
func Schema() string { return schema }
