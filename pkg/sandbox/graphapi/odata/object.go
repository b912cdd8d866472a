// Package odata is the part of OData that Graph uses, over any data: objects with selectable properties, their JSON, and
// the query options. It knows neither Graph's resources nor HTTP.
package odata

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// When says when a property is part of an answer.
type When uint8

// Properties are included always, only when they are selected by name, or only when they are expanded.
const (
	Always When = iota
	OnSelect
	OnExpand
)

// Prop is one property. Value is nil, string, bool, int, time.Time (zero is null), Object, []Object, []string or
// anything that encoding/json takes.
type Prop struct {
	Name  string
	Value any
	When  When
}

// Object is an entity or a complex value, in the order in which it is written.
type Object []Prop

// Get returns a value by a path such as statusDetail/code, without regard to case; false when there is no such
// property.
func (o Object) Get(path string) (any, bool) {
	name, rest, deeper := strings.Cut(path, "/")
	for _, p := range o {
		if !strings.EqualFold(p.Name, name) {
			continue
		}
		if !deeper {
			return p.Value, true
		}
		in, ok := p.Value.(Object)
		if !ok {
			return nil, p.Value == nil
		}
		return in.Get(rest)
	}
	return nil, false
}

// Shape determines which properties to write, and how.
type Shape struct {
	// Select and Expand are lower-case property names; an empty Select means those that are always included.
	Select, Expand map[string]bool
	// Collapse, if set, is called for every text: its result is written instead.
	Collapse func(property, text string) string
}

func (s Shape) wants(p Prop) bool {
	if strings.HasPrefix(p.Name, "@") {
		return true
	}
	name := strings.ToLower(p.Name)
	switch {
	case p.When == OnExpand:
		return s.Expand[name]
	case len(s.Select) > 0:
		return s.Select[name]
	}
	return p.When == Always
}

// AppendJSON appends the object's requested properties. Inner objects are written whole.
func (o Object) AppendJSON(b []byte, s Shape) []byte {
	b = append(b, '{')
	first := true
	for _, p := range o {
		if !s.wants(p) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = AppendText(b, p.Name)
		b = append(b, ':')
		b = appendValue(b, p.Name, p.Value, Shape{Collapse: s.Collapse})
	}
	return append(b, '}')
}

func appendValue(b []byte, name string, v any, s Shape) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case string:
		if s.Collapse != nil {
			v = s.Collapse(name, v)
		}
		return AppendText(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case time.Time:
		if v.IsZero() {
			return append(b, "null"...)
		}
		b = append(b, '"')
		b = v.UTC().Truncate(time.Millisecond).AppendFormat(b, time.RFC3339Nano)
		return append(b, '"')
	case Object:
		return v.AppendJSON(b, s)
	case []Object:
		return appendList(b, v, func(b []byte, o Object) []byte { return o.AppendJSON(b, s) })
	case map[string]any:
		o := Object{}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			o = append(o, Prop{Name: name, Value: v[name]})
		}
		return o.AppendJSON(b, s)
	case []any:
		return appendList(b, v, func(b []byte, x any) []byte { return appendValue(b, "", x, s) })
	case []string:
		return appendList(b, v, AppendText)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return append(b, "null"...)
	}
	return append(b, raw...)
}

func appendList[T any](b []byte, list []T, one func([]byte, T) []byte) []byte {
	b = append(b, '[')
	for i, x := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, x)
	}
	return append(b, ']')
}

// AppendText appends a JSON string.
func AppendText(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			raw, _ := json.Marshal(s) // a string always marshals
			return append(b, raw...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
