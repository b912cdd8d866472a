package ledger

import (
	"bytes"
	"encoding/json"
	"strconv"

	"wave365/pkg/migration"
)

// Reading a run of 100,000 rows is mostly reading JSON that this package wrote itself: one flat object per row. The
// functions here read that form in one pass and share repeated texts; whatever else they meet, an escape other than those
// of quotes (every ETag has two), a field they do not know, they leave to encoding/json.

// readTarget decodes what asJSON wrote for a target.
func readTarget(text []byte, into *migration.Target, seen words) error {
	p := plain{rest: text}
	if p.target(into, seen) && len(p.rest) == 0 {
		return nil
	}
	*into = migration.Target{}
	return json.Unmarshal(text, into)
}

// readInput decodes a list of cells; same gives the copy of a text that is there already, or "".
func readInput(text []byte, same func([]byte) string) ([]string, error) {
	p := plain{rest: text}
	cells := make([]string, 0, bytes.Count(text, []byte(`","`))+1)
	if p.skip('[') {
		for {
			b, ok := p.text()
			if !ok {
				break
			}
			s := same(b)
			if s == "" {
				s = string(b)
			}
			cells = append(cells, s)
			if p.skip(',') {
				continue
			}
			if p.skip(']') && len(p.rest) == 0 {
				return cells, nil
			}
			break
		}
	}
	cells = nil
	err := json.Unmarshal(text, &cells)
	return cells, err
}

// plain walks over JSON without white space, and without escapes other than \" and \\.
type plain struct{ rest []byte }

func (p *plain) skip(c byte) bool {
	if len(p.rest) == 0 || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *plain) text() ([]byte, bool) {
	if !p.skip('"') {
		return nil, false
	}
	end := bytes.IndexByte(p.rest, '"')
	if end < 0 {
		return nil, false
	}
	if bytes.IndexByte(p.rest[:end], '\\') >= 0 {
		return p.escaped()
	}
	b := p.rest[:end]
	p.rest = p.rest[end+1:]
	return b, true
}

func (p *plain) escaped() ([]byte, bool) {
	var b []byte
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; c {
		case '"':
			p.rest = p.rest[i+1:]
			return b, true
		case '\\':
			i++
			if i == len(p.rest) || p.rest[i] != '"' && p.rest[i] != '\\' {
				return nil, false
			}
			b = append(b, p.rest[i])
		default:
			b = append(b, c)
		}
	}
	return nil, false
}

func (p *plain) number() (int64, bool) {
	end := 0
	for end < len(p.rest) && (p.rest[end] == '-' || p.rest[end] >= '0' && p.rest[end] <= '9') {
		end++
	}
	n, err := strconv.ParseInt(string(p.rest[:end]), 10, 64)
	p.rest = p.rest[end:]
	return n, err == nil
}

// object calls field for each key, with the value still to be read.
func (p *plain) object(field func(key []byte) bool) bool {
	if !p.skip('{') {
		return false
	}
	for {
		key, ok := p.text()
		if !ok || !p.skip(':') || !field(key) {
			return false
		}
		if !p.skip(',') {
			return p.skip('}')
		}
	}
}

// own reads a text that other rows do not have, shared one that they do.
func (p *plain) own(into *string) bool {
	b, ok := p.text()
	*into = string(b)
	return ok
}

func (p *plain) shared(into *string, seen words) bool {
	b, ok := p.text()
	*into = seen.word(b)
	return ok
}

func (p *plain) int(into *int) bool {
	n, ok := p.number()
	*into = int(n)
	return ok
}

func (p *plain) target(t *migration.Target, seen words) bool {
	return p.object(func(key []byte) bool {
		switch string(key) {
		case "line":
			return p.int(&t.Line)
		case "user":
			return p.own(&t.User)
		case "user_id":
			return p.own(&t.UserID)
		case "upn":
			b, ok := p.text()
			t.UPN = t.User
			if string(b) != t.User {
				t.UPN = string(b)
			}
			return ok
		case "display_name":
			return p.own(&t.DisplayName)
		case "disk":
			return p.source(&t.Disk, seen)
		case "guest_state":
			t.GuestState = &migration.Source{}
			return p.source(t.GuestState, seen)
		case "policy_id":
			return p.shared(&t.PolicyID, seen)
		case "policy_name":
			return p.shared(&t.PolicyName, seen)
		case "group_id":
			return p.shared(&t.GroupID, seen)
		case "group_name":
			return p.shared(&t.GroupName, seen)
		case "trigger":
			return p.shared((*string)(&t.Trigger), seen)
		case "sku_id":
			return p.shared(&t.SKUID, seen)
		case "sku_name":
			return p.shared(&t.SKUName, seen)
		case "plan_id":
			return p.shared(&t.PlanID, seen)
		case "plan_name":
			return p.shared(&t.PlanName, seen)
		case "plan_gib":
			return p.int(&t.PlanGiB)
		case "priority":
			return p.int(&t.Priority)
		case "department":
			return p.shared(&t.Department, seen)
		case "notify":
			return p.shared(&t.Notify, seen)
		case "notes":
			return p.own(&t.Notes)
		}
		return false
	})
}

func (p *plain) source(s *migration.Source, seen words) bool {
	return p.object(func(key []byte) (ok bool) {
		switch string(key) {
		case "url":
			return p.own(&s.URL)
		case "container":
			return p.shared(&s.Container, seen)
		case "name":
			return p.own(&s.Name)
		case "signed":
			s.Signed = bytes.HasPrefix(p.rest, []byte("true")) // false is left out
			p.rest = bytes.TrimPrefix(p.rest, []byte("true"))
			return s.Signed
		case "account":
			return p.shared(&s.Account, seen)
		case "etag":
			return p.own(&s.ETag)
		case "length":
			s.Length, ok = p.number()
			return ok
		case "virtual":
			s.Virtual, ok = p.number()
			return ok
		}
		return false
	})
}
