package policyfile

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"wave365/pkg/graph"
)

// Export writes a policy as a file that [Parse] reads: applied to the tenant it came from, it changes nothing. name is
// the display name of a group or a network connection, or its id again when the name is not known or not unique.
func Export(p graph.ProvisioningPolicy, name func(id string) string) ([]byte, error) {
	p.DomainJoin, p.GroupIDs = slices.Clone(p.DomainJoin), slices.Clone(p.GroupIDs)
	for i, j := range p.DomainJoin {
		if j.ConnectionID != "" {
			p.DomainJoin[i].ConnectionID = name(j.ConnectionID)
		}
	}
	for i, id := range p.GroupIDs {
		p.GroupIDs[i] = name(id)
	}
	always := []string{"displayName", "domainJoinConfigurations"}
	var file yaml.MapSlice
	for _, prop := range properties() {
		if prop.value == nil {
			continue
		}
		if v := prop.value(p); flow(v) != "" || slices.Contains(always, prop.name) {
			file = append(file, yaml.MapItem{Key: prop.name, Value: v})
		}
	}
	text, err := yaml.MarshalWithOptions(file, yaml.IndentSequence(true))
	if err != nil {
		return nil, err
	}
	return append([]byte("# A provisioning policy of Windows 365. wave365 policy apply -f FILE creates it, or changes what differs.\n"), text...), nil
}

// object is an object of these names and values; a text that is empty is left out.
func object(pairs ...any) yaml.MapSlice {
	var out yaml.MapSlice
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, yaml.MapItem{Key: pairs[i], Value: pairs[i+1]})
		}
	}
	return out
}

// flow is the value of a property in one line, in YAML's flow style without its quotes; "" stands for none.
func flow(value any) string {
	var parts []string
	switch v := value.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case yaml.MapSlice:
		for _, i := range v {
			parts = append(parts, flow(i.Key)+": "+flow(i.Value))
		}
		return enclosed("{", parts, "}")
	case []yaml.MapSlice:
		for _, o := range v {
			parts = append(parts, flow(o))
		}
	case []string:
		parts = v
	}
	return enclosed("[", parts, "]")
}

func enclosed(open string, parts []string, closing string) string {
	if len(parts) == 0 {
		return ""
	}
	return open + strings.Join(parts, ", ") + closing
}
