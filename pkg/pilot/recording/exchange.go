package recording

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"wave365/pkg/cloud/exchange"
)

// Exchange is one call, with its line in the recording.
type Exchange struct {
	exchange.Exchange
	// Line counts from 1.
	Line int
	// Route is the path in lower case, without the query.
	Route string
}

// Evidence is an exchange that shows something.
type Evidence struct {
	// Line is the line of the recording.
	Line      int       `json:"line"`
	At        time.Time `json:"at"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Status    int       `json:"status"`
	RequestID string    `json:"request_id,omitempty"`
}

// OK reports a success.
func (e Exchange) OK() bool { return e.Status >= 200 && e.Status <= 299 }

// Code returns the service's error code; "" if there is none.
func (e Exchange) Code() string {
	var body struct {
		Error struct{ Code string }
	}
	if json.Unmarshal(e.Reply, &body) != nil {
		return ""
	}
	return body.Error.Code
}

// Evidence returns the part of an exchange that is shown to people.
func (e Exchange) Evidence() Evidence {
	return Evidence{Line: e.Line, At: e.At, Method: e.Method, Path: e.Path, Status: e.Status, RequestID: e.Answered["request-id"]}
}

// Statuses lists the statuses, each with its count.
func Statuses(seen []Exchange) string {
	return Counted(seen, func(e Exchange) string { return fmt.Sprint(e.Status) })
}

// Codes lists statuses and codes, each with its count.
func Codes(seen []Exchange) string {
	return Counted(seen, func(e Exchange) string { return strings.TrimSpace(fmt.Sprint(e.Status) + " " + e.Code()) })
}

// Counted lists the names of exchanges, each with its count, in order of first appearance.
func Counted(seen []Exchange, name func(Exchange) string) string {
	n := map[string]int{}
	var order []string
	for _, e := range seen {
		if n[name(e)] == 0 {
			order = append(order, name(e))
		}
		n[name(e)]++
	}
	for i, v := range order {
		order[i] = fmt.Sprintf("%s (%d times)", v, n[v])
		if n[v] == 1 {
			order[i] = v + " (once)"
		}
	}
	return strings.Join(order, ", ")
}
