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

// everywhere reports whether a look at any tenant could find what an effect was to do: what it makes has only a name yet,
// or what it deletes is missing in every other tenant, too.
func everywhere(e migration.Effect) bool {
	switch e {
	case PolicyCreate, migration.EffectSettingCreate, ImageCreate, ImageDelete, GroupCreate:
		return true
	}
	return false
}

// In reports whether a recorded write is known to have been sent to a tenant, if its target can be looked for there: the
// target's id is the tenant's own, or the write says so. It is false for one that names no tenant, and for tenant "".
func In(tenant string, w migration.Write) bool {
	return !everywhere(w.Effect) || tenant != "" && strings.EqualFold(sentTo(w).Tenant, tenant)
}

// Elsewhere reports whether a recorded write says that it was sent to another tenant. One that names none is neither here
// nor there.
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
