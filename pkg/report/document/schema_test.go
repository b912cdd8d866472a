package document_test

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"wave365/pkg/report/document"
	"wave365/pkg/report/reporttest"
	"wave365/pkg/summary"
)

//go:embed schema.json
var schema []byte

func TestJSON_meetsItsSchema(t *testing.T) {
	t.Parallel()
	root := parse(t, schema)
	for name, a := range map[string]summary.Record{
		"finished": reporttest.Sample(), "running": reporttest.Running(), "hostile": reporttest.Hostile(),
		"empty": {At: reporttest.Start(), Run: reporttest.Sample().Run},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := document.Write(&b, a); err != nil {
				t.Fatal(err)
			}
			for _, complaint := range check(root, root, parse(t, b.Bytes()), "$") {
				t.Error(complaint)
			}
		})
	}
}

// TestSchema_refuses checks the checker: violations of the schema are found.
func TestSchema_refuses(t *testing.T) {
	t.Parallel()
	root := parse(t, schema)
	for _, c := range []struct{ old, new, want string }{
		{`"schema": "wave365/report/v1"`, `"schema": "wave365/report/v2"`, "const"},
		{`"exit_code": 3`, `"exit_code": "3"`, "type"},
		{`"exit_code": 3`, `"exit_kode": 3`, "exit_kode"},
		{`"status":"failed"`, `"status":"broken"`, "enum"},
		{`"as_of": "2026`, `"as_of": "26`, "date-time"},
	} {
		var b bytes.Buffer
		if err := document.Write(&b, reporttest.Sample()); err != nil {
			t.Fatal(err)
		}
		broken := strings.Replace(b.String(), c.old, c.new, 1)
		if broken == b.String() {
			t.Fatalf("%s is not in the document", c.old)
		}
		if got := strings.Join(check(root, root, parse(t, []byte(broken)), "$"), "\n"); !strings.Contains(got, c.want) {
			t.Errorf("%s: got complaints %q, want %q", c.new, got, c.want)
		}
	}
}

// TestSchema_documentsEveryField walks the schema: every property has a description.
func TestSchema_documentsEveryField(t *testing.T) {
	t.Parallel()
	var walk func(v any, path string)
	walk = func(v any, path string) {
		m, _ := v.(map[string]any)
		for name, p := range asMap(m["properties"]) {
			pm := asMap(p)
			if pm["$ref"] == nil && pm["description"] == nil {
				t.Errorf("%s.%s has no description", path, name)
			}
			walk(p, path+"."+name)
		}
		walk2 := func(key string) {
			if m[key] != nil {
				walk(m[key], path+"/"+key)
			}
		}
		walk2("items")
		for name, d := range asMap(m["$defs"]) {
			walk(d, name)
		}
	}
	root := parse(t, schema)
	walk(root, "$")
}

func parse(t *testing.T, b []byte) any {
	t.Helper()
	var v any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func asMap(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// check implements the part of JSON Schema that our schema uses; an unknown keyword is a violation too.
func check(root, schema, v any, path string) (complaints []string) {
	s := asMap(schema)
	say := func(format string, args ...any) {
		complaints = append(complaints, path+": "+fmt.Sprintf(format, args...))
	}
	for _, k := range slices.Sorted(maps.Keys(s)) {
		want := s[k]
		switch k {
		case "$ref":
			name := strings.TrimPrefix(want.(string), "#/$defs/")
			def := asMap(asMap(root)["$defs"])[name]
			if def == nil {
				say("$ref to nowhere: %s", name)
				continue
			}
			complaints = append(complaints, check(root, def, v, path)...)
		case "type":
			if !slices.ContainsFunc(types(want), func(t string) bool { return isType(v, t) }) {
				say("type: %v is no %v", v, want)
			}
		case "const":
			if !reflect.DeepEqual(v, want) {
				say("const: %v is not %v", v, want)
			}
		case "enum":
			if !slices.ContainsFunc(want.([]any), func(w any) bool { return reflect.DeepEqual(v, w) }) {
				say("enum: %v is not one of %v", v, want)
			}
		case "format":
			text, _ := v.(string)
			if _, err := time.Parse(time.RFC3339Nano, text); err != nil || !strings.HasSuffix(text, "Z") {
				say("date-time in UTC: %q", text)
			}
		case "required":
			for _, name := range want.([]any) {
				if _, ok := asMap(v)[name.(string)]; !ok && asMap(v) != nil {
					say("%s is missing", name)
				}
			}
		case "properties", "additionalProperties":
			if k == "properties" {
				for name, p := range asMap(want) {
					if got, ok := asMap(v)[name]; ok {
						complaints = append(complaints, check(root, p, got, path+"."+name)...)
					}
				}
				continue
			}
			for name, got := range asMap(v) {
				if asMap(s["properties"])[name] != nil {
					continue
				}
				if want == false {
					say("%s is not in the schema", name)
				} else {
					complaints = append(complaints, check(root, want, got, path+"."+name)...)
				}
			}
		case "items":
			list, _ := v.([]any)
			for i, item := range list {
				complaints = append(complaints, check(root, want, item, fmt.Sprintf("%s[%d]", path, i))...)
			}
		case "minimum", "maximum":
			if _, ok := v.(json.Number); !ok {
				continue
			}
			n, _ := v.(json.Number).Float64()
			bound, _ := want.(json.Number).Float64()
			if k == "minimum" && n < bound || k == "maximum" && n > bound {
				say("%s %v: %v", k, want, v)
			}
		case "description", "title", "$schema", "$id", "$defs":
		default:
			say("the test does not know the keyword %s", k)
		}
	}
	return complaints
}

func types(v any) []string {
	if one, ok := v.(string); ok {
		return []string{one}
	}
	var out []string
	for _, t := range v.([]any) {
		out = append(out, t.(string))
	}
	return out
}

func isType(v any, name string) bool {
	switch v := v.(type) {
	case nil:
		return name == "null"
	case string:
		return name == "string"
	case bool:
		return name == "boolean"
	case json.Number:
		_, err := v.Int64()
		return name == "number" || name == "integer" && err == nil
	case []any:
		return name == "array"
	case map[string]any:
		return name == "object"
	}
	return false
}

// Characters that would steer a terminal or reverse text are escaped in run.json, which leaves their value the same.
func TestJSON_controlsAreEscaped(t *testing.T) {
	t.Parallel()
	a := reporttest.Hostile()
	var b bytes.Buffer
	if err := document.Write(&b, a); err != nil {
		t.Fatal(err)
	}
	if at := strings.IndexFunc(b.String(), func(r rune) bool {
		return r != '\n' && (unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff)
	}); at >= 0 {
		t.Errorf("raw: %q", b.String()[max(0, at-20):at+20])
	}
	var doc struct {
		Rows []struct{ Target struct{ User string } }
	}
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	turned := 0
	for i, r := range doc.Rows {
		if want := string([]rune(a.Rows[i].Target.User)); r.Target.User != want {
			t.Errorf("row %d: %q, want %q", i, r.Target.User, want)
		}
		if strings.ContainsRune(r.Target.User, 0x202e) {
			turned++
		}
	}
	if turned == 0 && !strings.Contains(b.String(), `\u202e`) {
		t.Error("nothing was escaped")
	}
}
