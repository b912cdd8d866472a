package wave_test

import (
	"reflect"
	"slices"
	"testing"

	"wave365/pkg/wave"
)

// A carried cell without a column would be empty in every file, and nobody would notice.
func TestEveryCarriedCellHasItsColumn(t *testing.T) {
	t.Parallel()
	for f := range reflect.TypeFor[wave.Carried]().Fields() {
		name := f.Tag.Get("csv")
		if !slices.ContainsFunc(wave.Schema(), func(c wave.Column) bool { return c.Name == name }) {
			t.Errorf("%s: the schema has no column %q", f.Name, name)
		}
	}
}
