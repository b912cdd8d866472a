package tenantcare

import (
	"encoding/json"
	"strings"

	"wave365/pkg/migration"
)

// whose is what Before holds of a write whose target alone does not say which tenant it was sent to. One ledger serves many,
// sandboxes among them.
type whose struct {
	Tenant string `json:"tenant"`
	// Was is what stood there; nil: nothing.
	Was json.RawMessage `json:"was,omitempty"`
}

// everywhere reports whether a look at any tenant could find the effect: what it creates has only a name yet, or what it
// deletes is missing in every other tenant, too.
func everywhere(e migration.Effect) bool {
	switch e {
	case PolicyCreate, migration.EffectSettingCreate, ImageCreate, ImageDelete, GroupCreate:
		return true
	}
	return false
}

// In reports whether a recorded write is known to have been sent to a tenant, if its target can be looked for there: the
// target's id is the tenant's own, or the write names the tenant. It is false for one that names no tenant, and for
// tenant "".
func In(tenant string, w migration.Write) bool {
	return !everywhere(w.Effect) || tenant != "" && strings.EqualFold(sentTo(w).Tenant, tenant)
}

// Elsewhere reports whether a recorded write names another tenant as its target. For one that names none, both In and
// Elsewhere are false.
func Elsewhere(tenant string, w migration.Write) bool {
	return !In(tenant, w) && sentTo(w).Tenant != ""
}

// Was is what stood there before a recorded write; nil: nothing, or not recorded.
func Was(w migration.Write) json.RawMessage {
	if !everywhere(w.Effect) {
		return w.Before
	}
	return sentTo(w).Was
}

func sentTo(w migration.Write) (s whose) {
	if !everywhere(w.Effect) || json.Unmarshal(w.Before, &s) != nil {
		return whose{}
	}
	return s
}
