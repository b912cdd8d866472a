// Package props checks the properties of a policy or a user setting on their own: which are required, which fit together, and their
// defaults.
package props

import (
	"maps"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"wave365/pkg/sandbox/tenant/refusal"
)

// Props are the writable properties of a policy or a setting by their schema names, as JSON decodes them. They are
// never changed in place.
type Props map[string]any

// Text returns a string property; empty if it is not one.
func (p Props) Text(name string) string { s, _ := p[name].(string); return s }

// With returns the properties with some of them changed.
func (p Props) With(change Props) Props {
	out := maps.Clone(p)
	maps.Copy(out, change)
	return out
}

// Required returns the refusal of a request without a property.
func Required(name string) error {
	return refusal.Invalid("requiredFieldsNotProvided", "The required field '"+name+"' was not provided.")
}

// CheckPolicy refuses the properties of a policy that lack what is required or contradict each other, and returns the first of
// its domain joins.
func CheckPolicy(p Props) (first Join, err error) {
	for _, name := range []string{"displayName", "imageId", "imageDisplayName"} {
		if p.Text(name) == "" {
			return first, Required(name)
		}
	}
	if err := checkTemplate(p.Text("cloudPcNamingTemplate")); err != nil {
		return first, err
	}
	joins, _ := p["domainJoinConfigurations"].([]any)
	if len(joins) == 0 {
		return first, Required("domainJoinConfigurations")
	}
	for i, j := range joins {
		join, err := joinOf(j)
		if err != nil {
			return first, err
		}
		if i == 0 {
			first = join
		}
	}
	return first, nil
}

// Join is a domain join of a policy. Connection is the id of the network connection that it names; empty: none.
type Join struct {
	Hybrid     bool
	Connection string
}

func joinOf(j any) (join Join, err error) {
	m, _ := j.(map[string]any)
	kind, _ := m["domainJoinType"].(string)
	if kind == "" {
		kind, _ = m["type"].(string)
	}
	conn, _ := m["onPremisesConnectionId"].(string)
	region, _ := m["regionName"].(string)
	switch kind {
	case "hybridAzureADJoin":
		if conn == "" || region != "" {
			err = refusal.Invalid("invalidDomainJoinConfiguration", "A hybrid join needs an onPremisesConnectionId and no regionName.")
		}
		return Join{true, conn}, err
	case "azureADJoin":
		if (conn == "") == (region == "") {
			err = refusal.Invalid("invalidDomainJoinConfiguration", "An Entra join needs exactly one of onPremisesConnectionId and regionName.")
		}
		return Join{false, conn}, err
	}
	return Join{}, refusal.Invalid("invalidDomainJoinConfiguration", "The domain join type is missing or unknown.")
}

// longestName is the largest number of characters of names made by a naming template.
const longestName = 15

var nameToken = regexp.MustCompile(`(?i)%(USERNAME|RAND):(\d+)%`)

// checkTemplate refuses a naming template that makes longer names, or has other tokens than the two supported ones.
func checkTemplate(template string) error {
	if template == "" {
		return nil
	}
	length := 0
	rest := nameToken.ReplaceAllStringFunc(template, func(token string) string {
		n, _ := strconv.Atoi(nameToken.FindStringSubmatch(token)[2])
		length += min(n, longestName+1)
		return ""
	})
	switch {
	case strings.Contains(rest, "%"):
		return refusal.Invalid("invalidCloudPcNamingTemplate", "The property 'cloudPcNamingTemplate' has a token other than %USERNAME:x% and %RAND:x%.")
	case length+utf8.RuneCountInString(rest) > longestName:
		return refusal.Invalid("invalidCloudPcNamingTemplate", "The names that the property 'cloudPcNamingTemplate' makes are longer than 15 characters.")
	}
	return nil
}

// SettingDefaults returns the properties of a setting that is created without them.
func SettingDefaults() Props {
	return Props{
		"displayName": "", "localAdminEnabled": false, "resetEnabled": false,
		"restorePointSetting": map[string]any{"frequencyType": "default", "userRestoreEnabled": false},
		"crossRegionDisasterRecoverySetting": map[string]any{
			"disasterRecoveryType": "notConfigured", "maintainCrossRegionRestorePointEnabled": false,
			"userInitiatedDisasterRecoveryAllowed": false, "disasterRecoveryNetworkSetting": nil},
	}
}
