package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"wave365/pkg/fault"
)

// sealed is a plan with the hash of its own text, so that an edit is detected.
type sealed struct {
	Plan json.RawMessage `json:"plan"`
	Seal string          `json:"sha256"`
}

// most is the largest size of a sealed plan, in bytes: 10,000 rows take less than half of it.
const most = 16 << 20

// Seal returns the content of a sealed plan's file.
func (p Plan) Seal() ([]byte, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err = e.Encode(sealed{text, hex.EncodeToString(sum[:])})
	return b.Bytes(), err
}

// Open parses a sealed plan. The fault is Invalid for a file that is not a plan, or that was edited.
func Open(path string, text []byte) (Plan, error) {
	bad := func(what string) (Plan, error) {
		return Plan{}, fault.New(fault.Invalid, "plan.invalid", path+" "+what, "make a new plan", fault.NewCommand("plan", "WAVE", "--out=PLAN.json"))
	}
	var s sealed
	var p Plan
	switch {
	case len(text) > most:
		return bad("is too large for a plan")
	case json.Unmarshal(text, &s) != nil || len(s.Plan) == 0:
		return bad("is not a sealed plan")
	}
	if sum := sha256.Sum256(s.Plan); !strings.EqualFold(s.Seal, hex.EncodeToString(sum[:])) {
		return bad("was edited after it was sealed")
	}
	if err := json.Unmarshal(s.Plan, &p); err != nil || p.Schema != schema {
		return bad("is a plan of another version of wave365")
	}
	return p, nil
}
