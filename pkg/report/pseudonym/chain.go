package pseudonym

import (
	"bytes"
	"encoding/json"

	"wave365/pkg/audit"
	"wave365/pkg/summary"
)

// chain rewrites the audit and seals it again: each entry keeps its number, time and kind, and contains the hash of the
// one before. Entries that cannot be read are left out.
func (n *namer) chain(lines []summary.AuditLine) []summary.AuditLine {
	out := make([]summary.AuditLine, 0, len(lines))
	prev := ""
	for _, line := range lines {
		var e audit.Entry
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		e.Body, e.Prev = n.body(e.Body), prev
		e.Hash = e.Sum()
		prev = e.Hash
		if b, err := marshal(e); err == nil {
			out = append(out, b)
		}
	}
	return out
}

// body replaces all texts of a JSON value with pseudonyms; its fields are sorted by name.
func (n *namer) body(b json.RawMessage) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return json.RawMessage(`{}`)
	}
	text, err := marshal(n.value("", v))
	if err != nil {
		return json.RawMessage(`{}`)
	}
	return text
}

func (n *namer) value(name string, v any) any {
	switch v := v.(type) {
	case string:
		switch name {
		case "notes", "command", "wave_hash", "hash", "etag":
			return withheld(v)
		case "host":
			return n.host(v)
		case "input":
			return withheld(v)
		}
		return n.text(v)
	case []any:
		for i := range v {
			v[i] = n.value(name, v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = n.value(k, v[k])
		}
	}
	return v
}

func marshal(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
