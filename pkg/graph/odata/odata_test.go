package odata_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/graph/odata"
)

func TestTimeForgives(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 8, 5, 12, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Time{
		`"2026-08-05T12:00:00Z"`: noon, `"2026-08-05T14:00:00+02:00"`: noon, `"2026-08-05T12:00:00"`: noon, `"2026-08-05T12:00:00.0000000Z"`: noon,
		`"2026-08-05"`: noon.Add(-12 * time.Hour), `null`: {}, `""`: {}, `"0001-01-01T00:00:00Z"`: {}, `"soon"`: {}, `7`: {}, `{}`: {},
	} {
		v := struct{ T odata.Time }{odata.Time{Time: noon.Add(time.Hour)}}
		if err := json.Unmarshal([]byte(`{"t":`+in+`}`), &v); err != nil {
			t.Errorf("%s: %v", in, err)
		}
		// encoding/json leaves a value alone only for null, and not even then for a type that reads itself.
		if !v.T.Equal(want) || v.T.Location() != time.UTC && !v.T.IsZero() {
			t.Errorf("%s = %v, want %v", in, v.T, want)
		}
	}
}

func TestMember(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"INPROGRESS": "inProgress", "inProgress": "inProgress", "younger": "younger", "": ""} {
		if got := odata.Member(in, "pending", "inProgress"); got != want {
			t.Errorf("Member(%q) = %q", in, got)
		}
	}
}

func TestElements(t *testing.T) {
	t.Parallel()
	for in, n := range map[string]int{``: 0, ` null `: 0, `{"value":[]}`: 0, `{"value":[{},{}]}`: 2, `{"a":1}`: 1, `{"VALUE":[{}]}`: 1, `<`: -1, `[]`: -1, `{"value":"x"}`: -1} {
		got, err := odata.Elements([]byte(in))
		if (err != nil) != (n < 0) || err == nil && len(got) != n {
			t.Errorf("%s: %d elements, %v", in, len(got), err)
		}
	}
}

func TestDecodeError(t *testing.T) {
	t.Parallel()
	tests := map[string]odata.Error{
		`{"error":{"code":"A","message":"m","target":"t","details":[{"code":"D","message":"dm","target":"dt"}],"innerError":{"code":"B","request-id":"r","client-request-id":"c","date":"d"}}}`: {
			Code: "A", Message: "m", Target: "t", Details: []odata.Detail{{Code: "D", Message: "dm", Target: "dt"}}, Codes: []string{"A", "B"}, RequestID: "r", ClientRequestID: "c"},
		`{"Error":{"Code":"","innererror":{"message":"inner","innerError":{"code":"Z"}}}}`: {Code: "Z", Message: "inner", Codes: []string{"Z"}},
		`{"error":{"code":"A","message":{"lang":"en","value":"m"}}}`:                       {Code: "A", Message: "m", Codes: []string{"A"}},
		`{"error":{"code":"A","message":null}}`:                                            {Code: "A", Codes: []string{"A"}},
		`{"error":{"message":"{\"Message\":\"in\"}"}}`:                                     {Message: `{"Message":"in"}`, Inside: "in"},
		`{"error":{"message":"{\"error\":{\"code\":\"c\"}}"}}`:                             {Message: `{"error":{"code":"c"}}`, Inside: "c"},
		`{"error":{"message":"{broken"}}`:                                                  {Message: `{broken`},
		`{"error":"text"}`:                                                                 {Message: `{"error":"text"}`},
		`{}`:                                                                               {Message: `{}`},
		`<html>`:                                                                           {Message: `<html>`},
		``:                                                                                 {},
	}
	for in, want := range tests {
		if d := cmp.Diff(want, odata.DecodeError([]byte(in))); d != "" {
			t.Errorf("%s: %s", in, d)
		}
	}
	if e := odata.DecodeError([]byte(strings.Repeat("ä", 5000))); len(e.Message) > 2100 {
		t.Errorf("%d bytes of a page are kept", len(e.Message))
	}
	e := odata.DecodeError([]byte(`{"error":{"code":"A","message":"Hello","details":[{"message":"World"}],"innerError":{"code":"B"}}}`))
	if !e.Mentions("world") || !e.Mentions("HELLO") || e.Mentions("nope") {
		t.Error("Mentions")
	}
}

func TestDecodeBatch(t *testing.T) {
	t.Parallel()
	got, err := odata.DecodeBatch([]byte(`{"responses":[{"id":"B","status":200,"headers":{"retry-after":7,"Content-Type":"application/json"},"body":{"a":1}},
		{"id":"a","status":204},{"id":"c","status":200,"body":"aGVsbG8="},{"id":"d","status":500,"body":"not base64"}]}`))
	if err != nil || len(got) != 4 || string(got["b"].Body) != `{"a":1}` || got["b"].Header.Get("Retry-After") != "7" || got["a"].Status != 204 ||
		string(got["c"].Body) != "hello" || string(got["d"].Body) != "not base64" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{``, `{}`, `{"responses":null}`, `[]`, `{"responses":[{"id":7}]}`} {
		if _, err := odata.DecodeBatch([]byte(bad)); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

// FuzzDecode has one law: whatever a service answers is read without a panic, and an error that is read twice is the same.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"error":{"code":"A","message":"m","innerError":{"code":"B"}}}`))
	f.Add([]byte(`{"value":[{}],"@odata.nextLink":"x"}`))
	f.Add([]byte(`{"responses":[{"id":"1","status":200,"body":"aGk="}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d := cmp.Diff(odata.DecodeError(b), odata.DecodeError(b)); d != "" {
			t.Error(d)
		}
		elems, err := odata.Elements(b)
		for _, e := range elems {
			if err == nil && !json.Valid(e) {
				t.Errorf("element %s is not JSON", e)
			}
		}
		if got, err := odata.DecodeBatch(b); err != nil && got != nil {
			t.Error("both an answer and an error")
		}
	})
}
