package odata_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"testing"
	"time"

	"wave365/pkg/sandbox/graphapi/odata"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func sample() odata.Object {
	return odata.Object{
		{Name: "id", Value: "7"}, {Name: "name", Value: "O'Neil \"x\" é\n"}, {Name: "n", Value: 3}, {Name: "on", Value: true},
		{Name: "when", Value: noon}, {Name: "never", Value: time.Time{}}, {Name: "none"},
		{Name: "in", Value: odata.Object{{Name: "code", Value: "c1"}}},
		{Name: "list", Value: []odata.Object{{{Name: "sku", Value: "a"}}, {{Name: "sku", Value: "b"}}}},
		{Name: "tags", Value: []string{"t1", "t2"}},
		{Name: "secret", Value: "s", When: odata.OnSelect}, {Name: "kids", Value: []odata.Object{}, When: odata.OnExpand},
		{Name: "raw", Value: map[string]any{"b": 1.5}},
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{
		"id eq '7'": true, "ID eq '8'": false, "id ne '8'": true, "n gt 2": true, "n le 2": false, "on eq true": true, "on eq false": false,
		"none eq null": true, "never eq null": true, "when eq null": false, "absent eq null": true, "id ne null": true,
		"when ge 2026-11-20T11:00:00Z": true, "when lt 2026-11-20T11:00:00Z": false,
		"name eq 'O''Neil \"x\" é\n'": true, "startswith(name,'o''n')": true, "endswith(id,'8')": false, "contains(name, 'neil')": true,
		"in/code eq 'c1'": true, "id in ('1','7')": true, "id in ('1')": false,
		"list/any(x:x/sku eq 'b')": true, "list/any(x: x/sku eq 'z')": false, "tags/any(t:t eq 't2')": true,
		"not (id eq '7')": false, "not id eq '7'": false, "id eq '8' or n eq 3": true, "id eq '7' and n eq 4": false,
		"id eq '8' and n eq 3 or on eq true": true, "id eq '8' and (n eq 3 or on eq true)": false,
	} {
		e, err := odata.ParseFilter(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got := e.Eval(sample()); got != want {
			t.Errorf("%s: %v", in, got)
		}
	}
	for _, in := range []string{"", "id", "id eq", "id eq 'x", "id like 'x'", "(id eq 'x'", "id eq 'x')", "f(id,'x')", "id eq 'x' and", "list/any(x)", "id in 'x'", "and"} {
		if e, err := odata.ParseFilter(in); !errors.Is(err, odata.ErrQuery) || e != nil {
			t.Errorf("%q: %v, %v", in, e, err)
		}
	}
}

func TestEquals(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"upn eq 'a'": "a", "n eq 1 and UPN eq 'a'": "a", "upn eq 'a' or n eq 1": "", "not (upn eq 'a')": "", "upn ne 'a'": ""} {
		e, err := odata.ParseFilter(in)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := odata.Equals(e, "upn"); got != want {
			t.Errorf("%s: %q", in, got)
		}
	}
	if _, ok := odata.Equals(nil, "upn"); ok {
		t.Error("no filter wants nothing")
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	raw := sample().AppendJSON(nil, odata.Shape{})
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	if m["name"] != "O'Neil \"x\" é\n" || m["when"] != "2026-11-20T12:00:00Z" || m["never"] != nil || m["n"] != 3.0 || m["secret"] != nil || m["kids"] != nil {
		t.Errorf("got %s", raw)
	}
	q, err := odata.Parse(url.Values{"$select": {"secret, kids"}, "expand": {"kids($select=a,b)"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(sample().AppendJSON(nil, q.Shape)); got != `{"secret":"s","kids":[]}` {
		t.Errorf("selected: %s", got)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	q, err := odata.Parse(url.Values{"$top": {"5"}, "$skip": {"2"}, "$count": {"true"}, "$orderby": {"a desc,b"}, "$skiptoken": {"x"}, "$search": {`"id:7"`}})
	if err != nil || q.Top != 5 || q.Skip != 2 || !q.Count || len(q.OrderBy) != 2 || !q.OrderBy[0].Desc || q.Token != "x" || !odata.Matches(sample(), q.Search) {
		t.Errorf("%+v, %v", q, err)
	}
	for _, v := range []url.Values{{"$top": {"0"}}, {"$top": {"x"}}, {"$skip": {"-1"}}, {"$orderby": {"a sideways"}}, {"$filter": {"?"}}} {
		if _, err := odata.Parse(v); !errors.Is(err, odata.ErrQuery) {
			t.Errorf("%v: %v", v, err)
		}
	}
}

func FuzzParseFilter(f *testing.F) {
	for _, s := range []string{"id eq '7'", "list/any(x:x/sku eq 'b')", "not (a in ('1',2)) and contains(b,'c')", "((", "'", "a eq ''"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := odata.ParseFilter(s)
		if (e == nil) != (err != nil) {
			t.Fatalf("%q: %v, %v", s, e, err)
		}
		if err == nil {
			e.Eval(sample())
		}
	})
}
