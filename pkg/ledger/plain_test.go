package ledger

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/migration"
)

// TestReadTargetIsEncodingJSON: what was written is read back, whatever the texts hold and whichever fields are set.
func TestReadTargetIsEncodingJSON(t *testing.T) {
	t.Parallel()
	text := rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[a-z<>&"\\ ü\n{}\[\],:-]{0,8}`), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		source := func() migration.Source {
			return migration.Source{
				URL: text.Draw(t, "url"), Container: text.Draw(t, "container"), Name: text.Draw(t, "name"),
				Signed: rapid.Bool().Draw(t, "signed"), Account: text.Draw(t, "account"), ETag: text.Draw(t, "etag"),
				Length: rapid.Int64().Draw(t, "length"), Virtual: rapid.Int64().Draw(t, "virtual"),
			}
		}
		want := migration.Target{
			Line: rapid.Int().Draw(t, "line"), User: text.Draw(t, "user"), UserID: text.Draw(t, "id"), UPN: text.Draw(t, "upn"),
			DisplayName: text.Draw(t, "display"), Disk: source(), PolicyID: text.Draw(t, "pid"), PolicyName: text.Draw(t, "p"),
			GroupID: text.Draw(t, "gid"), GroupName: text.Draw(t, "g"), Trigger: migration.Trigger(text.Draw(t, "t")),
			SKUID: text.Draw(t, "sid"), SKUName: text.Draw(t, "s"), PlanID: text.Draw(t, "lid"), PlanName: text.Draw(t, "l"),
			PlanGiB: rapid.Int().Draw(t, "gib"), Priority: rapid.Int().Draw(t, "prio"),
			Carried: migration.Carried{Department: text.Draw(t, "d"), Notify: text.Draw(t, "n"), Notes: text.Draw(t, "notes")},
		}
		if rapid.Bool().Draw(t, "guest") {
			g := source()
			want.GuestState = &g
		}
		input := rapid.SliceOf(text).Draw(t, "input")
		b, err := asJSON(want)
		if err != nil {
			t.Fatal(err)
		}
		var got migration.Target
		if err := readTarget([]byte(b), &got, words{}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("target (-want +got):\n%s", diff)
		}
		b, err = asJSON(input)
		if err != nil {
			t.Fatal(err)
		}
		cells, err := readInput([]byte(b), func([]byte) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		if len(input)+len(cells) > 0 {
			if diff := cmp.Diff(input, cells); diff != "" {
				t.Errorf("input (-want +got):\n%s", diff)
			}
		}
	})
}

// TestReadTargetIsFast: every field of a target as it really is needs no encoding/json, or large runs resume slowly.
func TestReadTargetIsFast(t *testing.T) {
	t.Parallel()
	var full migration.Target
	fill(t, reflect.ValueOf(&full).Elem())
	b, err := asJSON(full)
	if err != nil {
		t.Fatal(err)
	}
	var got migration.Target
	p := plain{rest: []byte(b)}
	if !p.target(&got, words{}) || len(p.rest) != 0 {
		t.Errorf("a plain target was left to encoding/json at %q", p.rest)
	}
	if diff := cmp.Diff(full, got); diff != "" {
		t.Errorf("target (-want +got):\n%s", diff)
	}
}

// fill sets every field, so that one that is added later is not forgotten here. Texts are quoted, as ETags are.
func fill(t *testing.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem())
	case reflect.String:
		v.SetString(`"Zoë <R&D>\0x1"`)
	case reflect.Int, reflect.Int64:
		v.SetInt(-128)
	case reflect.Bool:
		v.SetBool(true)
	default:
		t.Fatalf("a target has a %s now: teach plain to read it", v.Kind())
	}
}
