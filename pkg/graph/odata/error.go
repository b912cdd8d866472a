package odata

import (
	"cmp"
	"encoding/json"
	"strings"
)

// Error is the content of an error answer. Every field may be empty.
type Error struct {
	// Code and Message are the service's words, untouched. Without an outer code it is the innermost one.
	Code, Message string
	// Target names the offending part; Details are further codes and messages.
	Target  string
	Details []Detail
	// Codes are the outer code and those of the inner errors, outermost first.
	Codes []string
	// RequestID and ClientRequestID are from the inner error.
	RequestID, ClientRequestID string
	// Inside is the message found in a JSON document within Message, which some back ends send.
	Inside string
}

// Detail is one of an error's details.
type Detail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Target  string `json:"target"`
}

// inner is the error object and, nested in it, the inner ones. encoding/json matches names in any case, so innerError
// and innererror are the same to it.
type inner struct {
	Code            string          `json:"code"`
	Message         json.RawMessage `json:"message"`
	Target          string          `json:"target"`
	Details         []Detail        `json:"details"`
	RequestID       string          `json:"request-id"`
	ClientRequestID string          `json:"client-request-id"`
	Inner           *inner          `json:"innerError"`
}

const (
	// maxText limits what is kept of a message, or of an answer that is not an error envelope, such as a proxy's page.
	maxText = 2048
	// maxCode bounds a code, maxDetails how many details, and how many inner errors, are kept.
	maxCode    = 200
	maxDetails = 20
)

// DecodeError reads an error answer. An answer that is not an error envelope becomes the message, cut to a readable
// length.
func DecodeError(body []byte) Error {
	var env struct {
		Error *inner `json:"error"`
	}
	if err := json.Unmarshal(body, &env); err != nil || env.Error == nil {
		return Error{Message: cut(strings.TrimSpace(string(body)))}
	}
	e := Error{Code: env.Error.Code, Message: text(env.Error.Message), Target: env.Error.Target, Details: env.Error.Details}
	depth := 0
	for in := env.Error; in != nil && depth < maxDetails; in, depth = in.Inner, depth+1 {
		if in.Code != "" {
			e.Codes = append(e.Codes, in.Code)
		}
		e.RequestID = cmp.Or(e.RequestID, in.RequestID)
		e.ClientRequestID = cmp.Or(e.ClientRequestID, in.ClientRequestID)
		if e.Message == "" {
			e.Message = text(in.Message)
		}
	}
	e.Code, e.Message, e.Target = cutTo(e.Code, maxCode), cut(e.Message), cutTo(e.Target, maxCode)
	for i := range e.Codes {
		e.Codes[i] = cutTo(e.Codes[i], maxCode)
	}
	e.Details = e.Details[:min(len(e.Details), maxDetails)]
	for i, d := range e.Details {
		e.Details[i] = Detail{cutTo(d.Code, maxCode), cut(d.Message), cutTo(d.Target, maxCode)}
	}
	if e.Code == "" && len(e.Codes) > 0 {
		e.Code = e.Codes[len(e.Codes)-1]
	}
	e.Inside = inside(e.Message)
	return e
}

// Mentions reports whether a code, the message or a detail contains s; case does not matter. Branch on it only where the
// service leaves no better sign.
func (e Error) Mentions(s string) bool {
	s = strings.ToLower(s)
	all := []string{e.Code, e.Message, e.Target, strings.Join(e.Codes, " ")}
	for _, d := range e.Details {
		all = append(all, d.Code, d.Message, d.Target)
	}
	for _, t := range all {
		if strings.Contains(strings.ToLower(t), s) {
			return true
		}
	}
	return false
}

// text reads a message that should be a string but may be an object with a value, or anything.
func text(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var o struct {
		Value string `json:"value"`
	}
	if json.Unmarshal(raw, &o) == nil && o.Value != "" {
		return o.Value
	}
	return cut(string(raw))
}

// inside tries once to read the message as a JSON document.
func inside(message string) string {
	if !strings.HasPrefix(strings.TrimSpace(message), "{") {
		return ""
	}
	var doc struct {
		Message json.RawMessage `json:"message"`
		Phrase  string          `json:"CustomApiErrorPhrase"`
		Error   *inner          `json:"error"`
	}
	if json.Unmarshal([]byte(message), &doc) != nil {
		return ""
	}
	if m := text(doc.Message); m != "" {
		return m
	}
	if doc.Error != nil {
		return cmp.Or(text(doc.Error.Message), doc.Error.Code)
	}
	return doc.Phrase
}

func cut(s string) string { return cutTo(s, maxText) }

func cutTo(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
