package odata

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// MaxBatch is how many requests one $batch may hold.
const MaxBatch = 20

// BatchRequest is one request within a $batch. URL is relative to the version.
type BatchRequest struct {
	ID      string            `json:"id"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
}

// Batch is the body of a $batch.
type Batch struct {
	Requests []BatchRequest `json:"requests"`
}

// BatchAnswer is the answer to one request within a $batch.
type BatchAnswer struct {
	Status int
	Header http.Header
	Body   []byte
}

// DecodeBatch reads a $batch answer into a map by request id, in lower case, as ids know no case. Answers may come in
// any order and some may be missing.
func DecodeBatch(body []byte) (map[string]BatchAnswer, error) {
	var env struct {
		Responses *[]struct {
			ID      string                     `json:"id"`
			Status  int                        `json:"status"`
			Headers map[string]json.RawMessage `json:"headers"`
			Body    json.RawMessage            `json:"body"`
		} `json:"responses"`
	}
	if err := json.Unmarshal(body, &env); err != nil {
		return nil, err
	}
	if env.Responses == nil {
		return nil, fmt.Errorf("no responses in the answer to a batch")
	}
	out := make(map[string]BatchAnswer, len(*env.Responses))
	for _, r := range *env.Responses {
		h := make(http.Header, len(r.Headers))
		for k, v := range r.Headers {
			h.Set(k, strings.Trim(string(v), `"`))
		}
		out[strings.ToLower(r.ID)] = BatchAnswer{Status: r.Status, Header: h, Body: payload(r.Body)}
	}
	return out, nil
}

// payload undoes the base64 in which bodies come that are not JSON.
func payload(raw json.RawMessage) []byte {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return raw
	}
	if dec, err := base64.StdEncoding.DecodeString(s); err == nil {
		return dec
	}
	return []byte(s)
}
