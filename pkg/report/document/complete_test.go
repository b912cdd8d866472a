package document_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/report/document"
	"wave365/pkg/report/reporttest"
	"wave365/pkg/summary"
	"wave365/pkg/wave"
)

// TestSchema_knowsEverything fills every field that can occur in run.json, and gives each one with named values all of them
// in turn, so that a new field, trigger, effect or state cannot be missed.
func TestSchema_knowsEverything(t *testing.T) {
	t.Parallel()
	root := parse(t, schema)
	f := filler{words: map[string][]string{}}
	for pkg, dir := range map[string]string{"migration": "../../migration", "wave": "../../wave"} {
		f.learn(t, pkg, dir)
	}
	for _, must := range []string{"migration.Trigger", "migration.Effect", "migration.State", "migration.OutcomeStatus", "wave.Severity"} {
		if len(f.words[must]) < 3 {
			t.Fatalf("%s has the values %q; not all were found", must, f.words[must])
		}
	}
	told := map[string]bool{}
	for f.nth = range 40 {
		a := summary.Record{At: reporttest.Start()}
		a.Rows, a.Events, a.Intents, a.Findings = make([]migration.Row, 1), make([]migration.Event, 2), make([]migration.Intent, 2), make([]wave.Finding, 1)
		for _, part := range []any{&a.Run, &a.Rows, &a.Events, &a.Intents, &a.Findings} {
			f.fill(reflect.ValueOf(part).Elem())
		}
		a.Rows[0].Index, a.Events[0].Row, a.Intents[0].Row = 0, 0, 0 // one of the row's and one of the run's
		a.Events[1].Row, a.Intents[1].Row = migration.WaveRow, migration.WaveRow
		var b bytes.Buffer
		if err := document.Write(&b, a); err != nil {
			t.Fatal(err)
		}
		for _, complaint := range check(root, root, parse(t, b.Bytes()), "$") {
			if !told[complaint] {
				t.Error(complaint)
			}
			told[complaint] = true
		}
	}
}

// filler fills every field with a value.
type filler struct {
	// words are the constants of each named type of strings, as package.Type.
	words map[string][]string
	// nth is which of them is taken.
	nth int
}

// learn reads the constants of a package.
func (f *filler) learn(t *testing.T, pkg, dir string) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(dir, err)
	}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			named, _ := spec.Type.(*ast.Ident)
			lit, _ := spec.Values[0].(*ast.BasicLit)
			if named == nil || lit == nil || lit.Kind != token.STRING {
				return true
			}
			if word, err := strconv.Unquote(lit.Value); err == nil && word != "" {
				f.words[pkg+"."+named.Name] = append(f.words[pkg+"."+named.Name], word)
			}
			return true
		})
	}
}

func (f *filler) fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		word := "x"
		if words := f.words[v.Type().String()]; len(words) > 0 {
			word = words[f.nth%len(words)]
		}
		v.SetString(word)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(3)
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() { // not in UTC, which all times in run.json are
			v.Set(reflect.ValueOf(reporttest.Start().In(time.FixedZone("", 3600))))
			return
		}
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; token.IsExported(name) && !slices.Contains([]string{"Err"}, name) && !strings.HasPrefix(v.Type().Field(i).Tag.Get("json"), "-") {
				f.fill(v.Field(i))
			}
		}
	}
}
