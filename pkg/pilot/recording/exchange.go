package recording

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"wave365/pkg/cloud/exchange"
)

// Exchange is one call with the line of the recording that holds it.
type Exchange struct {
	exchange.Exchange
	// Line counts from 1.
	Line int
	// Route is the path in lower case and without the query.
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

// Code is the service's error code; "" without one.
func (e Exchange) Code() string {
	var body struct {
		Error struct{ Code string }
	}
	if json.Unmarshal(e.Reply, &body) != nil {
		return ""
	}
	return body.Error.Code
}

// Evidence is what of an exchange is shown to people.
func (e Exchange) Evidence() Evidence {
	return Evidence{Line: e.Line, At: e.At, Method: e.Method, Path: e.Path, Status: e.Status, RequestID: e.Answered["request-id"]}
}

// Statuses lists the statuses with their numbers.
func Statuses(seen []Exchange) string {
	return Counted(seen, func(e Exchange) string { return fmt.Sprint(e.Status) })
}

// Codes lists statuses and codes with their numbers.
func Codes(seen []Exchange) string {
	return Counted(seen, func(e Exchange) string { return strings.TrimSpace(fmt.Sprint(e.Status) + " " + e.Code()) })
}

// Counted lists what name says of exchanges, each with its number, in order of their first.
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
