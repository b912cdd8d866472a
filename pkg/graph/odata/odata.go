// Package odata reads what Microsoft Graph writes: error envelopes, pages, batch answers, times, enum members. It is
// forgiving where the service and its documentation disagree. It does no I/O and knows no resource.
package odata

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Time parses a timestamp leniently: null, "", the year 1 and anything that is not a time are the zero time. Times
// without a zone are UTC, and all are returned in UTC.
type Time struct{ time.Time }

var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05", time.DateOnly}

// UnmarshalJSON never fails.
func (t *Time) UnmarshalJSON(b []byte) error {
	t.Time = time.Time{}
	s := strings.Trim(string(b), `"`)
	for _, l := range layouts {
		if v, err := time.Parse(l, s); err == nil {
			if v.Year() > 1 {
				t.Time = v.UTC()
			}
			return nil
		}
	}
	return nil
}

// Member returns an enum member in the spelling of known when only the case differs, and unchanged otherwise: casing
// differs between the service's prose and its schema, and unknown members must survive.
func Member(v string, known ...string) string {
	for _, k := range known {
		if strings.EqualFold(v, k) {
			return k
		}
	}
	return v
}

// Page is one page of a collection.
type Page struct {
	Next  string `json:"@odata.nextLink"`
	Value Values `json:"value"`
}

// MaxValues is how many elements one page may have; services give a thousand at most.
const MaxValues = 20_000

// Values are the elements of a page; nil: the answer has none, not even an empty array.
type Values []json.RawMessage

// UnmarshalJSON refuses a value that is not an array, and more than [MaxValues] elements.
func (v *Values) UnmarshalJSON(b []byte) error {
	if bytes.Equal(bytes.TrimSpace(b), []byte("null")) {
		*v = nil
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return errors.New("value is not an array")
	}
	*v = Values{}
	for d.More() {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err
		}
		if len(*v) == MaxValues {
			return fmt.Errorf("a page of more than %d elements", MaxValues)
		}
		*v = append(*v, raw)
	}
	return nil
}

// Elements returns what a body holds, one object or a page with a value array. An empty body holds nothing; the error
// is for a body that is not JSON or neither of the two.
func Elements(body []byte) ([]json.RawMessage, error) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || bytes.Equal(body, []byte("null")) {
		return nil, nil
	}
	var probe struct {
		Value *Values `json:"value"`
	}
	if err := json.Unmarshal(body, &probe); err != nil {
		return nil, err
	}
	if probe.Value != nil {
		return *probe.Value, nil
	}
	return []json.RawMessage{body}, nil
}
